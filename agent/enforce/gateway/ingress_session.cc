#include "agent/enforce/gateway/ingress_session.h"

#include <string>
#include <utility>

#include "agent/enforce/gateway/http1_rewrite.h"
#include "agent/enforce/gateway/http_session.h"
#include "agent/enforce/gateway/proxy_v2.h"
#include "agent/enforce/gateway/tcp_session.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

/// The part of the connection before anybody knows what it is for.
class PreambleReader final : public Session {
 public:
  PreambleReader(Worker& worker, Socket socket)
      : worker_(worker), client(std::move(socket)), place_(worker.enter(*this)) {
    deadline = worker.now() + worker.options().head_timeout;
  }
  ~PreambleReader() override { worker_.leave(place_); }
  PreambleReader(const PreambleReader&) = delete;
  PreambleReader& operator=(const PreambleReader&) = delete;

  /// Nothing when the peer went away, was too slow or sent something else.
  asio::awaitable<std::optional<ProxyPreamble>> read() {
    while (true) {
      const auto parsed = parse_proxy_v2(as_bytes(client.in.view()));
      if (!parsed) {
        worker_.stats().bad_request();
        co_return std::nullopt;
      }
      if (*parsed) {
        client.in.take((*parsed)->size);
        co_return (*parsed)->preamble;
      }
      const Received got = co_await read_some(client.socket, client.in);
      if (!got || cancelled_) co_return std::nullopt;
    }
  }

  void on_deadline() override { on_cut(); }
  void on_tables() override {}
  void on_drain() override { on_cut(); }
  void on_cut() override {
    cancelled_ = true;
    deadline = Time::max();
    cancel(client.socket);
  }

 private:
  Worker& worker_;

 public:
  ClientConnection client;

 private:
  std::list<Session*>::iterator place_;
  bool cancelled_ = false;
};

}  // namespace

asio::awaitable<void> run_ingress_session(Worker& worker, Socket socket) {
  auto reader = std::make_unique<PreambleReader>(worker, std::move(socket));
  const auto preamble = co_await reader->read();
  if (!preamble) co_return;
  ClientConnection client(std::move(reader->client));
  reader.reset();
  client.source = preamble->source;
  client.destination = preamble->destination;
  client.ingress = true;
  client.last_resort = preamble->last_resort;
  auto entry = worker.service(ServiceName(preamble->service));
  if (!entry) {
    std::string answer;
    write_error(503, "unknown-service", true, true, answer);
    co_await write_all(client.socket, answer);
    co_return;
  }
  if (entry->plan.protocol == Protocol::http) {
    co_await run_http_session(worker, std::move(entry), std::move(client));
  } else {
    co_await run_tcp_session(worker, std::move(entry), std::move(client));
  }
}

}  // namespace weir::agent
