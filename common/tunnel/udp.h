#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/os/fd.h"
#include "common/tunnel/engine_io.h"

namespace weir {

/// Datagrams of one sender as they came, one after the other; the bytes may be overwritten.
struct ReceivedDatagrams {
  ByteSpan bytes;
  std::size_t size = 0;  ///< of each; the last may be shorter
  UdpPath path;

  std::size_t count() const { return bytes.empty() ? 1 : (bytes.size() + size - 1) / size; }
};

/// Datagrams to send to one receiver, one after the other.
struct OutgoingDatagrams {
  ByteView bytes;
  std::size_t size = 0;  ///< of each; the last may be shorter
  UdpPath path;

  std::size_t count() const { return bytes.size() <= size ? 1 : (bytes.size() + size - 1) / size; }
};

/// What became of a batch, in datagrams.
struct SendReport {
  std::size_t sent = 0;
  std::size_t refused = 0;
  /// Local addresses the kernel no longer sends from; what named them was sent without.
  std::vector<IpAddress> lost_locals;
};

/// Where outer datagrams come from and go to. One thread.
class UdpIo {
 public:
  static constexpr std::size_t k_receive_max = 8;
  static constexpr std::size_t k_batch_max = 64;  ///< runs of datagrams per call
  static constexpr std::size_t k_run_count_max =
      EngineOutput::k_send_count_max;  ///< datagrams per run
  static constexpr std::size_t k_run_bytes_max = EngineOutput::k_send_bytes_max;

  virtual ~UdpIo() = default;

  /// One or two, readable when a datagram waits.
  virtual std::span<const int> poll_fds() const = 0;

  /// What waits at one of them: at most k_receive_max runs, and fewer mean that nothing more waits.
  /// Valid until the next call.
  virtual std::span<const ReceivedDatagrams> receive(std::size_t which) = 0;

  /// Sends at most k_batch_max runs within the limits above, in order per destination. Waits up to
  /// 20 ms for a full socket buffer, then refuses the rest: the transport above resends.
  virtual SendReport send(std::span<const OutgoingDatagrams> batch) = 0;
};

/// One UDP port on every local address: an IPv4 and an IPv6 socket, or the one the host has.
///
/// A run of datagrams is one call to the kernel where it can cut and join (UDP_SEGMENT and UDP_GRO:
/// Linux 4.18 and 5.0). A kernel or device that refuses a run (EIO: no checksum offload; EINVAL:
/// wider than the path's MTU) gets its datagrams one by one, after EIO for good.
///
///   memory   0.5 MB of address space, of which the pages in use are resident
class UdpPort final : public UdpIo {
 public:
  /// What is asked for; a kernel may have less.
  struct Options {
    bool cut = true;   ///< UDP_SEGMENT
    bool join = true;  ///< UDP_GRO
  };

  /// `port` 0 takes a port that is free in both families. `mark` 0 is none.
  /// Errors: already_exists (port taken), permission_denied (mark without CAP_NET_ADMIN, port
  /// below 1024), unavailable.
  static Result<UdpPort> open(std::uint16_t port, std::uint32_t mark, Options options);
  static Result<UdpPort> open(std::uint16_t port, std::uint32_t mark) {
    return open(port, mark, Options());
  }
  UdpPort(UdpPort&&) noexcept;
  UdpPort& operator=(UdpPort&&) noexcept;
  ~UdpPort() override;

  std::uint16_t port() const { return port_; }
  /// What was asked for, less what turned out not to work.
  Options options() const { return options_; }
  /// Errors: permission_denied.
  Status set_mark(std::uint32_t mark);

  /// Bytes of memory that datagrams which nobody took yet hold in the kernel; 0 where it is
  /// unknown.
  std::size_t waiting_bytes() const;

  std::span<const int> poll_fds() const override { return {fds_.data(), fds_used_}; }
  std::span<const ReceivedDatagrams> receive(std::size_t which) override;
  SendReport send(std::span<const OutgoingDatagrams> batch) override;

 private:
  struct Sockets;
  struct Buffers;
  UdpPort(Sockets sockets, std::uint16_t port, Options options);
  std::size_t prepare(std::span<const OutgoingDatagrams> batch);
  void send_prepared(std::span<const OutgoingDatagrams> runs, SendReport& report);
  void send_one_by_one(const OutgoingDatagrams& run, SendReport& report);

  std::unique_ptr<Sockets> sockets_;
  std::unique_ptr<Buffers> buffers_;
  std::uint16_t port_;
  Options options_;
  std::array<int, 2> fds_{};
  std::size_t fds_used_ = 0;
};

}  // namespace weir
