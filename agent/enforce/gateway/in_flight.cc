#include "agent/enforce/gateway/in_flight.h"

namespace weir::agent {

SharedCount InFlightCounts::of_target(const ServiceName& service, const Endpoint& address,
                                      bool ingress) {
  const std::lock_guard lock(mu_);
  return targets_[{service, address, ingress}];
}

SharedCount InFlightCounts::of_region(const ServiceName& service, const RegionName& region) {
  const std::lock_guard lock(mu_);
  return regions_[{service, region}];
}

SharedCount InFlightCounts::unanswered_of_region(const ServiceName& service,
                                                 const RegionName& region) {
  const std::lock_guard lock(mu_);
  return unanswered_[{service, region}];
}

std::vector<EndpointTraffic> InFlightCounts::servers() {
  const std::lock_guard lock(mu_);
  std::erase_if(targets_, [](const auto& entry) { return entry.second.alone(); });
  std::vector<EndpointTraffic> servers;
  for (const auto& [key, count] : targets_) {
    const auto& [service, address, ingress] = key;
    if (!ingress) servers.push_back({service, address, count});
  }
  return servers;
}

}  // namespace weir::agent
