#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "common/base/result.h"
#include "common/offload/segments.h"
#include "common/tunnel/tun.h"

namespace weir {

/// Reads what waits at a TUN interface, as many packets as come at once, up to a limit that keeps
/// the answer quick.
///
/// One thread. Memory: 0.2 MB of address space, of which the used pages are resident.
class InnerBatch {
 public:
  static constexpr std::size_t k_packets_max = 64;

  InnerBatch() : bytes_(new std::uint8_t[k_size]) {}

  /// The packets of this turn; valid until the next call. Empty when none waits. Malformed ones are
  /// left out and counted. Errors: not_found (the interface is gone).
  Result<std::span<const SegmentedPacket>> read(TunIo& tun);

  /// Since the last call.
  std::uint64_t take_malformed();

 private:
  static constexpr std::size_t k_packet_max = 65535;
  static constexpr std::size_t k_size = 3 * (k_packet_max + 1);

  // Not make_unique: that would touch, and so make resident, every page.
  const std::unique_ptr<std::uint8_t[]> bytes_;
  std::array<SegmentedPacket, k_packets_max> packets_{};
  std::uint64_t malformed_ = 0;
};

}  // namespace weir
