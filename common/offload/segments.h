#pragma once

#include <cstdint>
#include <optional>

#include "common/base/bytes.h"
#include "common/offload/transport_packet.h"
#include "common/offload/vnet_header.h"

namespace weir {

/// A packet from a TUN device, seen as the packets that go on the wire: one, or many of which all
/// but the last have the same size. Points into the packet; nothing is copied before `write`.
class SegmentedPacket {
 public:
  /// A packet that is whole as it is.
  SegmentedPacket() = default;
  explicit SegmentedPacket(ByteView packet) : packet_(packet), last_size_(packet.size()) {}

  /// What the kernel gave with `header`. Nothing when the two contradict each other.
  static std::optional<SegmentedPacket> read(const VnetHeader& header, ByteView packet);

  /// The headers that all share, at the front; also valid for reading addresses.
  ByteView packet() const { return packet_; }

  std::size_t count() const { return count_; }
  std::size_t size(std::size_t number) const {
    return number + 1 < count_ ? full_size_ : last_size_;
  }

  /// Writes packet `number`, checksums included: size(number) bytes.
  void write(std::size_t number, std::uint8_t* into) const;

 private:
  enum class Kind : std::uint8_t { whole, lacks_checksum, tcp, udp };

  void write_headers(std::size_t number, std::size_t payload, std::uint8_t* into) const;

  ByteView packet_;
  std::size_t count_ = 1;
  std::size_t full_size_ = 0;
  std::size_t last_size_ = 0;
  Kind kind_ = Kind::whole;
  std::uint16_t gso_size_ = 0;
  std::uint16_t checksum_start_ = 0;
  std::uint16_t checksum_offset_ = 0;
  TransportPacket where_{};
};

}  // namespace weir
