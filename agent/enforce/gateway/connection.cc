#include "agent/enforce/gateway/connection.h"

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

asio::awaitable<std::size_t> read_some(Socket& socket, Buffer& buffer) {
  const auto [problem, count] = co_await socket.async_read_some(buffer.room(), k_as_value);
  if (problem) co_return 0;
  buffer.filled(count);
  co_return count;
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
    const std::size_t count = co_await read_some(socket, discarded);
    if (count == 0) break;
    discarded.clear();
    left -= std::min(left, count);
  }
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
