#pragma once

#include <cstdint>
#include <optional>

#include "controller/simulate/distribution.h"
#include "controller/simulate/event_queue.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// The paths between regions as they are now. Several conditions may lie on one path at a time.
class Network {
 public:
  explicit Network(const Scenario& scenario);

  /// How long one way takes; nothing when the path is cut. `bits` is 32 random bits.
  std::optional<Ticks> trip(std::size_t from, std::size_t to, std::uint32_t bits) const {
    const Way& way = ways_(from, to);
    if (way.cuts > 0) return std::nullopt;
    const double ticks = way.half_ticks * jitter_.at(static_cast<std::uint64_t>(bits) << 32U);
    return static_cast<Ticks>(ticks) + (way.loss > 0 ? resent(way, bits) : 0);
  }

  bool up(std::size_t from, std::size_t to) const { return ways_(from, to).cuts == 0; }
  double rtt_ms(std::size_t from, std::size_t to) const;
  double loss(std::size_t from, std::size_t to) const { return ways_(from, to).loss; }
  /// A round trip as a measurement would see it.
  double sampled_rtt_ms(std::size_t from, std::size_t to, std::uint64_t bits) const;

  void lengthen(std::size_t from, std::size_t to, double factor);
  void add_loss(std::size_t from, std::size_t to, double share);
  void cut(std::size_t from, std::size_t to) { ++ways_(from, to).cuts; }
  void mend(std::size_t from, std::size_t to) { --ways_(from, to).cuts; }

 private:
  struct Way {
    double half_ticks = 0;  // half a round trip
    double loss = 0;
    int cuts = 0;
  };
  Ticks resent(const Way& way, std::uint32_t bits) const;

  Sampler jitter_;
  double retransmit_ticks_;
  Grid<Way> ways_;
};

}  // namespace weir::controller
