#pragma once

#include <vector>

#include "controller/policy/rivals/capacity_book.h"

namespace weir::controller {

/// ServiceRouter (Saokar et al., OSDI 2023), section on locality rings. The spill threshold is the
/// paper's example; its ring limits are a setting per service there, those here are the ones of
/// section 5 of our comparison.
struct RingsOptions {
  double first_ring_ms = 35;
  double second_ring_ms = 80;
  double threshold = 0.75;
  CapacitySource capacity = CapacitySource::learned;  // the paper's load is what servers report
  double learn_tau_s = 5;
  double demand_weight = 0.4;
};

/// Rings of destinations by round-trip time: the own region, up to 35 ms, up to 80 ms, the rest.
/// Traffic stays in the smallest ring until its regions are loaded to the threshold, then the next
/// ring takes the excess; inside a ring it is spread by free capacity. The weights are computed for
/// all sources at once, as ServiceRouter's central part does. What finds no room in any ring is
/// spread over all by capacity.
class Rings final : public ServicePolicy {
 public:
  explicit Rings(const ServiceSetting& setting, const RingsOptions& options = {});

  std::string_view name() const override { return "rings"; }
  ServiceWish observe(const ServiceObservation& seen) override;

 private:
  std::size_t ring_of(std::size_t from, std::size_t to) const;
  void fill_ring(std::size_t ring, std::vector<double>& left, std::vector<double>& room,
                 Grid<double>& flows) const;

  const RingsOptions options_;
  ServiceView view_;
  CapacityBook book_;
  std::vector<Smoothed> demand_;
};

}  // namespace weir::controller
