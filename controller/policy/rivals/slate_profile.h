#pragma once

#include <optional>
#include <vector>

#include "controller/policy/rivals/capacity_book.h"
#include "controller/policy/rivals/latency_curve.h"

namespace weir::controller {

struct SlateProfileOptions {
  bool continuous = true;
  double profile_s = 30;        // how long a static profile is fitted before it is frozen
  double memory_s = 30;         // age at which a sample has lost 63 % of its weight
  int exponent = 4;             // SLATE fits k = 2 or 4
  double full_load_factor = 3;  // latency at full load over that of an idle destination, a priori
  double prior_weight = 5;      // samples the a-priori curve counts for
};

/// SLATE's latency model of every destination, per ready endpoint, learned from what the sources
/// saw: their mean latency less the path, against the requests sent there.
///
/// Static: SLATE profiles offline, over a sweep of loads. A live mesh has no such sweep: the first
/// `profile_s` of traffic are fitted instead, with the declared capacity as the point of full load,
/// and then nothing more. Continuous: fitted for ever, old samples fading.
class SlateProfile {
 public:
  SlateProfile(const SlateProfileOptions& options, std::size_t n)
      : options_(options), fits_(n), idle_ms_(n, k_unknown) {}

  void learn(const ServiceView& view, const CapacityBook& book);

  /// Of the destination's whole load in requests per second.
  LatencyCurve curve(const ServiceView& view, std::size_t destination) const;

 private:
  const SlateProfileOptions options_;
  std::vector<std::optional<CurveFit>> fits_;
  std::vector<double> idle_ms_;  // least latency seen
  double learned_s_ = 0;
};

}  // namespace weir::controller
