#pragma once

#include <vector>

#include "controller/policy/rivals/capacity_book.h"

namespace weir::controller {

/// Google's documentation of Cloud Service Mesh (service load-balancing policies) for the three
/// thresholds: a backend is full at 80 % of its target, a region under 25 % healthy is drained.
/// The demand's weight is the one of SLATE's runs.
struct WaterfallOptions {
  double threshold = 0.8;  // share of its capacity a destination is filled to
  CapacitySource capacity = CapacitySource::declared;
  double learn_tau_s = 5;
  double demand_weight = 0.4;  // of the newest demand in its mean
  double drain_below = 0.25;   // ready share under which a destination gets nothing
};

/// WATERFALL_BY_REGION as Google describes it and SLATE compares with: every source fills its own
/// region up to the threshold; what is left goes to the nearest region with room; what finds no
/// room anywhere stays in the own region (the nearest, where the own does not serve).
///
/// All sources fill at the same time in order of round-trip time, the shortest pair of regions
/// first, so that nobody is served first for the place of its name.
class Waterfall final : public ServicePolicy {
 public:
  Waterfall(const ServiceSetting& setting, std::string_view name, const WaterfallOptions& = {});

  std::string_view name() const override { return name_; }
  ServiceWish observe(const ServiceObservation& seen) override;

 private:
  const std::string_view name_;
  const WaterfallOptions options_;
  ServiceView view_;
  CapacityBook book_;
  std::vector<Smoothed> demand_;
};

/// The flows, in requests per second, of `demand` filled into `room` as above. Pairs that are not
/// usable get nothing. O(n^2 log n).
Grid<double> fill_waterfall(const ServiceView& view, const std::vector<double>& demand,
                            std::vector<double> room);

}  // namespace weir::controller
