#include "controller/simulate/network.h"

#include <algorithm>

#include "common/sim/rng.h"

namespace weir::controller {

Network::Network(const Scenario& scenario)
    : jitter_(scenario.jitter.shape),
      retransmit_ticks_(scenario.jitter.retransmit_ms * 1e6),
      ways_(scenario.size(), scenario.size()) {
  for (std::size_t i = 0; i < ways_.cells().size(); ++i) {
    const PathSpec& path = scenario.paths.cells()[i];
    ways_.cells()[i] = {.half_ticks = path.rtt_ms * 0.5e6, .loss = path.loss, .cuts = 0};
  }
}

/// A packet that is lost comes again after the larger of the least wait and a round trip, doubled
/// each time (RFC 6298 in outline). Six losses in a row are the most that is followed.
Ticks Network::resent(const Way& way, std::uint32_t bits) const {
  Rng rng(bits);
  double wait = std::max(retransmit_ticks_, 2 * way.half_ticks);
  double sum = 0;
  for (int n = 0; n < 6 && rng.chance(way.loss); ++n, wait *= 2) sum += wait;
  return static_cast<Ticks>(sum);
}

double Network::rtt_ms(std::size_t from, std::size_t to) const {
  return (ways_(from, to).half_ticks + ways_(to, from).half_ticks) * 1e-6;
}

double Network::sampled_rtt_ms(std::size_t from, std::size_t to, std::uint64_t bits) const {
  return (ways_(from, to).half_ticks * jitter_.at(bits) +
          ways_(to, from).half_ticks * jitter_.at((bits << 32U) | (bits >> 32U))) *
         1e-6;
}

void Network::lengthen(std::size_t from, std::size_t to, double factor) {
  ways_(from, to).half_ticks *= factor;
}

void Network::add_loss(std::size_t from, std::size_t to, double share) {
  ways_(from, to).loss = std::clamp(ways_(from, to).loss + share, 0.0, 1.0);
}

}  // namespace weir::controller
