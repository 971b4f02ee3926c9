#include "common/obs/http_status.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "common/async/task_group.h"

namespace weir {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::size_t k_connections_max = 32;
constexpr std::uint32_t k_head_max = 8192;
constexpr std::chrono::seconds k_deadline(5);
constexpr std::chrono::milliseconds k_rest(100);

tcp::endpoint to_asio(const Endpoint& endpoint) {
  return {asio::ip::make_address(endpoint.address.to_string()), endpoint.port};
}

}  // namespace

struct HttpStatus::State {
  State(Metrics& source, Ready ask) : metrics(source), ready(std::move(ask)) {}

  http::response<http::string_body> answer(const http::request<http::empty_body>& request) const {
    http::response<http::string_body> reply(http::status::ok, request.version());
    reply.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    reply.set(http::field::cache_control, "no-store");
    reply.keep_alive(false);
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      reply.result(http::status::method_not_allowed);
    } else if (request.target() == "/metrics") {
      reply.body() = metrics.scrape();
    } else if (request.target() == "/livez") {
      reply.body() = "ok\n";
    } else if (request.target() == "/readyz") {
      const std::string problem = ready();
      if (!problem.empty()) reply.result(http::status::service_unavailable);
      reply.body() = problem.empty() ? "ok\n" : problem + "\n";
    } else {
      reply.result(http::status::not_found);
      reply.body() = "here are /metrics, /livez and /readyz\n";
    }
    reply.prepare_payload();
    return reply;
  }

  Metrics& metrics;
  const Ready ready;
  std::optional<tcp::acceptor> acceptor;
};

HttpStatus::HttpStatus(Metrics& metrics, Ready ready)
    : state_(std::make_shared<State>(metrics, std::move(ready))) {}

HttpStatus::~HttpStatus() = default;

Status HttpStatus::listen(const asio::any_io_executor& executor, const Endpoint& address) {
  boost::system::error_code problem;
  const tcp::endpoint endpoint = to_asio(address);
  tcp::acceptor acceptor(executor);
  acceptor.open(endpoint.protocol(), problem);
  if (!problem) acceptor.set_option(tcp::acceptor::reuse_address(true), problem);
  if (!problem) acceptor.bind(endpoint, problem);
  if (!problem) acceptor.listen(static_cast<int>(k_connections_max), problem);
  if (problem) {
    return fail(Code::unavailable,
                "cannot serve metrics on " + address.to_string() + ": " + problem.message());
  }
  state_->acceptor.emplace(std::move(acceptor));
  return {};
}

std::uint16_t HttpStatus::port() const { return state_->acceptor->local_endpoint().port(); }

namespace {

template <typename State>
asio::awaitable<void> serve(std::shared_ptr<State> state, tcp::socket socket) {
  boost::beast::tcp_stream stream(std::move(socket));
  stream.expires_after(k_deadline);
  boost::beast::flat_buffer buffer(k_head_max);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(k_head_max);
  const auto [read_problem, read_bytes] =
      co_await http::async_read(stream, buffer, parser, asio::as_tuple(asio::use_awaitable));
  if (read_problem) co_return;
  http::response<http::string_body> reply = state->answer(parser.get());
  if (parser.get().method() == http::verb::head) reply.body().clear();
  co_await http::async_write(stream, reply, asio::as_tuple(asio::use_awaitable));
  boost::system::error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

}  // namespace

asio::awaitable<void> HttpStatus::run() {
  const auto state = state_;
  const auto executor = co_await asio::this_coro::executor;
  TaskGroup connections(executor);
  asio::steady_timer pause(executor);
  while (state->acceptor->is_open()) {
    tcp::socket socket(executor);
    const auto [problem] =
        co_await state->acceptor->async_accept(socket, asio::as_tuple(asio::use_awaitable));
    const auto cancelled = (co_await asio::this_coro::cancellation_state).cancelled();
    if (cancelled != asio::cancellation_type::none) break;
    if (problem) {  // out of descriptors: the next try would fail at once
      pause.expires_after(k_rest);
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
      continue;
    }
    if (connections.size() >= k_connections_max) continue;
    connections.spawn("http status", serve(state, std::move(socket)));
  }
  connections.stop();
  co_await connections.join();
}

}  // namespace weir
