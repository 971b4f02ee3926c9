#include "agent/enforce/routing_table.h"

#include <algorithm>

namespace weir::agent {

std::shared_ptr<const ServiceRoutes> RoutingTable::find(const ServiceName& service) const {
  const auto found = std::ranges::lower_bound(
      services, service, {},
      [](const auto& routes) -> const ServiceName& { return routes->plan.service; });
  if (found == services.end() || (*found)->plan.service != service) return nullptr;
  return *found;
}

}  // namespace weir::agent
