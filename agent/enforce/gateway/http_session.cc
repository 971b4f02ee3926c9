#include "agent/enforce/gateway/http_session.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "agent/enforce/gateway/http1_rewrite.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

/// Requests with a body up to this size are kept until answered, to be sent again. One that awaits
/// an invitation is not, unless its method may be repeated: the server shall decide.
constexpr std::uint64_t k_replay_max = 64 * 1024;
constexpr auto k_linger_time = std::chrono::seconds(1);

}  // namespace

asio::awaitable<void> run_http_session(Worker& worker, std::shared_ptr<ServiceEntry> entry,
                                       ClientConnection client) {
  HttpSession session(worker, std::move(entry), std::move(client));
  co_await session.run();
}

HttpSession::HttpSession(Worker& worker, std::shared_ptr<ServiceEntry> entry,
                         ClientConnection client)
    : worker_(worker),
      entry_(std::move(entry)),
      place_(worker.enter(*this)),
      client_(std::move(client)),
      self_(std::make_shared<HttpSession*>(this)) {}

HttpSession::~HttpSession() {
  *self_ = nullptr;
  worker_.leave(place_);
}

void HttpSession::on_deadline() {
  deadline = Time::max();
  if (abort_ == Abort::none) abort_ = Abort::deadline;
  cancel(client_.socket);
  if (upstream_) cancel(upstream_->socket);
}

void HttpSession::on_tables() {
  std::erase_if(bound_, [](const Bound& bound) { return !bound.target->usable; });
  if (target_ == nullptr || target_->usable || abort_ != Abort::none) return;
  if (tunnelling_) {
    // A server that fails its checks may still end what it has begun; a lost path cannot.
    if (!target_->ingress) return;
    abort_ = Abort::moved;
    reset(client_.socket);
    reset(upstream_->socket);
    return;
  }
  if (answer_seen_) return;
  if (sent_ && !(idempotent_ && replayable())) return;  // it may still be answered
  if (sent_ && replayed_ && !target_->ingress) return;  // as well, and there is no other chance
  abort_ = Abort::moved;
  if (upstream_) cancel(upstream_->socket);
}

void HttpSession::on_drain() {
  client_keeps_ = false;
  if (idle_) on_cut();
}

void HttpSession::on_cut() {
  abort_ = Abort::cut;
  cancel(client_.socket);
  if (upstream_) cancel(upstream_->socket);
}

asio::awaitable<void> HttpSession::run() {
  while (co_await read_request()) {
    const bool prepared = co_await prepare();
    if (!prepared) break;
    const bool keep = co_await serve();
    if (!keep) break;
  }
  if (linger_ && client_.socket.is_open() && abort_ != Abort::cut) {
    deadline = worker_.now() + k_linger_time;
    co_await linger(client_.socket);
  }
  close(client_.socket);
}

/// A client that resets its connection while its server works waits for nothing any more. One that
/// has only closed its own side does.
void HttpSession::watch_client() {
  if (std::exchange(watching_, true)) return;
  client_.socket.async_wait(Socket::wait_error, [self = self_](const boost::system::error_code&) {
    if (*self != nullptr) (*self)->on_client_event();
  });
}

void HttpSession::on_client_event() {
  watching_ = false;
  if (!hung_up(client_.socket)) return;  // cancelled with another wait, or urgent data
  client_gone_ = true;
  if (upstream_ && !tunnelling_) cancel(upstream_->socket);
}

asio::awaitable<bool> HttpSession::read_request() {
  scanner_.reset(client_.ingress ? k_head_limits_inside : k_head_limits);
  abort_ = abort_ == Abort::cut ? Abort::cut : Abort::none;
  idle_ = client_.in.empty();
  deadline =
      worker_.now() + (idle_ ? worker_.options().idle_client : worker_.options().head_timeout);
  if (idle_ && worker_.draining()) co_return false;
  while (true) {
    const HeadProgress progress = scanner_.scan(client_.in.view());
    if (progress == HeadProgress::complete) break;
    if (progress == HeadProgress::bad) co_return co_await refuse(scanner_.problem());
    if (client_.in.size() == client_.in.capacity()) client_.in.grow(scanner_.limits().head);
    const Received got = co_await read_some(client_.socket, client_.in);
    if (abort_ == Abort::deadline && !client_.in.empty()) {
      co_return co_await refuse({408, "head-timeout"});
    }
    if (!got || abort_ != Abort::none) co_return false;
    if (std::exchange(idle_, false)) deadline = worker_.now() + worker_.options().head_timeout;
  }
  idle_ = false;
  const auto problem = parse_request(client_.in.view().substr(0, scanner_.size()), request_);
  if (problem) co_return co_await refuse(*problem);
  if (request_.method == "CONNECT") co_return co_await refuse({405, "connect"});
  co_return true;
}

/// Always false: nothing that follows on this connection can be trusted.
asio::awaitable<bool> HttpSession::refuse(HeadProblem problem) {
  worker_.stats().bad_request();
  client_keeps_ = is_head_ = false;
  touch();
  co_await answer_error(problem.status, problem.reason);
  co_return false;
}

