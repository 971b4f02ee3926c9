#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>

#include "deploy/demo/server/http_server.h"

namespace weir::server {
namespace {

namespace asio = boost::asio;

constexpr double k_slow = 3;

asio::awaitable<void> obey_signals(HttpServer& server) {
  asio::signal_set signals(co_await asio::this_coro::executor, SIGINT, SIGTERM, SIGUSR1);
  signals.add(SIGUSR2);
  signals.add(SIGHUP);
  for (;;) {
    const auto [problem, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    if (problem) co_return;
    if (number == SIGUSR1) server.slow_down(k_slow);
    if (number == SIGHUP) server.fail_requests(true);
    if (number == SIGUSR2) {
      server.slow_down(1);
      server.fail_requests(false);
    }
    if (number == SIGINT || number == SIGTERM) break;
  }
  server.stop();
}

Status run(const std::string& listen, ServerOptions options) {
  WEIR_ASSIGN(endpoint, Endpoint::parse(listen));
  options.listen = endpoint;
  asio::io_context context(1);
  SystemClock clock;
  HttpServer server(context.get_executor(), std::move(options), clock);
  WEIR_TRY(server.listen());
  TaskGroup tasks(context.get_executor());
  tasks.spawn("server", server.run());
  tasks.spawn("signals", obey_signals(server));
  context.run();
  return {};
}

int main_of(int argc, char** argv) {
  CLI::App app(
      "HTTP/1.1 server whose requests take time; SIGUSR1: three times as long, SIGHUP: all but "
      "health checks fail, SIGUSR2: as before");
  std::string listen;
  ServerOptions options;
  app.add_option("--listen", listen, "IP:PORT")->required();
  app.add_option("--name", options.name, "REGION/SERVER, sent back as X-Served-By")
      ->capture_default_str();
  app.add_option("--workers", options.workers, "requests it works on at a time")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--service-ms", options.service_ms, "mean time a request takes a worker")
      ->check(CLI::Range(0.001, 60000.0))
      ->capture_default_str();
  app.add_option("--spread", options.spread, "deviation of the time's logarithm")
      ->check(CLI::Range(0.0, 3.0))
      ->capture_default_str();
  app.add_option("--queue", options.queue_max, "requests that may wait; more are answered 503")
      ->check(CLI::Range(0, 100000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the times")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const Status done = run(listen, std::move(options));
  if (done) return 0;
  fmt::print(stderr, "weir-server: {}\n", done.error().message());
  return 1;
}

}  // namespace
}  // namespace weir::server

int main(int argc, char** argv) { return weir::server::main_of(argc, argv); }
