#include "agent/enforce/gateway/connection.h"

#include <netinet/tcp.h>
#include <poll.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "agent/enforce/gateway/target.h"

namespace weir::agent {

namespace asio = boost::asio;

namespace {

constexpr auto k_as_value = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t k_linger_max = 64 * 1024;

}  // namespace

ClientConnection::ClientConnection(Socket accepted)
    : socket(std::move(accepted)), in(k_relay_buffer) {
  boost::system::error_code problem;
  const auto remote = socket.remote_endpoint(problem);
  if (!problem) source = from_asio(remote);
  const auto local = socket.local_endpoint(problem);
  if (!problem) destination = from_asio(local);
}

asio::awaitable<Received> read_some(Socket& socket, Buffer& buffer) {
  const auto [problem, count] = co_await socket.async_read_some(buffer.room(), k_as_value);
  if (problem) co_return Received{0, problem == asio::error::eof};
  buffer.filled(count);
  co_return Received{count, false};
}

asio::awaitable<bool> write_all(Socket& socket, std::string_view first, std::string_view second) {
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(first.data(), first.size()),
                                                   asio::buffer(second.data(), second.size())};
  const auto [problem, count] = co_await asio::async_write(socket, parts, k_as_value);
  co_return !problem;
}

asio::awaitable<bool> pass_on(Socket& from, Buffer& buffer, Socket& to, std::uint64_t& moved) {
  while (true) {
    if (!buffer.empty()) {
      const std::string_view bytes = buffer.view();
      const bool written = co_await write_all(to, bytes);
      if (!written) break;
      moved += bytes.size();
      buffer.take(bytes.size());
    }
    const auto [problem, count] = co_await from.async_read_some(buffer.room(), k_as_value);
    if (problem == asio::error::eof) {
      boost::system::error_code ignored;
      to.shutdown(Socket::shutdown_send, ignored);
      co_return true;
    }
    if (problem) break;
    buffer.filled(count);
  }
  reset(from);
  reset(to);
  co_return false;
}

asio::awaitable<void> linger(Socket& socket) {
  boost::system::error_code problem;
  socket.shutdown(Socket::shutdown_send, problem);
  Buffer discarded(4096);
  std::size_t left = k_linger_max;
  while (!problem && left > 0) {
    const Received got = co_await read_some(socket, discarded);
    if (!got) break;
    discarded.clear();
    left -= std::min(left, got.count);
  }
}

void set_up(Socket& socket) {
  using Idle = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPIDLE>;
  using Interval = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPINTVL>;
  using Probes = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_KEEPCNT>;
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  socket.set_option(Idle(60), ignored);
  socket.set_option(Interval(10), ignored);
  socket.set_option(Probes(3), ignored);
}

std::optional<EndpointSignal::Kind> connect_trouble(const boost::system::error_code& problem) {
  if (problem == asio::error::connection_refused) return EndpointSignal::Kind::refused;
  if (problem == asio::error::timed_out) return EndpointSignal::Kind::timeout;
  if (problem == asio::error::connection_reset || problem == asio::error::host_unreachable) {
    return EndpointSignal::Kind::reset;
  }
  return std::nullopt;
}

bool hung_up(Socket& socket) {
  if (!socket.is_open()) return true;
  pollfd state{socket.native_handle(), 0, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

void close(Socket& socket) {
  boost::system::error_code ignored;
  socket.close(ignored);
}

void cancel(Socket& socket) {
  boost::system::error_code ignored;
  if (socket.is_open()) socket.cancel(ignored);
}

void reset(Socket& socket) {
  boost::system::error_code ignored;
  if (socket.is_open()) socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace weir::agent