asio::awaitable<bool> HttpSession::prepare() {
  is_head_ = request_.method == "HEAD";
  idempotent_ = is_idempotent(request_.method);
  http_1_0_ = request_.minor == 0;
  client_keeps_ = request_.keep_alive && !http_1_0_ && !worker_.draining() && !entry_->retired;
  const BodyFraming framing = request_.framing;
  upgrade_ = !request_.upgrade.empty() && framing.kind == BodyFraming::Kind::none;
  const bool buffered = framing.kind == BodyFraming::Kind::length &&
                        framing.length <= k_replay_max &&
                        (idempotent_ || !request_.expect_continue);
  const bool invite = buffered && request_.expect_continue;
  RequestRewrite rewrite;
  const std::string from = client_.ingress ? std::string() : client_.source.address.to_string();
  rewrite.client = from;
  rewrite.drop_expect = invite;
  rewrite.upgrade = upgrade_;
  request_bytes_.clear();
  write_request(request_, rewrite, request_bytes_);
  client_.in.take(request_.size);  // from here on the views in `request_` are not to be used
  body_ = BodyMachine(framing);
  body_begun_ = replayed_ = interim_sent_ = answering_ = tunnelling_ = false;
  bad_body_ = nullptr;
  touch();
  give_up_at_ = deadline;
  if (!buffered) co_return true;
  if (invite && client_.in.empty()) {
    const bool invited = co_await write_all(client_.socket, "HTTP/1.1 100 Continue\r\n\r\n");
    if (!invited) co_return false;
  }
  co_return co_await buffer_body();
}

asio::awaitable<bool> HttpSession::buffer_body() {
  while (!body_.done()) {
    if (abort_ != Abort::none) co_return false;
    if (client_.in.empty()) {
      const Received got = co_await read_some(client_.socket, client_.in);
      if (abort_ == Abort::deadline) co_return co_await refuse({408, "body-timeout"});
      if (!got || abort_ != Abort::none) co_return false;
      touch();
    }
    const BodyMachine::Step step = body_.consume(client_.in.view());
    request_bytes_.append(client_.in.view().substr(0, step.used));
    client_.in.take(step.used);
  }
  give_up_at_ = deadline;
  co_return true;
}

asio::awaitable<bool> HttpSession::serve() {
  Tried tried;
  tried_regions_.clear();
  entry_->retries.request(worker_.now());
  watch_client();
  Outcome last{Outcome::Kind::failed, 503, client_.ingress ? "no-endpoint" : "no-destination"};
  for (std::size_t n = 0; n < k_tries_max; ++n) {
    if (client_gone_) co_return false;
    auto choice =
        client_.ingress ? entry_->choose_server(tried, client_.last_resort) : entry_->choose(tried);
    if (!choice) break;
    if (!tried.targets.empty() && tried.from != nullptr) worker_.stats().retried(*tried.from);
    last = co_await attempt(*choice);
    if (last.kind == Outcome::Kind::answered) co_return last.keep;
    if (last.kind == Outcome::Kind::client_gone) co_return false;
    if (last.kind == Outcome::Kind::failed || abort_ == Abort::cut) break;
    if (last.replay && !take_replay()) break;
    note_failure(*choice, last, tried);
  }
  if (answering_) {
    reset(client_.socket);  // a plain close could pass for the answer's end
    co_return false;
  }
  if (abort_ == Abort::cut) co_return false;
  co_return co_await answer_error(last.status, last.reason);
}

/// Whether a request that a server may have begun with is sent once more. An ingress says that the
/// connection was lost and leaves that to the gateway, which alone sees every attempt.
bool HttpSession::take_replay() {
  if (client_.ingress || replayed_ || !entry_->retries.take(worker_.now())) return false;
  replayed_ = true;
  return true;
}

/// A server here that could not be reached leaves the other servers here to try; everything else
/// speaks against the region. Above all where a server may have begun with the request: what
/// silenced it may have silenced its neighbours, and there is one replay only.
void HttpSession::note_failure(const Choice& choice, const Outcome& outcome, Tried& tried) {
  const bool here =
      !choice.target->ingress && tried.stay == nullptr && outcome.status != 504 && !outcome.replay;
  tried.targets.push_back(choice.target.get());
  tried.from = choice.row;
  tried.stay = here ? choice.row : nullptr;
  if (choice.row == nullptr) return;
  if (!here) tried.regions.push_back(choice.row);
  if (!tried_regions_.empty()) tried_regions_ += ", ";
  tried_regions_ += choice.row->region.value();
}

asio::awaitable<bool> HttpSession::answer_error(int status, const char* reason) {
  const bool close = !client_keeps_ || !body_.done() || worker_.draining();
  out_.clear();
  write_error(status, reason, close, client_.ingress, out_);
  if (is_head_) out_.resize(out_.find("\r\n\r\n") + 4);
  abort_ = abort_ == Abort::cut ? Abort::cut : Abort::none;
  touch();
  const bool written = co_await write_all(client_.socket, out_);
  linger_ = close;
  co_return written && !close && abort_ == Abort::none;
}

}  // namespace weir::agent
