#include "common/tunnel/timer_queue.h"

#include <algorithm>

#include "common/tunnel/peer.h"

namespace weir {

Time PeerTimers::earliest() const { return *std::ranges::min_element(deadlines_); }

void TimerQueue::arm(Peer& peer, PeerTimer timer, Time when) {
  peer.timers.deadlines_[static_cast<std::size_t>(timer)] = when;
  if (when < peer.timers.queued_) requeue(peer, when);
}

void TimerQueue::disarm(Peer& peer, PeerTimer timer) {
  peer.timers.deadlines_[static_cast<std::size_t>(timer)] = Time::max();
}

void TimerQueue::disarm_all(Peer& peer) {
  peer.timers.deadlines_.fill(Time::max());
  requeue(peer, Time::max());
}

std::optional<Time> TimerQueue::next() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.begin()->when;
}

std::optional<TimerQueue::Due> TimerQueue::take_due(Time now) {
  while (!queue_.empty() && queue_.begin()->when <= now) {
    Peer& peer = *queue_.begin()->peer;
    auto& deadlines = peer.timers.deadlines_;
    const auto first = std::ranges::min_element(deadlines);
    if (*first > now) {
      requeue(peer, *first);
      continue;
    }
    *first = Time::max();
    requeue(peer, peer.timers.earliest());
    return Due{&peer, static_cast<PeerTimer>(first - deadlines.begin())};
  }
  return std::nullopt;
}

/// One place a peer; Time::max() is none. The node of the set is kept when there was one.
void TimerQueue::requeue(Peer& peer, Time when) {
  auto node = queue_.extract(Place{peer.timers.queued_, peer.slot, &peer});
  peer.timers.queued_ = when;
  if (when == Time::max()) return;
  const Place place{when, peer.slot, &peer};
  if (node.empty()) {
    queue_.insert(place);
  } else {
    node.value() = place;
    queue_.insert(std::move(node));
  }
}

}  // namespace weir
