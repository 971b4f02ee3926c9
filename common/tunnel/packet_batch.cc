#include "common/tunnel/packet_batch.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "common/base/assert.h"

namespace weir {
namespace {

Coalescer::Written as_written(TunIo::Written written) {
  switch (written) {
    case TunIo::Written::taken:
      return Coalescer::Written::taken;
    case TunIo::Written::unsupported:
      return Coalescer::Written::too_clever;
    case TunIo::Written::refused:
      break;
  }
  return Coalescer::Written::refused;
}

/// Do more datagrams belong to the run: behind it, to the same receiver, of one size, and not too
/// many?
bool extends(const OutgoingDatagrams& run, const UdpPath& to, ByteView more, std::size_t size) {
  const std::size_t together = run.bytes.size() + more.size();
  const bool only_one = more.size() == size;
  return run.bytes.data() + run.bytes.size() == more.data() &&
         run.bytes.size() % run.size == 0 &&  // a shorter datagram ends a run
         (size == run.size || (only_one && size < run.size)) &&
         together <= UdpIo::k_run_bytes_max && together <= UdpIo::k_run_count_max * run.size &&
         run.path == to;
}

}  // namespace

// Not make_unique: that would touch, and so make resident, every page.
PacketBatch::PacketBatch(TunIo& tun, UdpIo& udp)
    : tun_(tun),
      udp_(udp),
      arena_(new std::uint8_t[k_arena_size]),
      kinds_{.tcp = tun.offloads().tcp, .udp = tun.offloads().udp} {}

void PacketBatch::flush() {
  flush_datagrams();
  flush_packets();
}

void PacketBatch::flush_datagrams() {
  send_runs();
  arena_used_ = 0;
}

void PacketBatch::send_runs() {
  if (runs_used_ == 0) return;
  SendReport sent = udp_.send({runs_.data(), runs_used_});
  runs_used_ = 0;
  report_.datagrams_sent += sent.sent;
  report_.datagrams_refused += sent.refused;
  std::ranges::move(sent.lost_locals, std::back_inserter(report_.lost_locals));
}

void PacketBatch::flush_packets() {
  if (coalescer_.empty()) return;
  const auto written =
      coalescer_.write_all([this](const VnetHeader& header, std::span<const iovec> pieces) {
        return as_written(tun_.write(header, pieces));
      });
  report_.packets_delivered += written.taken;
  report_.packets_refused += written.refused;
  if (written.tcp_too_clever) kinds_.tcp = false;
  if (written.udp_too_clever) kinds_.udp = false;
}

PacketBatch::Report PacketBatch::take_report() { return std::exchange(report_, {}); }

std::size_t PacketBatch::room() const {
  return runs_used_ == runs_.size() ? 0 : k_arena_size - arena_used_;
}

ByteSpan PacketBatch::send_buffer(const UdpPath& /*to*/, std::size_t size) {
  WEIR_ASSERT(size <= k_arena_size, "datagrams of " + std::to_string(size) + " bytes");
  if (size > room()) flush_datagrams();
  const ByteSpan buffer(arena_.get() + arena_used_, size);
  arena_used_ += size;
  return buffer;
}

void PacketBatch::send(const UdpPath& to, ByteSpan datagrams, std::size_t size) {
  if (runs_used_ != 0 && extends(runs_[runs_used_ - 1], to, datagrams, size)) {
    ByteView& bytes = runs_[runs_used_ - 1].bytes;
    bytes = {bytes.data(), bytes.size() + datagrams.size()};
    return;
  }
  if (runs_used_ == runs_.size()) send_runs();
  runs_[runs_used_++] = {datagrams, size, to};
}

void PacketBatch::deliver(ByteSpan ip_packet) {
  if (coalescer_.full()) flush_packets();
  coalescer_.add(ip_packet, kinds_);
}

}  // namespace weir
