#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/net/ip.h"

namespace weir::agent {

/// A non-blocking UDP socket that tells when and with which TTL a packet came. One thread.
class UdpSocket {
 public:
  struct Received {
    Endpoint from;
    std::size_t size = 0;             // at most the buffer's; longer datagrams are cut
    std::uint8_t ttl = 0;             // 0: not told
    std::optional<WallTime> stamped;  // by the kernel on arrival
  };
  enum class Sent { yes, failed, gone };  // gone: the address or the device is; open a new one

  /// Binds to `local` (port 0: any) and, unless empty, to `interface`.
  /// Errors: unavailable (no such address or device yet), already_exists (port taken),
  /// permission_denied, internal.
  static Result<UdpSocket> open(const Endpoint& local, const std::string& interface);

  UdpSocket() = default;
  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;
  ~UdpSocket();

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  Endpoint local() const;

  /// None when nothing waits.
  std::optional<Received> receive(ByteSpan buffer);
  Sent send(const Endpoint& to, ByteView datagram);

 private:
  explicit UdpSocket(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace weir::agent
