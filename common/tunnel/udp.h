#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/os/fd.h"
#include "common/tunnel/engine_io.h"

namespace weir {

/// A datagram as it came; the bytes may be overwritten.
struct ReceivedDatagram {
  ByteSpan bytes;
  UdpPath path;
};

/// A datagram to send.
struct OutgoingDatagram {
  ByteView bytes;
  UdpPath path;
};

/// What became of a batch.
struct SendReport {
  std::size_t sent = 0;
  std::size_t refused = 0;
  /// Local addresses the kernel no longer sends from; what named them was sent without.
  std::vector<IpAddress> lost_locals;
};

/// Where outer datagrams come from and go to. One thread.
class UdpIo {
 public:
  static constexpr std::size_t k_batch_max = 64;

  virtual ~UdpIo() = default;

  /// Readable when a datagram waits.
  virtual std::vector<int> poll_fds() const = 0;

  /// At most k_batch_max waiting datagrams of one address family; empty when none waits. Valid
  /// until the next call.
  virtual std::span<const ReceivedDatagram> receive() = 0;

  /// Sends at most k_batch_max datagrams, in order per destination. Waits up to 20 ms for a full
  /// socket buffer, then refuses the rest: the transport above resends.
  virtual SendReport send(std::span<const OutgoingDatagram> batch) = 0;
};

/// One UDP port on every local address: an IPv4 and an IPv6 socket, or the one the host has.
///
///   memory   4 MB of address space, of which the pages of the longest datagrams are resident
class UdpPort final : public UdpIo {
 public:
  /// `port` 0 takes a port that is free in both families. `mark` 0 is none.
  /// Errors: already_exists (port taken), permission_denied (mark without CAP_NET_ADMIN, port
  /// below 1024), unavailable.
  static Result<UdpPort> open(std::uint16_t port, std::uint32_t mark);
  UdpPort(UdpPort&&) noexcept;
  UdpPort& operator=(UdpPort&&) noexcept;
  ~UdpPort() override;

  std::uint16_t port() const;
  /// Errors: permission_denied.
  Status set_mark(std::uint32_t mark);

  std::vector<int> poll_fds() const override;
  std::span<const ReceivedDatagram> receive() override;
  SendReport send(std::span<const OutgoingDatagram> batch) override;

 private:
  struct Sockets;
  struct Buffers;
  UdpPort(Sockets sockets, std::uint16_t port);
  std::span<const ReceivedDatagram> receive_from(const Fd& fd);
  std::size_t prepare_run(std::span<const OutgoingDatagram> batch);
  void send_run(std::span<const OutgoingDatagram> run, SendReport& report);

  std::unique_ptr<Sockets> sockets_;
  std::unique_ptr<Buffers> buffers_;
  std::uint16_t port_;
  bool v6_first_ = false;
};

}  // namespace weir
