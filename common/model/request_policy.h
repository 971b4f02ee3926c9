#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/sim/rng.h"

namespace weir {

/// Where a request goes. `endpoint` k_any_endpoint: the region chooses, the less busy of two.
struct RequestTarget {
  static constexpr std::uint32_t k_any_endpoint = UINT32_MAX;
  std::uint32_t region = 0;
  std::uint32_t endpoint = k_any_endpoint;
};

/// What a probe of one endpoint brought back.
struct ProbeAnswer {
  RequestTarget from;            // the endpoint that answered
  double in_flight = 0;          // requests at the endpoint when it answered
  double server_latency_ms = 0;  // median of its recent answers near that many in flight
  double rtt_ms = 0;             // of the path the probe took
};

/// A balancer that decides request by request at the source (peak-EWMA, Prequal): it has no weights
/// to publish, so it cannot be a `ServicePolicy`. One object serves all sources and keeps their
/// states apart; what one source learns another does not see. Pure, seeded by the Rng it is given.
/// Hot: no allocation in `choose` and the two results.
class RequestPolicy {
 public:
  virtual ~RequestPolicy() = default;

  virtual std::string_view name() const = 0;

  /// Which endpoints of each region the source believes ready (health checks lag), on each change.
  virtual void on_members(std::uint32_t source, std::uint32_t region,
                          std::span<const char> ready) = 0;

  virtual RequestTarget choose(std::uint32_t source, double t_ms, Rng& rng) = 0;
  /// The request did not go where `choose` just said: the gateway knew better.
  virtual void on_not_sent(std::uint32_t /*source*/, RequestTarget /*target*/) {}

  /// Endpoints to probe because a request was sent; appended to `probes`.
  virtual void want_probes(std::uint32_t /*source*/, double /*t_ms*/, Rng& /*rng*/,
                           std::vector<RequestTarget>& /*probes*/) {}
  virtual void on_probe(std::uint32_t /*source*/, double /*t_ms*/, const ProbeAnswer& /*answer*/) {}

  /// The request ended, answered or not, as the source saw it.
  virtual void on_ended(std::uint32_t source, double t_ms, RequestTarget target, double latency_ms,
                        bool ok) = 0;
};

}  // namespace weir
