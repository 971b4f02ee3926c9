#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/model/request_policy.h"
#include "common/model/service_policy.h"

namespace weir::controller {

/// Which endpoints of which regions a balancer may choose from.
enum class EndpointScope {
  mesh,    // every region that residency permits
  nearest  // the nearest permitted region in which somebody is ready
};

/// Every source's ready endpoints, as its health checks see them, numbered for quick drawing.
/// Shared by the balancers that choose an endpoint for each request.
///
///   cost   `on_members` O(endpoints of the mesh); everything else O(1), without allocation
class EndpointTable {
 public:
  EndpointTable(const ServiceSetting& setting, EndpointScope scope);

  void on_members(std::uint32_t source, std::uint32_t region, std::span<const char> ready);

  /// The endpoints `source` may choose from.
  std::span<const RequestTarget> ready(std::uint32_t source) const { return ready_[source]; }
  bool is_ready(std::uint32_t source, RequestTarget target) const;

  /// A number for the endpoint, the same as long as the table lives; below `slots()`. A target
  /// without an endpoint, or out of the table, has none: `k_no_slot`.
  static constexpr std::uint32_t k_no_slot = UINT32_MAX;
  std::uint32_t slot(RequestTarget target) const;
  std::uint32_t slots() const { return k_endpoints_max * regions_; }

  /// Where a request goes when nobody is ready: the nearest permitted region, any endpoint.
  RequestTarget last_resort(std::uint32_t source) const {
    return {.region = order_[source].front()};
  }

  std::uint32_t sources() const { return regions_; }

  /// Endpoints of one region beyond this many are left to the region.
  static constexpr std::uint32_t k_endpoints_max = 512;

 private:
  void rebuild(std::uint32_t source);

  const std::uint32_t regions_;
  const EndpointScope scope_;
  std::vector<std::vector<std::uint32_t>> order_;  // by source: permitted regions, nearest first
  Grid<std::vector<char>> members_;                // by source and region
  std::vector<std::vector<RequestTarget>> ready_;  // by source
};

/// Two different endpoints drawn evenly; the same twice where there is only one.
struct TwoTargets {
  RequestTarget first;
  RequestTarget second;
};
TwoTargets draw_two(std::span<const RequestTarget> targets, Rng& rng);

}  // namespace weir::controller
