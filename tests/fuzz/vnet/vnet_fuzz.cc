// Bytes as what a TUN device gave: a virtio header and a packet, cut into segments. And as a list
// of inner packets that arrived, joined and cut again: what comes out must be what went in.
//
//     input: ten bytes of header, then the packet; or packets, each after two bytes of length

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "common/offload/coalescer.h"
#include "common/offload/segments.h"

namespace weir {
namespace {

void cut(ByteView bytes) {
  VnetHeader header;
  if (bytes.size() < sizeof(header)) return;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const ByteVector packet(bytes.begin() + sizeof(header), bytes.end());
  const auto segmented = SegmentedPacket::read(header, packet);
  if (!segmented) return;
  std::size_t total = 0;
  for (std::size_t i = 0; i < segmented->count(); ++i) {
    ByteVector segment(segmented->size(i));
    segmented->write(i, segment.data());
    total += segment.size();
  }
  if (total < packet.size()) std::abort();
}

/// Without what may change: the number of packets that may not be cut, which may share one and are
/// counted up; and a right checksum, which has two ways to say zero and which datagrams over IPv4
/// may lack.
ByteVector comparable(ByteVector packet) {
  const auto where = read_transport_packet(packet);
  if (where && checksum_is_right(*where, packet))
    std::memset(packet.data() + where->transport + (where->tcp ? 16 : 6), 0, 2);
  if (where && where->v4 && (packet[6] & 0x40) != 0) {
    std::memset(packet.data() + 4, 0, 2);
    std::memset(packet.data() + 10, 0, 2);
  }
  return packet;
}

void join_and_cut(ByteView bytes) {
  static Coalescer coalescer;
  std::vector<ByteVector> packets;
  while (bytes.size() > 2 && packets.size() < Coalescer::k_packets_max) {
    const std::size_t size =
        std::min<std::size_t>(load_be16(bytes.data()) % 2048 + 1U, bytes.size() - 2);
    packets.emplace_back(bytes.begin() + 2, bytes.begin() + 2 + static_cast<std::ptrdiff_t>(size));
    bytes = bytes.subspan(2 + size);
  }
  std::vector<ByteVector> in;
  for (const ByteVector& packet : packets) in.push_back(comparable(packet));
  for (ByteVector& packet : packets) coalescer.add(packet, {});
  std::vector<ByteVector> out;
  coalescer.write_all([&](const VnetHeader& header, std::span<const iovec> pieces) {
    ByteVector whole;
    for (const iovec& piece : pieces) {
      const auto* at = static_cast<const std::uint8_t*>(piece.iov_base);
      whole.insert(whole.end(), at, at + piece.iov_len);
    }
    const auto segmented = SegmentedPacket::read(header, whole);
    if (!segmented) std::abort();
    for (std::size_t i = 0; i < segmented->count(); ++i) {
      ByteVector segment(segmented->size(i));
      segmented->write(i, segment.data());
      out.push_back(comparable(std::move(segment)));
    }
    return Coalescer::Written::taken;
  });
  // Flows may change places.
  std::ranges::sort(in);
  std::ranges::sort(out);
  if (in != out) std::abort();
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  weir::cut({data, size});
  weir::join_and_cut({data, size});
  return 0;
}
