#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/tunnel/engine_io.h"
#include "common/tunnel/tun.h"
#include "common/tunnel/udp.h"

namespace weir {

/// Collects what the engine sends and hands it to the kernel in batches; passes what it delivers
/// straight to the TUN interface.
///
/// An inner packet is read into the very place its datagram leaves from:
///
///     slot:  | 16 bytes for the header | inner packet (read from the TUN) | padding and tag |
///
/// One thread. Memory: 4 MB of address space, of which the used pages are resident.
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

  /// Where to read the next inner packet; at least 65535 bytes. Valid until the next call.
  ByteSpan inner_buffer();

  /// Sends everything that waits.
  void flush();
  Report take_report();

  ByteSpan send_buffer(const UdpPath& to, std::size_t size) override;
  void send(const UdpPath& to, ByteSpan datagram) override;
  void deliver(ByteSpan ip_packet) override;

 private:
  static constexpr std::size_t k_header_size = 16;
  static constexpr std::size_t k_slot_size = 65536 + 64;
  static constexpr std::size_t k_slots = UdpIo::k_batch_max;

  std::uint8_t* slot(std::size_t number) { return slots_.get() + number * k_slot_size; }

  TunIo& tun_;
  UdpIo& udp_;
  const std::unique_ptr<std::uint8_t[]> slots_;
  std::array<OutgoingDatagram, k_slots> waiting_{};
  std::size_t used_ = 0;
  Report report_;
};

}  // namespace weir
