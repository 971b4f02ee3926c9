#include "controller/app/session_server.h"

#include <utility>

namespace weir::controller {

namespace asio = boost::asio;

SessionServer::SessionServer(asio::any_io_executor executor, const RpcRouter& router,
                             Options options, Clock& clock)
    : executor_(std::move(executor)),
      router_(router),
      options_(std::move(options)),
      clock_(clock),
      tasks_(executor_) {}

Status SessionServer::start() {
  WEIR_TRY(serve());
  tasks_.spawn("session certificate", renew());
  return {};
}

Status SessionServer::serve() {
  WEIR_ASSIGN(identity, options_.make_identity());
  auto server = std::make_unique<RpcServer>(executor_, router_);
  server->listen_tls(options_.listen, identity, options_.device);
  WEIR_TRY(server->start());
  server_ = std::move(server);
  return {};
}

asio::awaitable<void> SessionServer::renew() {
  while (co_await clock_.sleep_for(options_.renew_every)) {
    co_await server_->stop();
    if (tasks_.stopping()) co_return;
    const Status served = serve();
    if (!served) co_return options_.failed(served.error().message());
    options_.renewed();
  }
}

asio::awaitable<void> SessionServer::stop() {
  tasks_.stop();
  co_await tasks_.join();
  if (server_) co_await server_->stop();
}

}  // namespace weir::controller
