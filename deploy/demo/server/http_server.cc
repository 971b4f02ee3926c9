#include "deploy/demo/server/http_server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cmath>

namespace weir::server {

namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr auto k_as_value = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t k_connections_max = 4096;
constexpr std::uint32_t k_request_bytes_max = 16 << 10;

}  // namespace

HttpServer::HttpServer(asio::any_io_executor executor, ServerOptions options, Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      rng_(options_.seed),
      workshop_(options_.workers, options_.queue_max),
      acceptor_(executor),
      tasks_(executor) {}

Status HttpServer::listen() {
  const asio::ip::tcp::endpoint local(asio::ip::make_address(options_.listen.address.to_string()),
                                      options_.listen.port);
  boost::system::error_code problem;
  acceptor_.open(local.protocol(), problem);
  if (!problem) acceptor_.set_option(asio::socket_base::reuse_address(true), problem);
  if (!problem) acceptor_.bind(local, problem);
  if (!problem) acceptor_.listen(asio::socket_base::max_listen_connections, problem);
  if (!problem) return {};
  return fail(Code::unavailable,
              "cannot listen on " + options_.listen.to_string() + ": " + problem.message());
}

asio::awaitable<void> HttpServer::run() {
  while (acceptor_.is_open()) {
    auto [problem, socket] = co_await acceptor_.async_accept(k_as_value);
    if (problem == asio::error::operation_aborted) break;
    if (problem || connections_ >= k_connections_max) continue;
    tasks_.spawn("connection", serve(std::move(socket)));
  }
  tasks_.stop();
  co_await tasks_.join();
}

void HttpServer::stop() {
  boost::system::error_code ignored;
  static_cast<void>(acceptor_.close(ignored));
}

/// Log-normal with the mean that was asked for.
Duration HttpServer::drawn() {
  const double spread = options_.spread;
  const double ms =
      options_.service_ms * factor_ * std::exp(rng_.normal(0, spread) - spread * spread / 2);
  return Duration(std::llround(ms * 1e6));
}

asio::awaitable<void> HttpServer::serve(asio::ip::tcp::socket socket) {
  co_await asio::this_coro::throw_if_cancelled(false);
  ++connections_;
  boost::system::error_code ignored;
  static_cast<void>(socket.set_option(asio::ip::tcp::no_delay(true), ignored));
  boost::beast::flat_buffer buffer;
  for (bool open = true; open;) {
    http::request_parser<http::empty_body> parser;
    parser.header_limit(k_request_bytes_max);
    const auto [unread, read] = co_await http::async_read(socket, buffer, parser, k_as_value);
    if (unread) break;
    http::response<http::string_body> answer(http::status::ok, 11);
    const bool work = parser.get().target() != "/healthz";
    if (work && fails_) {
      answer.result(http::status::internal_server_error);
    } else if (work) {
      const auto done = workshop_.take(clock_.now(), drawn());
      if (!done) answer.result(http::status::service_unavailable);
      if (done && !co_await clock_.sleep_until(*done)) break;
    }
    answer.set("X-Served-By", options_.name);
    answer.set(http::field::content_type, "text/plain");
    answer.body() = options_.name + "\n";
    answer.keep_alive(parser.get().keep_alive());
    answer.prepare_payload();
    open = answer.keep_alive();
    const auto [unwritten, written] = co_await http::async_write(socket, answer, k_as_value);
    if (unwritten) break;
  }
  --connections_;
}

}  // namespace weir::server
