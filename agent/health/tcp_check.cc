#include "agent/health/tcp_check.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/health/asio_address.h"
#include "agent/health/waiting.h"

namespace weir::agent {

namespace asio = boost::asio;
using asio::ip::tcp;

Error check_error(const std::string& doing, const boost::system::error_code& problem) {
  if (problem == asio::error::operation_aborted) return {Code::cancelled, "the check was stopped"};
  if (problem == asio::error::connection_refused) {
    return {Code::unavailable, "connection refused"};
  }
  return {Code::unavailable, doing + ": " + problem.message()};
}

asio::awaitable<Status> connect_to(tcp::socket& socket, Endpoint endpoint) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const tcp::endpoint to(to_asio(endpoint.address), endpoint.port);
  const auto [problem] = co_await socket.async_connect(to, asio::as_tuple(asio::use_awaitable));
  if (problem) co_return fail(check_error("cannot connect", problem));
  co_return Status();
}

asio::awaitable<Status> TcpCheck::check(const Endpoint& endpoint,
                                        std::chrono::milliseconds timeout) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_return co_await with_deadline(clock_, timeout, connect_to(socket, endpoint));
}

}  // namespace weir::agent
