#pragma once

#include <string_view>

#include "controller/policy/rivals/service_view.h"

namespace weir::controller {

/// Weights nobody adapts, but for health: a region with nobody ready, or behind a path that is
/// down, gets nothing, as every balancer with health checks does.
enum class FixedRule {
  configured,  // the setting's static weights
  nearby,      // own region 130, every other 100: the nearby preference of Polaris and Weir
  capacity,    // ready endpoints: weighted round robin by capacity, Google's SPRAY_TO_WORLD
  local_only,  // everything to the nearest region that works
  random,      // every region the same
};

class FixedWeights final : public ServicePolicy {
 public:
  FixedWeights(const ServiceSetting& setting, std::string_view name, FixedRule rule)
      : name_(name), rule_(rule), view_(setting) {}

  std::string_view name() const override { return name_; }
  ServiceWish observe(const ServiceObservation& seen) override;

 private:
  double weigh(std::size_t from, std::size_t to) const;

  const std::string_view name_;
  const FixedRule rule_;
  ServiceView view_;
};

}  // namespace weir::controller
