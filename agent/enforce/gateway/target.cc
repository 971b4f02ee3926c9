#include "agent/enforce/gateway/target.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace weir::agent {

bool Upstream::open_and_silent() {
  char byte = 0;
  const ssize_t got = ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::unique_ptr<Upstream> Target::take_idle() {
  while (!idle.empty()) {
    std::unique_ptr<Upstream> upstream = std::move(idle.back());
    idle.pop_back();
    if (!upstream->open_and_silent()) continue;
    upstream->reused = true;
    return upstream;
  }
  return nullptr;
}

void Target::keep(std::unique_ptr<Upstream> upstream, Time now, std::size_t most) {
  if (most == 0) return;
  if (idle.size() >= most) idle.erase(idle.begin());
  upstream->buffer.clear();
  upstream->idle_since = now;
  idle.push_back(std::move(upstream));
}

void Target::close_idle_since(Time when) {
  const auto young = std::ranges::find_if(
      idle, [when](const auto& upstream) { return upstream->idle_since > when; });
  idle.erase(idle.begin(), young);
}

boost::asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint) {
  const ByteView bytes = endpoint.address.bytes();
  if (endpoint.address.is_v4()) {
    return {boost::asio::ip::address_v4(endpoint.address.v4_host_order()), endpoint.port};
  }
  boost::asio::ip::address_v6::bytes_type v6{};
  std::ranges::copy(bytes, v6.begin());
  return {boost::asio::ip::address_v6(v6), endpoint.port};
}

Endpoint from_asio(const boost::asio::ip::tcp::endpoint& endpoint) {
  if (endpoint.address().is_v4()) {
    return {IpAddress::v4(endpoint.address().to_v4().to_uint()), endpoint.port()};
  }
  const auto bytes = endpoint.address().to_v6().to_bytes();
  const std::span<const std::uint8_t, 16> view(bytes);
  return {IpAddress::v6(view).unmapped(), endpoint.port()};
}

}  // namespace weir::agent
