// One attempt at a request: connection, request out, answer back. The other half of HttpSession.

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

asio::awaitable<HttpSession::Outcome> HttpSession::attempt(Choice choice) {
  const Time begin = worker_.now();
  target_ = choice.target->usable ? choice.target.get() : nullptr;
  ++choice.target->in_flight;
  if (choice.row != nullptr) worker_.stats().started(*choice.row);
  Outcome outcome = co_await exchange(choice);
  if (choice.row != nullptr) {
    worker_.stats().ended(*choice.row, outcome.end, worker_.now() - begin, entry_->plan.objective);
  }
  --choice.target->in_flight;
  target_ = nullptr;
  upstream_.reset();
  if (abort_ != Abort::cut) abort_ = Abort::none;
  co_return outcome;
}

asio::awaitable<HttpSession::Outcome> HttpSession::exchange(Choice choice) {
  const bool may_reuse = !entry_->plan.proxy_protocol && !choice.last_resort;
  may_keep_ = may_reuse;
  upstream_ = may_reuse ? choice.target->take_idle() : nullptr;
  if (upstream_) {
    preamble_.clear();
    Outcome outcome = co_await send(choice);
    if (!outcome.stale) co_return outcome;
  }
  const auto failed = co_await connect(choice);
  if (failed) co_return *failed;
  co_return co_await send(choice);
}

asio::awaitable<std::optional<HttpSession::Outcome>> HttpSession::connect(Choice choice) {
  Target& target = *choice.target;
  sent_ = answer_seen_ = answering_ = false;
  upstream_ = std::make_unique<Upstream>(Socket(worker_.context()));
  deadline = std::min(give_up_at_, worker_.now() + entry_->plan.connect_timeout);
  const auto [problem] = co_await upstream_->socket.async_connect(
      to_asio(target.address), asio::as_tuple(asio::use_awaitable));
  deadline = give_up_at_;
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
    worker_.signal(target, EndpointSignal::Kind::refused);
    co_return outcome;
  }
  boost::system::error_code ignored;
  upstream_->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
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
  answer_seen_ = answering_ = pump_ends_ = false;
  if (deadline != give_up_at_) deadline = give_up_at_;
  const bool written = co_await write_all(upstream_->socket, preamble_, request_bytes_);
  // A server may answer and close before it has read everything: the answer still counts.
  if (!written && abort_ != Abort::none) co_return broken(*choice.target);
  if (body_.done()) co_return co_await relay(choice.target);
  co_return co_await (relay(choice.target) && pump());
}

asio::awaitable<void> HttpSession::pump() {
  while (!body_.done() && !pump_ends_) {
    if (abort_ != Abort::none) co_return;
    if (client_.in.empty()) {
      const std::size_t count = co_await read_some(client_.socket, client_.in);
      if (pump_ends_) co_return;
      if (count == 0 || abort_ != Abort::none) {
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
  const bool may = replayable() && (!processed || idempotent_) && !answering_;
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
  if (upstream_->reused && !answer_seen_ && replayable() && idempotent_) {
    Outcome outcome{Outcome::Kind::retry, 502, "connection-lost"};
    outcome.stale = true;
    return outcome;
  }
  worker_.signal(target, EndpointSignal::Kind::reset);
  if (answer_seen_) return {Outcome::Kind::failed, 502, "answer-cut"};
  return retry_or_fail(true, {Outcome::Kind::retry, 502, "connection-lost"});
}

asio::awaitable<HttpSession::Outcome> HttpSession::relay(std::shared_ptr<Target> target) {
  std::optional<Outcome> failed = co_await read_answer(*target);
  Outcome outcome;
  if (failed) {
    outcome = *failed;
  } else if (response_.status == 101) {
    co_return co_await tunnel();
  } else if (target->ingress && response_.find(k_refused_header)) {
    outcome = co_await take_refusal(target);
  } else {
    outcome = co_await relay_body(target);
  }
  if (!body_.done()) {
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
  scanner_.reset();
  while (true) {
    const HeadProgress progress = scanner_.scan(in.view());
    if (progress == HeadProgress::bad) co_return garbage("bad-answer");
    if (progress == HeadProgress::incomplete) {
      // Given up between two waits: no later wait would hear of it.
      if (abort_ != Abort::none) co_return broken(target);
      if (in.size() == in.capacity()) in.grow(k_head_max);
      const std::size_t count = co_await read_some(upstream_->socket, in);
      if (count == 0 || abort_ != Abort::none || client_gone_ || bad_body_ != nullptr) {
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
    answering_ = true;
    const bool written = co_await write_all(client_.socket, out_);
    if (!written) co_return Outcome{Outcome::Kind::client_gone, 0, "", End::dropped};
  }
}

bool HttpSession::may_keep_upstream() const {
  return response_.keep_alive && body_.done() && abort_ == Abort::none && may_keep_ &&
         !worker_.draining() && upstream_->buffer.empty();
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
    const std::size_t count = co_await read_some(upstream_->socket, in);
    if (count == 0 && abort_ == Abort::none && !client_gone_ && body.end_of_stream()) break;
    if (count == 0 || abort_ != Abort::none || client_gone_) co_return broken(*target);
  }
  worker_.signal(*target, EndpointSignal::Kind::ok);
  if (may_keep_upstream()) {
    target->keep(std::move(upstream_), worker_.now(), worker_.options().idle_per_target_max);
  }
  co_return outcome;
}

/// An ingress answered for itself. Its short body is read so that the connection stays useful.
asio::awaitable<HttpSession::Outcome> HttpSession::take_refusal(std::shared_ptr<Target> target) {
  Buffer& in = upstream_->buffer;
  const Refusal refusal = find_refusal(response_.find(k_refused_header).value_or(""));
  Outcome outcome{Outcome::Kind::retry, response_.status, refusal.reason};
  if (response_.status == 504) outcome.end = End::timeout;
  BodyMachine body(response_.framing);
  in.take(response_.size);
  while (response_.framing.kind == BodyFraming::Kind::length && !is_head_) {
    const BodyMachine::Step step = body.consume(in.view());
    in.take(step.used);
    if (body.done() || step.bad != nullptr || abort_ != Abort::none) break;
    const std::size_t count = co_await read_some(upstream_->socket, in);
    if (count == 0 || abort_ != Abort::none) break;
  }
  if (body.done() && may_keep_upstream()) {
    target->keep(std::move(upstream_), worker_.now(), worker_.options().idle_per_target_max);
  }
  if (refusal.progress == Progress::answered) outcome.kind = Outcome::Kind::failed;
  if (outcome.kind == Outcome::Kind::failed) co_return outcome;
  co_return retry_or_fail(refusal.progress != Progress::untouched, outcome);
}

asio::awaitable<HttpSession::Outcome> HttpSession::tunnel() {
  using namespace asio::experimental::awaitable_operators;
  out_.clear();
  ResponseRewrite rewrite;
  rewrite.upgrade = true;
  write_response(response_, rewrite, out_);
  upstream_->buffer.take(response_.size);
  answering_ = true;
  deadline = Time::max();
  const bool written = co_await write_all(client_.socket, out_);
  if (!written) co_return Outcome{Outcome::Kind::client_gone, 0, "", End::dropped};
  std::uint64_t moved = 0;
  co_await (pass_on(client_.socket, client_.in, upstream_->socket, moved) &&
            pass_on(upstream_->socket, upstream_->buffer, client_.socket, moved));
  co_return Outcome{Outcome::Kind::answered, 101, "", End::ok};
}

}  // namespace weir::agent
