#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/time.h"
#include "common/model/observation.h"

namespace weir::agent {

/// What the STAMP packets of one path tell, over a sliding window.
///
/// A packet is settled once it is `loss_after` old, answered or not: counting answers sooner than
/// losses would flatter the path. Loss covers the settled packets sent in the last `window`,
/// percentiles and jitter every answer to one; `sent` and `received` count each packet in exactly
/// one call of `report`, so that reports can be added up.
///
/// One-way loss comes from the reflector's own count: between two answers it moved on by as many
/// requests as reached it.
///
/// Pure. Cost: 32 bytes for each of `packets`, 136 for the histogram; report O(packets in the
/// window).
class PathEstimator {
 public:
  struct Options {
    Duration window = std::chrono::seconds(10);
    Duration loss_after = std::chrono::seconds(1);
    std::size_t packets = 256;  // kept at most: a window's worth and what is not settled yet
  };

  explicit PathEstimator(const Options& options);

  /// A packet leaves; the answer names its sequence number, which is returned.
  std::uint32_t sent(Time now);

  /// When the packet with this sequence left; none when it is unknown, settled as lost, or answered
  /// already.
  std::optional<Time> sent_at(std::uint32_t sequence, Time now) const;

  /// Its answer, with the round trip and the reflector's count in it.
  void answered(std::uint32_t sequence, std::uint32_t reflector_sequence, Duration round_trip);

  /// Everything but `to`, `to_region` and `up`. Called once per reporting interval.
  PathWindow report(Time now);

 private:
  struct Packet {
    Time sent{};
    Duration round_trip{-1};  // below 0: not answered
    std::uint32_t reflector_sequence = 0;
    bool reported = false;
  };
  bool answered(const Packet& packet) const { return packet.round_trip >= Duration(0); }
  bool settled(const Packet& packet, Time now) const {
    return now - packet.sent >= options_.loss_after;
  }
  void drop_old(Time now);
  void fill_round_trips(PathWindow& window) const;
  void fill_loss(PathWindow& window, Time now) const;

  const Options options_;
  std::vector<Packet> packets_;  // ring by sequence, a power of two long
  std::uint32_t first_ = 0;      // the oldest kept
  std::uint32_t next_ = 0;
  RttHistogram since_start_;
};

}  // namespace weir::agent
