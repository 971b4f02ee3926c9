#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/units.h"

namespace weir {

enum class Protocol { tcp, http };

/// How an agent finds out whether one server of its cluster works.
struct HealthCheckSpec {
  enum class Kind { none, tcp, http, grpc, exec };
  Kind kind = Kind::tcp;
  std::chrono::milliseconds interval{1000};
  std::chrono::milliseconds timeout{500};
  int rise = 2;       // successes in a row until up
  int fall = 3;       // failures in a row until down
  Ratio jitter{0.1};  // each interval is shortened or lengthened by up to this share

  std::string http_path = "/";
  std::string http_host;  // empty: the endpoint's address
  int http_status_min = 200;
  int http_status_max = 399;
  std::string http_body_contains;  // empty: any body
  std::string http_header_name;    // empty: any headers
  std::string http_header_value;
  std::string grpc_service;            // of grpc.health.v1; empty: the whole server
  std::vector<std::string> exec_argv;  // "ADDRESS:PORT" is added as the last argument

  friend bool operator==(const HealthCheckSpec&, const HealthCheckSpec&) = default;
};

/// A destination's weight for one source: 0 to 10000, 100 is neutral.
struct Weight {
  RegionName region;
  std::uint32_t weight = 0;
  friend bool operator==(const Weight&, const Weight&) = default;
};

/// How many requests one agent may have open at a destination at a time (common/routing/room.h).
struct InFlightLimit {
  RegionName region;
  std::uint32_t requests = 0;         // 1 to 10 million
  std::uint32_t overflow_weight = 0;  // 0 to 10000: how much rather those without room go here
  friend bool operator==(const InFlightLimit&, const InFlightLimit&) = default;
};

inline constexpr std::uint32_t k_in_flight_limit_max = 10'000'000;
inline constexpr std::uint32_t k_weight_neutral = 100;
inline constexpr std::uint32_t k_weight_nearby = 130;
inline constexpr std::uint32_t k_weight_max = 10000;

/// What a set of weights may never break; checked by the controller and again by the agent.
struct GuardSpec {
  std::vector<RegionName> residency;  // the only regions allowed for this source; empty: any
  Ratio min_share{0.01};
  Ratio max_step{1.0};  // largest change of one destination's share between two revisions
  friend bool operator==(const GuardSpec&, const GuardSpec&) = default;
};

/// When to leave a destination, where to go instead, how to come back.
struct FailoverSpec {
  std::vector<std::vector<RegionName>> tiers;  // empty: one tier with every region
  Ratio healthy_share_below{0.01};             // below it the destination is down
  Ratio spill_below{1.0};                      // below it its weight shrinks in proportion
  Ratio error_share_above{0};                  // 0: off
  std::uint32_t error_min_requests = 20;
  std::chrono::milliseconds error_window{2000};
  std::uint32_t max_in_flight = 0;  // per destination, from one agent; 0: no limit
  std::chrono::milliseconds hold{5000};
  std::chrono::milliseconds ramp{5000};
  friend bool operator==(const FailoverSpec&, const FailoverSpec&) = default;
};

/// One service as an agent enforces it for the requests that start in its region.
struct ServicePlan {
  ServiceName service;
  Protocol protocol = Protocol::http;
  std::uint16_t listen_port = 0;
  std::chrono::milliseconds objective{250};
  std::chrono::milliseconds connect_timeout{500};
  std::chrono::milliseconds request_timeout{5000};
  bool proxy_protocol = false;  // send PROXY v2 to the servers
  HealthCheckSpec health;
  std::vector<Weight> weights;
  /// What holds instead once no controller has been heard of for `weights_ttl`; empty or 0:
  /// `weights` hold for ever.
  std::vector<Weight> configured;
  std::chrono::seconds weights_ttl{0};
  /// With these `weights` only. A destination that is not named has no limit and takes no request
  /// that another one had no room for.
  std::vector<InFlightLimit> limits;
  GuardSpec guards;
  FailoverSpec failover;
  friend bool operator==(const ServicePlan&, const ServicePlan&) = default;
};

}  // namespace weir
