#include "common/tunnel/inner_batch.h"

#include <utility>

namespace weir {

Result<std::span<const SegmentedPacket>> InnerBatch::read(TunIo& tun) {
  std::size_t used = 0;
  std::size_t count = 0;
  while (count < packets_.size() && k_size - used >= k_packet_max) {
    const ByteSpan room{bytes_.get() + used, k_packet_max};
    const auto got = tun.read(room);
    if (!got && got.error().code() == Code::not_found) return fail(got.error());
    if (!got || got->size == 0) break;
    const auto packet = SegmentedPacket::read(got->header, room.first(got->size));
    if (!packet) {
      ++malformed_;
      continue;
    }
    packets_[count++] = *packet;
    used += got->size;
  }
  return std::span<const SegmentedPacket>(packets_).first(count);
}

std::uint64_t InnerBatch::take_malformed() { return std::exchange(malformed_, 0); }

}  // namespace weir
