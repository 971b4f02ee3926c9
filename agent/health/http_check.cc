#include "agent/health/http_check.h"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "agent/health/http_answer.h"
#include "agent/health/tcp_check.h"
#include "agent/health/waiting.h"

namespace weir::agent {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

asio::awaitable<Status> ask(tcp::socket& socket, Endpoint endpoint, const HealthCheckSpec& spec) {
  co_await asio::this_coro::throw_if_cancelled(false);
  WEIR_CO_TRY(co_await connect_to(socket, endpoint));
  const std::string request = http_check_request(spec, endpoint);
  const auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(request),
                                                         asio::as_tuple(asio::use_awaitable));
  if (unsent) co_return fail(check_error("cannot send the request", unsent));

  HttpAnswer answer(spec);
  std::array<std::uint8_t, 4096> buffer{};
  for (;;) {
    const auto [problem, size] =
        co_await socket.async_read_some(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    if (problem == asio::error::eof) {
      WEIR_CO_TRY(answer.end());
      break;
    }
    if (problem) co_return fail(check_error("cannot read the answer", problem));
    auto enough = answer.feed(ByteView(buffer).first(size));
    if (!enough) co_return fail(std::move(enough).error());
    if (*enough) break;
  }
  co_return answer.verdict();
}

}  // namespace

asio::awaitable<Status> HttpCheck::check(const Endpoint& endpoint,
                                         std::chrono::milliseconds timeout) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_return co_await with_deadline(clock_, timeout, ask(socket, endpoint, spec_));
}

}  // namespace weir::agent
