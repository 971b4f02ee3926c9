#include "common/tunnel/inner_queue.h"

#include <utility>

#include "common/base/assert.h"
#include "common/tunnel/inner_packet.h"

namespace weir {
namespace {

constexpr std::size_t k_fill_packets = 256;
constexpr std::size_t k_fill_bytes = 1 << 20;
constexpr std::uint64_t k_refused_max = 64;  // in one fill
constexpr std::size_t k_take_bytes = 192 << 10;
/// What a flow may send before the next one's turn. The largest packet is four of them: its flow
/// then waits for as many rounds.
constexpr std::int32_t k_quantum = 16 << 10;

}  // namespace

InnerQueue::InnerQueue(std::uint64_t seed)
    : seed_(seed), bytes_(new std::uint8_t[k_ring_bytes]), slots_(new Slot[k_slots]) {}

Status InnerQueue::fill(TunIo& tun) {
  release_taken();
  std::size_t bytes = 0;
  std::uint64_t refused = 0;
  for (std::size_t i = 0; i < k_fill_packets && bytes < k_fill_bytes && refused < k_refused_max;
       ++i) {
    // One packet is there for sure; for those that may be nobody has to go.
    if (i != 0 && !has_room()) break;
    const ByteSpan room = make_room();
    const auto got = tun.read(room);
    if (!got && got.error().code() == Code::not_found) return fail(got.error());
    if (!got || got->size == 0) break;
    bytes += got->size;
    const auto packet = SegmentedPacket::read(got->header, room.first(got->size));
    if (!packet) continue;
    const auto flow = static_cast<std::uint16_t>(flow_hash(packet->packet(), seed_) % k_flows);
    if (is_over_its_share(flows_[flow])) {
      ++refused;
      dropped_ += packet->count();
    } else {
      push(*packet, flow);
    }
  }
  return {};
}

std::span<const SegmentedPacket> InnerQueue::take() {
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < k_take_max && bytes + k_packet_max <= k_take_bytes) {
    Flows& list = fresh_.first != k_none ? fresh_ : old_;
    if (list.first == k_none) break;
    const std::uint16_t number = list.first;
    Flow& flow = flows_[number];
    if (flow.deficit <= 0) {
      flow.deficit += k_quantum;
      append(old_, remove_first(list));
    } else if (flow.first != k_none) {
      const SegmentedPacket packet = pop(number);
      flow.deficit -= static_cast<std::int32_t>(packet.packet().size());
      bytes += packet.packet().size();
      taken_[count++] = packet;
    } else {
      remove_first(list);
      // Behind the others first: else a flow that pauses would always be new and go before them.
      if (flow.state == Flow::State::fresh && old_.first != k_none) {
        append(old_, number);
      } else {
        flow.state = Flow::State::idle;
      }
    }
  }
  return std::span<const SegmentedPacket>(taken_).first(count);
}

std::uint64_t InnerQueue::take_dropped() { return std::exchange(dropped_, 0); }

/// Room for the largest packet, behind the newest one.
ByteSpan InnerQueue::make_room() {
  while (!has_room()) {
    dropped_ += pop(slots_[first_slot_].flow).count();
    release_taken();
  }
  return {bytes_.get() + end_, k_packet_max};
}

/// Moves the end to the front of the ring where that makes room.
bool InnerQueue::has_room() {
  if (slots_used_ == 0) {
    end_ = first_slot_ = 0;
    return true;
  }
  if (slots_used_ == k_slots) return false;
  const std::size_t begin = slots_[first_slot_].offset;
  // The end never catches up with the beginning: equal would look like empty.
  if (end_ < begin) return begin - end_ > k_packet_max;
  if (k_ring_bytes - end_ >= k_packet_max) return true;
  if (begin <= k_packet_max) return false;
  end_ = 0;
  return true;
}

bool InnerQueue::is_over_its_share(const Flow& flow) const {
  return flow.packets > 2 * (k_slots - slots_used_) || flow.bytes > 2 * free_bytes();
}

std::size_t InnerQueue::free_bytes() const {
  if (slots_used_ == 0) return k_ring_bytes;
  const std::size_t begin = slots_[first_slot_].offset;
  return end_ < begin ? begin - end_ : k_ring_bytes - (end_ - begin);
}

void InnerQueue::release_taken() {
  while (slots_used_ != 0 && !slots_[first_slot_].waits) {
    first_slot_ = (first_slot_ + 1) % k_slots;
    --slots_used_;
  }
}

void InnerQueue::push(const SegmentedPacket& packet, std::uint16_t number) {
  const auto slot = static_cast<std::uint16_t>((first_slot_ + slots_used_++) % k_slots);
  slots_[slot] = {.packet = packet,
                  .offset = static_cast<std::uint32_t>(end_),
                  .flow = number,
                  .next = k_none,
                  .waits = true};
  end_ += packet.packet().size();
  ++waiting_;
  Flow& flow = flows_[number];
  (flow.first == k_none ? flow.first : slots_[flow.last].next) = slot;
  flow.last = slot;
  ++flow.packets;
  flow.bytes += static_cast<std::uint32_t>(packet.packet().size());
  if (flow.state != Flow::State::idle) return;
  flow.state = Flow::State::fresh;
  flow.deficit = k_quantum;
  append(fresh_, number);
}

/// The first packet of a flow; its bytes stay until the slot is released.
SegmentedPacket InnerQueue::pop(std::uint16_t flow) {
  Flow& from = flows_[flow];
  WEIR_ASSERT(from.first != k_none, "a flow without packets");
  Slot& slot = slots_[from.first];
  from.first = slot.next;
  --from.packets;
  from.bytes -= static_cast<std::uint32_t>(slot.packet.packet().size());
  slot.waits = false;
  --waiting_;
  return slot.packet;
}

void InnerQueue::append(Flows& list, std::uint16_t flow) {
  flows_[flow].next = k_none;
  if (&list == &old_) flows_[flow].state = Flow::State::old;
  (list.first == k_none ? list.first : flows_[list.last].next) = flow;
  list.last = flow;
}

std::uint16_t InnerQueue::remove_first(Flows& list) {
  const std::uint16_t flow = list.first;
  list.first = flows_[flow].next;
  return flow;
}

}  // namespace weir
