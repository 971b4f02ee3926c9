#include "deploy/demo/load/http_client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

namespace weir::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr auto k_as_value = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t k_answer_bytes_max = 64 << 10;
constexpr std::size_t k_idle_max = 256;
constexpr const char* k_closed_before_answer = "closed";

std::string reason_of(const beast::error_code& error) {
  return error == beast::error::timeout ? "timeout" : "reset";
}

}  // namespace

struct HttpClient::Connection {
  explicit Connection(const asio::any_io_executor& executor) : stream(executor) {}
  beast::tcp_stream stream;
  beast::flat_buffer buffer;
  bool reusable = false;
};

HttpClient::HttpClient(asio::any_io_executor executor, RequestOptions options)
    : executor_(std::move(executor)), options_(std::move(options)) {
  request_ = "GET " + options_.path + " HTTP/1.1\r\nHost: " + options_.host + "\r\n";
  for (const auto& [name, value] : options_.headers) request_ += name + ": " + value + "\r\n";
  request_ += "\r\n";
}

HttpClient::~HttpClient() = default;

asio::awaitable<Outcome> HttpClient::get(Time due) {
  const auto expiry =
      std::chrono::time_point_cast<std::chrono::steady_clock::duration>(due + options_.deadline);
  if (!idle_.empty()) {
    std::unique_ptr<Connection> kept = std::move(idle_.back());
    idle_.pop_back();
    kept->stream.expires_at(expiry);
    Outcome outcome = co_await exchange(*kept);
    const bool stale = outcome.reason == k_closed_before_answer;
    if (kept->reusable && idle_.size() < k_idle_max) idle_.push_back(std::move(kept));
    if (!stale) co_return outcome;
  }
  auto fresh = std::make_unique<Connection>(executor_);
  fresh->stream.expires_at(expiry);
  asio::ip::tcp::endpoint target(asio::ip::make_address(options_.target.address.to_string()),
                                 options_.target.port);
  const auto [failed] = co_await fresh->stream.async_connect(target, k_as_value);
  if (failed) {
    Outcome outcome;
    outcome.reason = failed == beast::error::timeout ? "timeout" : "connect";
    co_return outcome;
  }
  beast::error_code ignored;
  static_cast<void>(fresh->stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored));
  Outcome outcome = co_await exchange(*fresh);
  if (fresh->reusable && idle_.size() < k_idle_max) idle_.push_back(std::move(fresh));
  if (outcome.reason == k_closed_before_answer) outcome.reason = "reset";
  co_return outcome;
}

asio::awaitable<Outcome> HttpClient::exchange(Connection& connection) {
  Outcome outcome;
  connection.reusable = false;
  const auto buffer = asio::buffer(request_);
  const auto [write_error, written] =
      co_await asio::async_write(connection.stream, buffer, k_as_value);
  if (write_error) {
    const bool timeout = write_error == beast::error::timeout;
    outcome.reason = timeout ? "timeout" : k_closed_before_answer;
    co_return outcome;
  }
  http::response_parser<http::string_body> parser;
  parser.body_limit(k_answer_bytes_max);
  const auto [read_error, read] =
      co_await http::async_read(connection.stream, connection.buffer, parser, k_as_value);
  if (read_error) {
    const bool nothing = !parser.got_some() && read_error != beast::error::timeout;
    outcome.reason = nothing ? k_closed_before_answer : reason_of(read_error);
    co_return outcome;
  }
  outcome.status = static_cast<int>(parser.get().result_int());
  outcome.served_by = std::string(parser.get()["X-Served-By"]);
  outcome.tried = std::string(parser.get()["Weir-Tried"]);
  connection.reusable = parser.get().keep_alive();
  co_return outcome;
}

}  // namespace weir::load
