#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/time.h"
#include "common/sim/rng.h"

namespace weir::netlab {

/// How one direction of a link treats packets.
struct LinkSettings {
  Duration delay{0};
  /// Added to or taken from `delay`, uniform; the sum is never below 0.
  Duration jitter{0};
  /// With jitter: let a packet overtake an earlier one. Off: each leaves after the one before it.
  bool reorder = false;
  /// Probabilities in [0, 1], independent from packet to packet.
  double loss = 0;
  double duplicate = 0;
  /// One bit of the packet is flipped.
  double corrupt = 0;
  /// 0: no limit. Above it packets queue, at most `queue` long, then they are dropped.
  std::uint64_t rate_bits_per_second = 0;
  Duration queue = std::chrono::milliseconds(50);
  /// Larger packets are lost and nobody is told, as behind a firewall that drops "fragmentation
  /// needed"; 0: any size passes.
  std::uint32_t mtu = 0;

  friend bool operator==(const LinkSettings&, const LinkSettings&) = default;
};

/// What becomes of one packet.
struct Passage {
  enum class Fate { passed, lost, queue_full };

  Fate fate = Fate::passed;
  /// When the packet (and its duplicate) come out at the far end; `copies` are valid.
  std::array<Time, 2> due{};
  std::size_t copies = 0;
  /// Which bit to flip, counted from the packet's first; negative: none.
  std::int64_t corrupted_bit = -1;
};

/// One direction of a link: settings and a seed in, fates of packets out. Pure.
///
/// The same seed, settings, sizes and times give the same fates. Settings may change between
/// packets; packets that already passed keep their times. Cost: O(1), no allocation.
class LinkModel {
 public:
  LinkModel(const LinkSettings& settings, std::uint64_t seed) : settings_(settings), rng_(seed) {}

  /// `bytes` > 0; `now` never goes back.
  Passage pass(std::size_t bytes, Time now);

  const LinkSettings& settings() const { return settings_; }
  void change(const LinkSettings& settings) { settings_ = settings; }
  /// What is in flight will not arrive: packets from now on wait for nothing before them.
  void forget_order() { last_due_ = {}; }

 private:
  /// `swing` in [-1, 1): how much of the jitter, and which way.
  Time arrival(Time departure, double swing);

  LinkSettings settings_;
  Rng rng_;
  Time sender_free_{};  // when the last accepted packet has left a link with a rate
  Time last_due_{};     // for the order
};

}  // namespace weir::netlab
