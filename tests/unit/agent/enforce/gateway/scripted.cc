#include "tests/unit/agent/enforce/gateway/scripted.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace weir::agent {
namespace {

sockaddr_in as_sockaddr(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(endpoint.address.v4_host_order());
  return address;
}

int bound_socket(const Endpoint& wanted, Endpoint& got) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = as_sockaddr(wanted);
  EXPECT_EQ(::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  socklen_t length = sizeof(address);
  EXPECT_EQ(::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length), 0);
  got = {wanted.address, ntohs(address.sin_port)};
  return descriptor;
}

std::optional<std::size_t> content_length(const std::string& head) {
  std::string lower = head;
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  });
  const std::size_t at = lower.find("\r\ncontent-length:");
  if (at == std::string::npos) return std::nullopt;
  return std::strtoul(lower.c_str() + at + 17, nullptr, 10);
}

}  // namespace

Wire::~Wire() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Wire::Wire(Wire&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), pending_(std::move(other.pending_)) {}

Wire Wire::connect(const Endpoint& to) {
  Wire wire(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{10, 0};
  ::setsockopt(wire.descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  sockaddr_in address = as_sockaddr(to);
  EXPECT_EQ(::connect(wire.descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0)
      << to.to_string();
  return wire;
}

bool Wire::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Wire::fill() {
  char bytes[65536];
  errno = 0;
  const ssize_t got = ::recv(descriptor_, bytes, sizeof(bytes), 0);
  if (got <= 0) return false;
  pending_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string Wire::read_head() {
  while (pending_.find("\r\n\r\n") == std::string::npos) {
    if (!fill()) return {};
  }
  return read_exactly(pending_.find("\r\n\r\n") + 4);
}

std::string Wire::read_exactly(std::size_t count) {
  while (pending_.size() < count) {
    if (!fill()) return {};
  }
  std::string taken = pending_.substr(0, count);
  pending_.erase(0, count);
  return taken;
}

std::string Wire::read_message(bool head_only) {
  std::string message = read_head();
  if (message.empty() || head_only) return message;
  if (const auto length = content_length(message)) return message + read_exactly(*length);
  if (message.find("chunked") == std::string::npos) return message;
  while (true) {
    std::size_t end = 0;
    while ((end = pending_.find("\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    const std::size_t size = std::strtoul(pending_.c_str(), nullptr, 16);
    message += read_exactly(end + 2 + size + 2);
    if (size == 0) return message;
  }
}

std::string Wire::read_to_end() {
  while (fill()) {
  }
  return std::exchange(pending_, {});
}

bool Wire::at_end() { return pending_.empty() && !fill(); }

bool Wire::ends_in_a_reset() {
  while (fill()) {
  }
  return errno == ECONNRESET;
}

void Wire::half_close() { ::shutdown(descriptor_, SHUT_WR); }

void Wire::reset() {
  const linger now{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  ::close(std::exchange(descriptor_, -1));
}

ScriptedServer::ScriptedServer(Script script, const std::string& address, bool narrow)
    : script_(std::move(script)) {
  listener_ = bound_socket({IpAddress::parse(address).value(), 0}, endpoint_);
  if (narrow) {
    const int segment = 536;
    const int window = 2048;
    ::setsockopt(listener_, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
    ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
  }
  EXPECT_EQ(::listen(listener_, 128), 0);
  acceptor_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mu_);
    stopping_ = true;
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (std::thread& thread : threads_) thread.join();
}

void ScriptedServer::accept_all() {
  while (true) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const std::lock_guard lock(mu_);
    if (stopping_) {
      ::close(descriptor);
      return;
    }
    ++connections_;
    open_.push_back(descriptor);
    threads_.emplace_back([this, descriptor] {
      Wire wire(descriptor);
      script_(wire);
      const std::lock_guard leaving(mu_);
      std::erase(open_, descriptor);
    });
  }
}

std::string answer_with(std::string_view body, std::string_view fields) {
  return "HTTP/1.1 200 OK\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

ScriptedServer::Script answers(std::string body) {
  return [body = std::move(body)](Wire& wire) {
    while (true) {
      const std::string request = wire.read_message();
      if (request.empty()) return;
      const bool head = request.starts_with("HEAD ");
      const std::string whole = answer_with(body);
      wire.write(head ? whole.substr(0, whole.find("\r\n\r\n") + 4) : whole);
    }
  };
}

void narrow_senders_to(const Endpoint& to) {
  const sockaddr_in wanted = as_sockaddr(to);
  const int few = 2048;
  for (int descriptor = 0; descriptor < 1024; ++descriptor) {
    sockaddr_in peer{};
    socklen_t length = sizeof(peer);
    const bool connected =
        ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &length) == 0;
    if (!connected || peer.sin_port != wanted.sin_port) continue;
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &few, sizeof(few));
  }
}

Endpoint closed_port() {
  Endpoint endpoint;
  const int descriptor = bound_socket({IpAddress::parse("127.0.0.1").value(), 0}, endpoint);
  ::close(descriptor);
  return endpoint;
}

int status_of(std::string_view answer) {
  if (answer.size() < 12) return 0;
  return std::atoi(std::string(answer.substr(9, 3)).c_str());
}

std::string body_of(std::string_view answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string_view::npos ? "" : std::string(answer.substr(end + 4));
}

}  // namespace weir::agent
