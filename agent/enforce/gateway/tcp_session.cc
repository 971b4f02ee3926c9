#include "agent/enforce/gateway/tcp_session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>

#include "agent/enforce/gateway/proxy_v2.h"

namespace weir::agent {

namespace asio = boost::asio;
using End = TrafficStats::End;

namespace {

class TcpSession final : public Session {
 public:
  TcpSession(Worker& worker, std::shared_ptr<ServiceEntry> entry, ClientConnection client)
      : worker_(worker),
        entry_(std::move(entry)),
        place_(worker.enter(*this)),
        client_(std::move(client)) {}
  ~TcpSession() override { worker_.leave(place_); }
  TcpSession(const TcpSession&) = delete;
  TcpSession& operator=(const TcpSession&) = delete;

  asio::awaitable<void> run();

  void on_deadline() override {
    deadline = Time::max();
    timed_out_ = true;
    cancel(upstream_->socket);
  }
  void on_tables() override {
    if (target_ == nullptr || target_->usable) return;
    // A server that fails its checks may still end what it has begun; a lost path cannot.
    if (relaying_ && !target_->ingress) return;
    moved_ = true;
    if (relaying_) reset(client_.socket);
    cancel(upstream_->socket);
  }
  void on_drain() override {}  // its end is the client's or the server's to say
  void on_cut() override {
    cut_ = true;
    reset(client_.socket);
    if (upstream_) reset(upstream_->socket);
  }

 private:
  asio::awaitable<bool> attempt(Choice choice);
  asio::awaitable<bool> connect(Choice choice);
  asio::awaitable<bool> introduce(Choice choice);
  asio::awaitable<void> relay();

  Worker& worker_;
  const std::shared_ptr<ServiceEntry> entry_;
  std::list<Session*>::iterator place_;
  ClientConnection client_;
  std::unique_ptr<Upstream> upstream_;
  const Target* target_ = nullptr;
  End end_ = End::error;
  bool relaying_ = false;  // taken: this attempt is the last one
  bool timed_out_ = false;
  bool moved_ = false;
  bool cut_ = false;
};

asio::awaitable<void> TcpSession::run() {
  Tried tried;
  for (std::size_t n = 0; n < k_tries_max && !cut_; ++n) {
    auto choice =
        client_.ingress ? entry_->choose_server(tried, client_.last_resort) : entry_->choose(tried);
    if (!choice) break;
    if (tried.from != nullptr) worker_.stats().retried(*tried.from);
    const bool relayed = co_await attempt(*choice);
    if (relayed) co_return;
    const bool here = !choice->target->ingress && tried.stay == nullptr && end_ != End::timeout;
    tried.targets.push_back(choice->target.get());
    tried.from = choice->row;
    tried.stay = here ? choice->row : nullptr;
    if (choice->row != nullptr && !here) tried.regions.push_back(choice->row);
  }
  reset(client_.socket);  // nobody took it: an error, not an end
}

asio::awaitable<bool> TcpSession::attempt(Choice choice) {
  const Time begin = worker_.now();
  target_ = choice.target->usable ? choice.target.get() : nullptr;
  ++choice.target->in_flight;
  if (choice.row != nullptr) worker_.stats().started(*choice.row, choice.chosen);
  timed_out_ = moved_ = false;
  end_ = End::error;
  bool connected = co_await connect(choice);
  if (connected) connected = co_await introduce(choice);
  deadline = Time::max();
  if (connected && !moved_ && !cut_) {
    worker_.signal(*choice.target, EndpointSignal::Kind::ok);
    relaying_ = true;
    if (choice.row != nullptr) {
      worker_.stats().opened(*choice.row, worker_.now() - begin, entry_->plan.objective);
    }
    co_await relay();
    end_ = moved_ && !cut_ ? End::cut : End::closed;
  } else if (relaying_) {
    end_ = End::dropped;  // the gateway that asked is gone
  } else if (timed_out_) {
    end_ = End::timeout;
  }
  if (choice.row != nullptr) {
    worker_.stats().ended(*choice.row, end_, worker_.now() - begin, entry_->plan.objective);
  }
  --choice.target->in_flight;
  target_ = nullptr;
  co_return relaying_;
}

asio::awaitable<bool> TcpSession::connect(Choice choice) {
  upstream_ = std::make_unique<Upstream>(Socket(worker_.context()));
  deadline = worker_.now() + entry_->plan.connect_timeout;
  const auto [problem] = co_await upstream_->socket.async_connect(
      to_asio(choice.target->address), asio::as_tuple(asio::use_awaitable));
  if (moved_ || cut_) co_return false;
  if (problem || timed_out_) {
    const auto trouble = timed_out_ ? EndpointSignal::Kind::timeout : connect_trouble(problem);
    if (trouble) {
      worker_.signal(*choice.target, *trouble);
    } else {
      end_ = End::dropped;  // this machine is what fell short
    }
    co_return false;
  }
  set_up(upstream_->socket);
  co_return true;
}

/// Says who the client is, hears from an ingress that a server took it, and tells the gateway that
/// asked the same.
asio::awaitable<bool> TcpSession::introduce(Choice choice) {
  const bool ingress = choice.target->ingress;
  if (ingress || entry_->plan.proxy_protocol) {
    ProxyPreamble preamble{client_.source, client_.destination, {}, false};
    if (ingress) {
      preamble.service = entry_->plan.service.value();
      preamble.last_resort = choice.last_resort;
    }
    std::string bytes;
    write_proxy_v2(preamble, bytes);
    const bool written = co_await write_all(upstream_->socket, bytes);
    if (!written || timed_out_ || moved_ || cut_) co_return false;
  }
  if (ingress) {
    // Its own connection may take as long again as ours.
    deadline = worker_.now() + 2 * entry_->plan.connect_timeout;
    const Received got = co_await read_some(upstream_->socket, upstream_->buffer);
    if (!got || upstream_->buffer.view().front() != k_tcp_connected) co_return false;
    upstream_->buffer.take(1);
  }
  if (client_.ingress) {
    relaying_ = true;  // whatever happens now, the byte may be on its way: no second attempt
    co_return co_await write_all(client_.socket, std::string_view(&k_tcp_connected, 1));
  }
  co_return true;
}

asio::awaitable<void> TcpSession::relay() {
  using namespace asio::experimental::awaitable_operators;
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  co_await (pass_on(client_.socket, client_.in, upstream_->socket, up) &&
            pass_on(upstream_->socket, upstream_->buffer, client_.socket, down));
}

}  // namespace

asio::awaitable<void> run_tcp_session(Worker& worker, std::shared_ptr<ServiceEntry> entry,
                                      ClientConnection client) {
  TcpSession session(worker, std::move(entry), std::move(client));
  co_await session.run();
}

}  // namespace weir::agent
