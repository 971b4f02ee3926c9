#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/offload/coalescer.h"
#include "common/tunnel/engine_io.h"
#include "common/tunnel/tun.h"
#include "common/tunnel/udp.h"

namespace weir {

/// Collects what the engine sends and delivers and hands it to the kernel in as few calls as it
/// can:
///
///     send_buffer, send ─▶ arena: |datagram|datagram|datagram|d|  |datagram|... ─▶ one UDP call, a
///     run per receiver deliver ───────────▶ Coalescer: packets of a flow become one ─▶ one TUN
///     write per flow
///
/// Datagrams to one receiver that follow each other and have one size become one run. What was
/// delivered lies in the buffers of the UDP port, so `flush` comes before those are used again.
///
/// One thread. Memory: 0.4 MB of address space, of which the used pages are resident.
class PacketBatch final : public EngineOutput {
 public:
  /// What happened since the last `take_report`.
  struct Report {
    std::uint64_t datagrams_sent = 0;
    std::uint64_t datagrams_refused = 0;
    std::uint64_t packets_delivered = 0;
    std::uint64_t packets_refused = 0;
    std::vector<IpAddress> lost_locals;
  };

  /// Both outlive the batch.
  PacketBatch(TunIo& tun, UdpIo& udp);

  /// Hands over everything that waits.
  void flush();
  Report take_report();

  /// What the interface still gets joined: less than it promised once it has refused some.
  TunIo::Offloads joined() const { return {.tcp = kinds_.tcp, .udp = kinds_.udp}; }

  ByteSpan send_buffer(const UdpPath& to, std::size_t size) override;
  std::size_t room() const override;
  void send(const UdpPath& to, ByteSpan datagrams, std::size_t size) override;
  void deliver(ByteSpan ip_packet) override;

 private:
  static constexpr std::size_t k_arena_size = 320 * 1024;

  void flush_datagrams();
  void send_runs();
  void flush_packets();

  TunIo& tun_;
  UdpIo& udp_;
  const std::unique_ptr<std::uint8_t[]> arena_;
  std::size_t arena_used_ = 0;
  std::array<OutgoingDatagrams, UdpIo::k_batch_max> runs_{};
  std::size_t runs_used_ = 0;
  Coalescer coalescer_;
  Coalescer::Kinds kinds_;
  Report report_;
};

}  // namespace weir
