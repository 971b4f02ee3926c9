#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "common/async/clock.h"
#include "common/async/task_group.h"
#include "common/base/result.h"
#include "common/net/ip.h"
#include "common/sim/rng.h"
#include "deploy/demo/server/workshop.h"

namespace weir::server {

struct ServerOptions {
  Endpoint listen;
  std::string name = "region/server";
  std::size_t workers = 4;
  double service_ms = 40;  // mean
  double spread = 0.4;     // deviation of its logarithm
  std::size_t queue_max = 256;
  std::uint64_t seed = 1;
};

/// Serves until stopped. One executor.
class HttpServer {
 public:
  HttpServer(boost::asio::any_io_executor executor, ServerOptions options, Clock& clock);

  /// Errors: unavailable (the address cannot be listened on).
  Status listen();
  boost::asio::awaitable<void> run();
  void stop();
  /// From now on every request takes `factor` times as long.
  void slow_down(double factor) { factor_ = factor; }
  /// From now on every request is answered 500 at once, as by a service whose database is gone; the
  /// health check goes on saying that all is well.
  void fail_requests(bool fails) { fails_ = fails; }

 private:
  boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket);
  Duration drawn();

  const ServerOptions options_;
  Clock& clock_;
  Rng rng_;
  Workshop workshop_;
  double factor_ = 1;
  bool fails_ = false;
  std::size_t connections_ = 0;
  boost::asio::ip::tcp::acceptor acceptor_;
  TaskGroup tasks_;
};

}  // namespace weir::server
