#pragma once

#include <vector>

#include "controller/policy/rivals/service_view.h"

namespace weir::controller {

/// Envoy's defaults: overprovisioning and panic threshold from its pages on priority levels and
/// panic (v1.29), outlier detection from outlier_detection.proto: a sweep every 10 s, 30 s out for
/// the first time, twice that for the second and so on up to 300 s, at most 10 % of the endpoints,
/// but one always; five failures in a row.
struct LocalityFailoverOptions {
  double overprovisioning = 1.4;
  double sweep_s = 10;
  double ejection_s = 30;
  double ejection_max_s = 300;
  double ejected_share_max = 0.1;
  double consecutive_failures = 5;
};

/// Envoy's priority levels, one level per region in order of round-trip time: a level takes traffic
/// in proportion to its health, healthy percent times the overprovisioning factor, whole percents,
/// and the next one takes the rest. Levels whose healths sum to less than 100 share in proportion.
///
///   health(P)  = min(100, 1.4 * 100 * healthy / endpoints)           (rounded down)
///   total      = min(100, sum of health)
///   load(P)    = min(100 - load of the levels above, health(P) * 100 / total)
///
/// Outliers: what a source sees is the failures of a region, not of an endpoint. The share that
/// failed is taken for the share of endpoints that fail always, and ejected within Envoy's limits
/// as long as they account for five failures in a row each.
class LocalityFailover final : public ServicePolicy {
 public:
  explicit LocalityFailover(const ServiceSetting& setting, const LocalityFailoverOptions& = {});

  std::string_view name() const override { return "locality-failover"; }
  ServiceWish observe(const ServiceObservation& seen) override;

 private:
  struct Outliers {
    double failed = 0;  // since the last sweep
    double ended = 0;
    double ejected = 0;  // endpoints out of the rotation
    double until_ms = 0;
    int times = 0;
  };
  void sweep();
  int health(std::size_t destination) const;

  const LocalityFailoverOptions options_;
  ServiceView view_;
  std::vector<Outliers> outliers_;
  double next_sweep_ms_ = k_unknown;
};

/// Percent of the traffic each level gets, by the levels' healths (percent, first level first).
/// Whole percents; what rounding leaves goes to the first level that has any health. All 0 when no
/// level has any.
std::vector<int> priority_loads(const std::vector<int>& healths);

}  // namespace weir::controller
