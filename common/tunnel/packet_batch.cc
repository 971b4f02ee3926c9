#include "common/tunnel/packet_batch.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "common/base/assert.h"

namespace weir {

// Not make_unique: that would touch, and so make resident, every page.
PacketBatch::PacketBatch(TunIo& tun, UdpIo& udp)
    : tun_(tun), udp_(udp), slots_(new std::uint8_t[k_slots * k_slot_size]) {}

ByteSpan PacketBatch::inner_buffer() {
  if (used_ == k_slots) flush();
  return {slot(used_) + k_header_size, k_slot_size - k_header_size - 32};
}

void PacketBatch::flush() {
  if (used_ == 0) return;
  SendReport sent = udp_.send({waiting_.data(), used_});
  used_ = 0;
  report_.datagrams_sent += sent.sent;
  report_.datagrams_refused += sent.refused;
  std::ranges::move(sent.lost_locals, std::back_inserter(report_.lost_locals));
}

PacketBatch::Report PacketBatch::take_report() { return std::exchange(report_, {}); }

ByteSpan PacketBatch::send_buffer(const UdpPath& /*to*/, std::size_t size) {
  WEIR_ASSERT(size <= k_slot_size, "datagram of " + std::to_string(size) + " bytes");
  if (used_ == k_slots) flush();
  return {slot(used_), k_slot_size};
}

void PacketBatch::send(const UdpPath& to, ByteSpan datagram) {
  WEIR_ASSERT(used_ < k_slots && datagram.data() == slot(used_), "not the last send_buffer");
  waiting_[used_++] = {datagram, to};
}

void PacketBatch::deliver(ByteSpan ip_packet) {
  ++(tun_.write(ip_packet) ? report_.packets_delivered : report_.packets_refused);
}

}  // namespace weir
