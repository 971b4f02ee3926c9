#pragma once

#include <cstdint>
#include <vector>

#include "common/base/ids.h"
#include "common/model/histogram.h"
#include "common/net/ip.h"

namespace weir::agent {

/// What the gateway sent to one destination since the last collection.
struct DestinationTraffic {
  ServiceName service;
  RegionName region;
  std::uint64_t started = 0;  // attempts: a retry counts at the second destination as well
  std::uint64_t ok = 0;       // answered with a status below 500; a relay or tunnel: opened
  std::uint64_t errors = 0;   // refused, broken off, 5xx; an open relay whose path was lost as well
  std::uint64_t timeouts = 0;          // no connection or no answer in time
  std::uint64_t within_objective = 0;  // ok and in time
  std::uint64_t retried = 0;           // failed here and tried elsewhere
  std::uint64_t chosen = 0;            // by the weights, wherever they went; without retries
  std::uint64_t overflow = 0;          // of those started: another one, chosen, had no room
  std::uint32_t in_flight = 0;
  std::uint32_t unanswered = 0;  // of those in flight: no open relay or tunnel
  // Of what ended ok, from the choice to the last byte; of a relay or tunnel, to its opening.
  LatencyHistogram latency;

  /// What came after it: counts add up, what is in flight takes the place of what was.
  void add(const DestinationTraffic& later) {
    started += later.started;
    ok += later.ok;
    errors += later.errors;
    timeouts += later.timeouts;
    within_objective += later.within_objective;
    retried += later.retried;
    chosen += later.chosen;
    overflow += later.overflow;
    in_flight = later.in_flight;
    unanswered = later.unanswered;
    latency.merge(later.latency);
  }
};

/// Requests and connections now open to one server of this cluster, from gateway and ingress.
struct EndpointTraffic {
  ServiceName service;
  Endpoint endpoint;
  std::uint32_t in_flight = 0;
};

struct GatewayTraffic {
  std::vector<DestinationTraffic> destinations;
  std::vector<EndpointTraffic> endpoints;
  std::uint64_t clients_accepted = 0;
  std::uint64_t clients_refused = 0;  // over the limit of connections
  std::uint64_t bad_requests = 0;     // heads and preambles that break the rules
};

/// What a request learned about a server of this cluster in passing.
struct EndpointSignal {
  enum class Kind { ok, refused, reset, timeout, garbage };
  ServiceName service;
  Endpoint endpoint;
  Kind kind = Kind::ok;
};

}  // namespace weir::agent
