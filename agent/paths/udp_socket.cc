#include "agent/paths/udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/base/text.h"

namespace weir::agent {

namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress out;
  if (endpoint.address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&in.sin_addr, endpoint.address.bytes().data(), 4);
    std::memcpy(&out.storage, &in, sizeof in);
    out.size = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(endpoint.port);
    std::memcpy(&in.sin6_addr, endpoint.address.bytes().data(), 16);
    std::memcpy(&out.storage, &in, sizeof in);
    out.size = sizeof in;
  }
  return out;
}

Endpoint from_socket_address(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &storage, sizeof in);
    return {IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
  }
  sockaddr_in6 in{};
  std::memcpy(&in, &storage, sizeof in);
  return {IpAddress::v6(std::span<const std::uint8_t, 16>(in.sin6_addr.s6_addr, 16)),
          ntohs(in.sin6_port)};
}

std::unexpected<Error> failed(const std::string& what, int problem) {
  Code code = Code::internal;
  if (problem == EADDRNOTAVAIL || problem == ENODEV) code = Code::unavailable;
  if (problem == EADDRINUSE) code = Code::already_exists;
  if (problem == EACCES || problem == EPERM) code = Code::permission_denied;
  return fail(code, what + ": " + std::strerror(problem));
}

void read_control(msghdr& header, UdpSocket::Received& received) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
      timespec when{};
      std::memcpy(&when, CMSG_DATA(c), sizeof when);
      received.stamped =
          WallTime(std::chrono::seconds(when.tv_sec) + std::chrono::nanoseconds(when.tv_nsec));
    }
    const bool ttl = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
                     (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT);
    if (ttl) {
      int value = 0;
      std::memcpy(&value, CMSG_DATA(c), sizeof value);
      received.ttl = static_cast<std::uint8_t>(value);
    }
  }
}

}  // namespace

Result<UdpSocket> UdpSocket::open(const Endpoint& local, const std::string& interface) {
  const int family = local.address.is_v4() ? AF_INET : AF_INET6;
  UdpSocket socket(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return failed("cannot open a UDP socket", errno);
  const int on = 1;
  ::setsockopt(socket.fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  if (family == AF_INET) {
    ::setsockopt(socket.fd_, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
  } else {
    ::setsockopt(socket.fd_, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on);
    ::setsockopt(socket.fd_, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (!interface.empty() && ::setsockopt(socket.fd_, SOL_SOCKET, SO_BINDTODEVICE, interface.data(),
                                         static_cast<socklen_t>(interface.size())) != 0) {
    return failed("cannot bind to the device " + in_quotes(interface), errno);
  }
  SocketAddress address = to_socket_address(local);
  if (::bind(socket.fd_, address.get(), address.size) != 0) {
    return failed("cannot bind UDP " + local.to_string(), errno);
  }
  return socket;
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

UdpSocket::~UdpSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Endpoint UdpSocket::local() const {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(fd_, address.get(), &address.size) != 0) return {};
  return from_socket_address(address.storage);
}

std::optional<UdpSocket::Received> UdpSocket::receive(ByteSpan buffer) {
  sockaddr_storage from{};
  iovec part{buffer.data(), buffer.size()};
  alignas(cmsghdr) std::array<char, 128> control{};
  msghdr header{};
  header.msg_name = &from;
  header.msg_namelen = sizeof from;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(fd_, &header, 0);
  if (size < 0) return std::nullopt;
  Received received;
  received.from = from_socket_address(from);
  received.size = static_cast<std::size_t>(size);
  read_control(header, received);
  return received;
}

UdpSocket::Sent UdpSocket::send(const Endpoint& to, ByteView datagram) {
  SocketAddress address = to_socket_address(to);
  const ssize_t size =
      ::sendto(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL, address.get(), address.size);
  if (size >= 0) return Sent::yes;
  const bool gone = errno == ENODEV || errno == ENXIO || errno == EADDRNOTAVAIL;
  return gone ? Sent::gone : Sent::failed;
}

}  // namespace weir::agent
