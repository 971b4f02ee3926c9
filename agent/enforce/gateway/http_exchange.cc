// One attempt at a request: connection, request out, answer back. The other half of HttpSession.

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "agent/enforce/gateway/http1_rewrite.h"
#include "agent/enforce/gateway/http_session.h"
#include "agent/enforce/gateway/proxy_v2.h"

namespace weir::agent {

namespace asio = boost::asio;
using End = TrafficStats::End;

namespace {

/// Connections that stay with one client, each to another target.
constexpr std::size_t k_bound_max = 4;

}  // namespace

asio::awaitable<HttpSession::Outcome> HttpSession::attempt(Choice choice) {
  begin_ = worker_.now();
  target_ = choice.target->usable ? choice.target.get() : nullptr;
  ++choice.target->in_flight;
  if (choice.row != nullptr) worker_.stats().started(*choice.row, choice.chosen);
  Outcome outcome = co_await exchange(choice);
  if (choice.row != nullptr) {
    worker_.stats().ended(*choice.row, outcome.end, worker_.now() - begin_, entry_->plan.objective);
  }
  --choice.target->in_flight;
  target_ = nullptr;
  // Who works for a client that is gone hears of it, up to the server.
  if (client_gone_ && upstream_) reset(upstream_->socket);
  upstream_.reset();
  if (abort_ != Abort::cut) abort_ = Abort::none;
  co_return outcome;
}

asio::awaitable<HttpSession::Outcome> HttpSession::exchange(Choice choice) {
  keep_ = entry_->plan.proxy_protocol ? Keep::with_client : Keep::pool;
  if (choice.last_resort) keep_ = Keep::nowhere;
  upstream_ = take_kept(*choice.target);
  if (upstream_) {
    preamble_.clear();
    Outcome outcome = co_await send(choice);
    if (!outcome.stale || !take_replay()) co_return outcome;
  }
  const auto failed = co_await connect(choice);
  if (failed) co_return *failed;
  co_return co_await send(choice);
}

std::unique_ptr<Upstream> HttpSession::take_kept(Target& target) {
  if (keep_ == Keep::pool) return target.take_idle();
  if (keep_ == Keep::nowhere) return nullptr;
  const auto found = std::ranges::find_if(
      bound_, [&target](const Bound& bound) { return bound.target.get() == &target; });
  if (found == bound_.end()) return nullptr;
  std::unique_ptr<Upstream> upstream = std::move(found->upstream);
  bound_.erase(found);
  if (!upstream->open_and_silent()) return nullptr;
  upstream->reused = true;
  return upstream;
}

void HttpSession::keep_upstream(std::shared_ptr<Target> target) {
  if (!may_keep_upstream() || !target->usable) return;
  if (keep_ == Keep::pool) {
    target->keep(std::move(upstream_), worker_.now(), worker_.options().idle_per_target_max);
    return;
  }
  if (bound_.size() == k_bound_max) bound_.erase(bound_.begin());
  upstream_->buffer.clear();
  bound_.push_back({std::move(target), std::move(upstream_)});
}

asio::awaitable<std::optional<HttpSession::Outcome>> HttpSession::connect(Choice choice) {
  Target& target = *choice.target;
  sent_ = answer_seen_ = answering_ = false;
  upstream_ = std::make_unique<Upstream>(Socket(worker_.context()));
  deadline = std::min(give_up_at_, worker_.now() + entry_->plan.connect_timeout);
  const auto [problem] = co_await upstream_->socket.async_connect(
      to_asio(target.address), asio::as_tuple(asio::use_awaitable));
  deadline = give_up_at_;
  if (client_gone_) co_return Outcome{Outcome::Kind::client_gone, 0, "", End::dropped};
  Outcome outcome{Outcome::Kind::retry, 502, "connect-failed"};
  if (abort_ == Abort::deadline) {
    worker_.signal(target, EndpointSignal::Kind::timeout);
    outcome = {Outcome::Kind::retry, 504, "connect-timeout", End::timeout};
    if (worker_.now() >= give_up_at_) outcome.kind = Outcome::Kind::failed;
    abort_ = Abort::none;
    co_return outcome;
  }
  if (abort_ != Abort::none) {
    outcome.reason = abort_ == Abort::moved ? "destination-down" : "stopping";
    co_return outcome;
  }
  if (problem) {
    if (problem == asio::error::connection_refused) outcome.reason = "connect-refused";
    if (const auto trouble = connect_trouble(problem)) {
      worker_.signal(target, *trouble);
    } else {
      outcome.end = End::dropped;
    }
    co_return outcome;
  }
  set_up(upstream_->socket);
  preamble_.clear();
  if (target.ingress || entry_->plan.proxy_protocol) {
    ProxyPreamble preamble{client_.source, client_.destination, {}, false};
    if (target.ingress) {
      preamble.service = entry_->plan.service.value();
      preamble.last_resort = choice.last_resort;
    }
    write_proxy_v2(preamble, preamble_);
  }
  co_return std::nullopt;
}

asio::awaitable<HttpSession::Outcome> HttpSession::send(Choice choice) {
  using namespace asio::experimental::awaitable_operators;
  sent_ = true;
  answer_seen_ = answering_ = pump_ends_ = request_sent_ = false;
  if (deadline != give_up_at_) deadline = give_up_at_;
  const bool written = co_await write_all(upstream_->socket, preamble_, request_bytes_);
  // A server may answer and close before it has read everything: the answer still counts.
  if (!written && abort_ != Abort::none) co_return broken(*choice.target);
  request_sent_ = written && body_.done();
  if (body_.done()) co_return co_await relay(choice.target, choice.row);
  co_return co_await (relay(choice.target, choice.row) && pump());
}

asio::awaitable<void> HttpSession::pump() {
  while (!body_.done() && !pump_ends_) {
    if (abort_ != Abort::none) co_return;
    if (client_.in.empty()) {
      const Received got = co_await read_some(client_.socket, client_.in);
      if (pump_ends_) co_return;
      if (!got || abort_ != Abort::none) {
        client_gone_ = true;
        cancel(upstream_->socket);
        co_return;
      }
    }
    const std::string_view bytes = client_.in.view();
    const BodyMachine::Step step = body_.consume(bytes);
    if (step.used > 0) {
      body_begun_ = true;
      const bool written = co_await write_all(upstream_->socket, bytes.substr(0, step.used));
      client_.in.take(step.used);
      if (!written) co_return;  // the answer, if any, says why
      request_sent_ = body_.done();
      touch();
    }
    if (step.bad != nullptr) {
      bad_body_ = step.bad;
      cancel(upstream_->socket);
      co_return;
    }
  }
}

HttpSession::Outcome HttpSession::retry_or_fail(bool processed, Outcome outcome) const {
  const bool may = replayable() && (!processed || idempotent_) && !interim_sent_ && !answering_;
  outcome.replay = processed;
  outcome.kind = may ? Outcome::Kind::retry : Outcome::Kind::failed;
  return outcome;
}

/// The connection ended, or was given up, before the answer's end.
HttpSession::Outcome HttpSession::broken(Target& target) {
  if (bad_body_ != nullptr) {
    client_keeps_ = false;
    return {Outcome::Kind::failed, 400, bad_body_, End::dropped};
  }
  if (client_gone_) return {Outcome::Kind::client_gone, 0, "", End::dropped};
  if (abort_ == Abort::deadline) {
    worker_.signal(target, EndpointSignal::Kind::timeout);
    return {Outcome::Kind::failed, 504, "timeout", End::timeout};
  }
  if (abort_ == Abort::moved) {
    return retry_or_fail(true, {Outcome::Kind::retry, 503, "destination-down"});
  }
  if (abort_ == Abort::cut) return {Outcome::Kind::failed, 503, "stopping", End::dropped};
  if (upstream_->reused && !answer_seen_) {
    target.idle.clear();  // what was kept beside it led to the same end
    if (replayable() && idempotent_) {
      Outcome outcome{Outcome::Kind::retry, 502, "connection-lost"};
      outcome.stale = outcome.replay = true;
      return outcome;
    }
  }
  worker_.signal(target, EndpointSignal::Kind::reset);
  if (answer_seen_) return {Outcome::Kind::failed, 502, "answer-cut"};
  return retry_or_fail(true, {Outcome::Kind::retry, 502, "connection-lost"});
}

asio::awaitable<HttpSession::Outcome> HttpSession::relay(std::shared_ptr<Target> target,
                                                         TrafficStats::Row* row) {
  std::optional<Outcome> failed = co_await read_answer(*target);
  Outcome outcome;
  if (failed) {
    outcome = *failed;
  } else if (response_.status == 101) {
    co_return co_await tunnel(row);
  } else if (target->ingress && response_.find(k_refused_header)) {
    outcome = co_await take_refusal(target);
  } else {
    outcome = co_await relay_body(target);
  }
  if (!request_sent_) {
    pump_ends_ = true;
    cancel(client_.socket);
    if (upstream_) cancel(upstream_->socket);
  }
  co_return outcome;
}

/// Reads up to the final answer's head; passes interim ones on. Nothing when it is there.
asio::awaitable<std::optional<HttpSession::Outcome>> HttpSession::read_answer(Target& target) {
  Buffer& in = upstream_->buffer;
  const auto garbage = [this, &target](const char* reason) {
    worker_.signal(target, EndpointSignal::Kind::garbage);
    return Outcome{Outcome::Kind::failed, 502, reason};
  };
  scanner_.reset(target.ingress ? k_head_limits_inside : k_head_limits);
  while (true) {
    const HeadProgress progress = scanner_.scan(in.view());
    if (progress == HeadProgress::bad) co_return garbage("bad-answer");
    if (progress == HeadProgress::incomplete) {
      // Given up between two waits: no later wait would hear of it.
      if (abort_ != Abort::none || client_gone_ || bad_body_ != nullptr) co_return broken(target);
      if (in.size() == in.capacity()) in.grow(scanner_.limits().head);
      const Received got = co_await read_some(upstream_->socket, in);
      if (!got || abort_ != Abort::none || client_gone_ || bad_body_ != nullptr) {
        co_return broken(target);
      }
      answer_seen_ = true;
      continue;
    }
    const std::string_view head = in.view().substr(0, scanner_.size());
    if (parse_response(head, is_head_ ? "HEAD" : "GET", response_)) co_return garbage("bad-answer");
    if (response_.status == 101 && !upgrade_) co_return garbage("switch-unasked");
    if (http_1_0_ && response_.framing.kind == BodyFraming::Kind::chunked) {
      co_return garbage("chunked-for-1.0");
    }
    if (response_.status >= 200 || response_.status == 101) co_return std::nullopt;
    out_.clear();
    write_response(response_, {}, out_);
    in.take(response_.size);
    scanner_.reset();
    if (http_1_0_) continue;
    interim_sent_ = true;
    const bool written = co_await write_all(client_.socket, out_);
    if (!written) co_return Outcome{Outcome::Kind::client_gone, 0, "", End::dropped};
  }
}

bool HttpSession::may_keep_upstream() const {
  return response_.keep_alive && request_sent_ && abort_ == Abort::none && keep_ != Keep::nowhere &&
         !client_gone_ && !worker_.draining() && upstream_->buffer.empty();
}

asio::awaitable<HttpSession::Outcome> HttpSession::relay_body(std::shared_ptr<Target> target) {
  Buffer& in = upstream_->buffer;
  BodyMachine body(response_.framing);
  Outcome outcome{Outcome::Kind::answered, response_.status, "", End::ok};
  if (response_.status >= 500) outcome.end = End::error;
  outcome.keep = client_keeps_ && response_.framing.kind != BodyFraming::Kind::until_close &&
                 body_.done() && !worker_.draining();
  linger_ = !body_.done() || !client_.in.empty();
  ResponseRewrite rewrite;
  rewrite.close = !outcome.keep;
  rewrite.from_weir = target->ingress;
  rewrite.tried = tried_regions_;
  out_.clear();
  write_response(response_, rewrite, out_);
  in.take(response_.size);
  answering_ = true;
  std::string_view head = out_;
  while (true) {
    const std::string_view bytes = in.view();
    const BodyMachine::Step step = body.consume(bytes);
    const bool written = co_await write_all(client_.socket, head, bytes.substr(0, step.used));
    head = {};
    in.take(step.used);
    if (!written) co_return Outcome{Outcome::Kind::client_gone, 0, "", End::dropped};
    if (step.bad != nullptr) {
      worker_.signal(*target, EndpointSignal::Kind::garbage);
      co_return Outcome{Outcome::Kind::failed, 502, "bad-answer"};
    }
    if (body.done()) break;
    if (abort_ != Abort::none) co_return broken(*target);
    touch();
    const Received got = co_await read_some(upstream_->socket, in);
    if (got.end && abort_ == Abort::none && !client_gone_ && body.end_of_stream()) break;
    if (!got || abort_ != Abort::none || client_gone_) co_return broken(*target);
  }
  worker_.signal(*target, EndpointSignal::Kind::ok);
  keep_upstream(target);
  co_return outcome;
}

/// An ingress answered for itself. Its short body is read so that the connection stays useful.
asio::awaitable<HttpSession::Outcome> HttpSession::take_refusal(std::shared_ptr<Target> target) {
  Buffer& in = upstream_->buffer;
  const Refusal refusal =
      find_refusal(response_.status, response_.find(k_refused_header).value_or(""));
  Outcome outcome{Outcome::Kind::retry, response_.status, refusal.reason};
  if (response_.status == 504) outcome.end = End::timeout;
  if (refusal.progress == Progress::refused) outcome.end = End::dropped;
  BodyMachine body(response_.framing);
  in.take(response_.size);
  while (response_.framing.kind == BodyFraming::Kind::length && !is_head_) {
    const BodyMachine::Step step = body.consume(in.view());
    in.take(step.used);
    if (body.done() || step.bad != nullptr || abort_ != Abort::none) break;
    const Received got = co_await read_some(upstream_->socket, in);
    if (!got || abort_ != Abort::none) break;
  }
  if (body.done()) keep_upstream(target);
  if (client_gone_) co_return Outcome{Outcome::Kind::client_gone, 0, "", End::dropped};
  if (refusal.progress == Progress::answered || refusal.progress == Progress::refused) {
    outcome.kind = Outcome::Kind::failed;
  }
  if (outcome.kind == Outcome::Kind::failed) co_return outcome;
  co_return retry_or_fail(refusal.progress != Progress::untouched, outcome);
}

asio::awaitable<HttpSession::Outcome> HttpSession::tunnel(TrafficStats::Row* row) {
  using namespace asio::experimental::awaitable_operators;
  out_.clear();
  ResponseRewrite rewrite;
  rewrite.upgrade = true;
  write_response(response_, rewrite, out_);
  upstream_->buffer.take(response_.size);
  answering_ = tunnelling_ = true;
  deadline = Time::max();
  if (row != nullptr) {
    worker_.stats().opened(*row, worker_.now() - begin_, entry_->plan.objective);
  }
  const bool written = co_await write_all(client_.socket, out_);
  if (!written) co_return Outcome{Outcome::Kind::client_gone, 0, "", End::closed};
  std::uint64_t moved = 0;
  co_await (pass_on(client_.socket, client_.in, upstream_->socket, moved) &&
            pass_on(upstream_->socket, upstream_->buffer, client_.socket, moved));
  const bool lost = abort_ == Abort::moved;
  co_return Outcome{Outcome::Kind::answered, 101, "", lost ? End::cut : End::closed};
}

}  // namespace weir::agent
