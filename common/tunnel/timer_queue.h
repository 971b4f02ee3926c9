#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>

#include "common/base/time.h"

namespace weir {

struct Peer;

/// The five timers of a peer (whitepaper section 6).
enum class PeerTimer : std::uint8_t {
  retransmit,     ///< the initiation got no response
  keepalive,      ///< data was received and nothing was sent since
  new_handshake,  ///< data was sent and nothing was received since
  forget_keys,    ///< no new session for three times the life of one
  persistent,     ///< the configured keepalive
};
inline constexpr std::size_t k_peer_timers = 5;

/// One peer's deadlines, and when the queue will look at them.
class PeerTimers {
 public:
  bool armed(PeerTimer timer) const { return deadline(timer) != Time::max(); }
  Time deadline(PeerTimer timer) const { return deadlines_[static_cast<std::size_t>(timer)]; }
  Time earliest() const;

 private:
  friend class TimerQueue;
  std::array<Time, k_peer_timers> deadlines_{Time::max(), Time::max(), Time::max(), Time::max(),
                                             Time::max()};
  Time queued_ = Time::max();
};

/// All peers' timers. A deadline that moves later, the common case on the data path, costs one
/// store: the queue finds out when it looks. So it may wake for nothing, but never late.
///
///   cost   arm later or disarm: O(1); arm earlier: O(log n) without allocation once queued
class TimerQueue {
 public:
  void arm(Peer& peer, PeerTimer timer, Time when);
  void disarm(Peer& peer, PeerTimer timer);
  void disarm_all(Peer& peer);

  /// When to look next.
  std::optional<Time> next() const;

  struct Due {
    Peer* peer;
    PeerTimer timer;
  };
  /// Takes one timer that is due, disarmed by that; nothing when none is.
  std::optional<Due> take_due(Time now);

 private:
  void requeue(Peer& peer, Time when);

  struct Place {
    Time when;
    std::uint32_t slot;  ///< before the pointer, so that a run can be repeated
    Peer* peer;
    auto operator<=>(const Place&) const = default;
  };
  std::set<Place> queue_;
};

}  // namespace weir
