#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/service_policy.h"
#include "controller/simulate/distribution.h"

namespace weir::controller {

/// One service on one mesh, what its clients want, and what goes wrong when: everything a
/// simulation needs but its seed. Region number i is source i and destination i. Times are
/// milliseconds since the start, rates per second, shares 0 to 1.

/// How the rate of a source departs from its base: all shapes of a source are multiplied.
struct DemandShape {
  enum class Kind {
    constant,   // `level`
    sine,       // 1 + amplitude * sin(2 pi (t + phase_ms) / period_ms)
    surge,      // 1, from `at_ms` up to `level` within `rise_ms`, for `hold_ms`, back in `fall_ms`
    piecewise,  // straight lines between `points`
    trace,      // `values`, each for `step_ms`, from `phase_ms` on, round and round
  };
  struct Point {
    double t_ms = 0;
    double factor = 1;
    friend bool operator==(const Point&, const Point&) = default;
  };
  Kind kind = Kind::constant;
  double level = 1;
  double amplitude = 0;
  double period_ms = 60'000;
  double phase_ms = 0;
  double at_ms = 0;
  double rise_ms = 0;
  double hold_ms = 0;
  double fall_ms = 0;
  std::vector<Point> points = {};
  double step_ms = 1000;
  std::vector<double> values = {};
  friend bool operator==(const DemandShape&, const DemandShape&) = default;
};

/// How irregular arrivals are around the rate.
struct Arrivals {
  enum class Kind {
    poisson,
    gamma,  // independent gaps with the squared coefficient of variation `cv2`
    mmpp,   // Poisson whose rate is `burst` times as high for `burst_share` of the time
  };
  Kind kind = Kind::poisson;
  double cv2 = 4;
  double burst = 3;
  double burst_share = 0.2;
  double burst_ms = 500;  // mean length of a burst
  friend bool operator==(const Arrivals&, const Arrivals&) = default;
};

struct SourceDemand {
  double rps = 0;
  std::vector<DemandShape> shapes = {};
  friend bool operator==(const SourceDemand&, const SourceDemand&) = default;
};

/// What serves in one region; `endpoints` 0: nothing.
struct Servers {
  std::uint32_t endpoints = 0;
  std::uint32_t workers = 4;         // of one endpoint
  double speed = 1;                  // 2: half the service time
  double declared_rps = k_unknown;   // what the operator says all of them carry
  bool declares_concurrency = true;  // tells `workers` to the policy
  friend bool operator==(const Servers&, const Servers&) = default;
};

/// One way from a region to another.
struct PathSpec {
  double rtt_ms = 1;  // median, there and back
  double loss = 0;    // of a packet, one way
  double cost_per_gb = 0;
  friend bool operator==(const PathSpec&, const PathSpec&) = default;
};

/// The trip times around half the median round trip: factors whose median is about 1.
struct Jitter {
  Distribution shape{.kind = Distribution::Kind::lognormal, .mean = 1.01, .cv = 0.1};
  double retransmit_ms = 200;  // least wait after a lost packet, doubled with each further loss
  friend bool operator==(const Jitter&, const Jitter&) = default;
};

struct ServiceModel {
  enum class Discipline {
    fifo,     // a worker does one request after the other
    sharing,  // all requests at an endpoint share its workers (processor sharing)
  };
  ServiceName service{"sim/service"};
  Distribution time{.mean = 40};
  Discipline discipline = Discipline::fifo;
  std::uint32_t queue_limit = 60;    // of one endpoint, beyond its workers; more is refused
  double error_share = 0;            // of requests answered with an error anyhow
  double request_timeout_ms = 5000;  // at the source, each attempt
  bool drops_abandoned = false;      // a queued request is not begun once its source gave up
  double kb_per_request = 0;
};

/// What the gateway does about a refusal: elsewhere at once, as long as the budget lasts.
struct Retries {
  std::uint32_t most = 1;
  bool on_errors = false;   // also about an error answer, not only about a refusal
  double budget = 0.2;      // retries a source may earn per request
  double budget_most = 20;  // and save up
  friend bool operator==(const Retries&, const Retries&) = default;
};

/// Checks inside a region, and what the sources do about paths (docs: agent/health, agent/paths).
struct Health {
  double interval_ms = 1000;
  double timeout_ms = 500;  // until a check of a silent server has failed
  std::uint32_t rise = 2;
  std::uint32_t fall = 3;
  double path_detect_ms = 300;  // from a cut path to its sources knowing
  double hold_ms = 5000;        // a destination stays away after its path is back
  double ramp_ms = 5000;        // and over how long it gets its weight back
  double spill_below = 1;       // a destination's weight shrinks with its ready share below this
  friend bool operator==(const Health&, const Health&) = default;
};

/// What a new or restarted server needs before it is as good as the others.
struct Start {
  double cold_ms = 2000;    // until it answers at all
  double warm_ms = 0;       // over which its speed rises
  double warm_speed = 0.5;  // from this share of the full one
  friend bool operator==(const Start&, const Start&) = default;
};

/// Follows the load of each region by itself, like a horizontal pod autoscaler.
struct Autoscaling {
  bool on = false;
  double target = 0.6;        // utilization
  double period_ms = 15'000;  // between two looks
  double delay_ms = 30'000;   // until a wanted server begins its cold start
  double calm_ms = 60'000;    // no server is taken away before the need was lower for this long
  double least = 0.5;         // of the endpoints at the start
  double most = 2;
  friend bool operator==(const Autoscaling&, const Autoscaling&) = default;
};

/// Something that happens at `at_ms` and, where that makes sense, is over after `for_ms`.
struct Incident {
  enum class Kind {
    brown_out,    // `share` of the endpoints of `regions` take `factor` times as long
    noisy,        // the same, on and off: on for `on_ms`, off for `off_ms`, both exponential
    hardware,     // all endpoints of `regions` take `factor` times as long (below 1: faster)
    crash,        // `share` of the endpoints die, and restart when it is over; `silent`: whole
                  // machines, so that connections are not even refused
    region_cut,   // no packet to or from `regions`; their clients go, or to the nearest region
    path_change,  // paths between `regions` and `peers` take `factor` times as long
    path_loss,    // they lose `share` of the packets
    path_cut,     // they lose everything
    deploy,       // endpoints of `regions` restart, `share` of them at a time
    errors,       // `share` of the answers of `regions` are errors, after `factor` of the time
    late,         // `what` arrives `intervals` later
    missing,      // `what` does not arrive
    wrong,        // the servers' utilization, in flight and queue arrive times `factor`
    rogue,        // as `errors`, while its agent reports perfect health
  };
  enum class What { servers, sources, paths, all };
  Kind kind = Kind::brown_out;
  double at_ms = 0;
  double for_ms = 0;  // 0: to the end
  std::vector<std::uint32_t> regions = {};
  std::vector<std::uint32_t> peers = {};  // other ends of the paths; empty: every region
  double share = 1;
  double factor = 1;
  double on_ms = 5000;
  double off_ms = 5000;
  std::uint32_t intervals = 1;
  What what = What::servers;
  bool silent = false;              // crash
  bool clients_move = true;         // region_cut
  bool lies_about_clients = false;  // rogue: what its own clients got as well
  friend bool operator==(const Incident&, const Incident&) = default;
};

inline constexpr std::size_t k_objectives = 3;  // tight, middle, wide

struct Scenario {
  std::string name;
  double duration_ms = 120'000;
  double warm_up_ms = 20'000;  // before it nothing counts in the result
  double interval_ms = 1000;
  double publish_ms = 200;  // from an observation to the weights of its wish in force

  std::vector<RegionName> regions;
  Grid<PathSpec> paths;
  Jitter jitter;
  std::vector<Servers> servers;
  std::vector<SourceDemand> demand;
  Arrivals arrivals;
  ServiceModel model;
  Retries retries;
  Health health;
  Start start;
  Autoscaling autoscaling;
  std::vector<Incident> incidents;

  std::array<double, k_objectives> objectives_ms{200, 250, 350};
  std::size_t objective = 1;  // the one the service is steered for
  Goal goal = Goal::goodput;
  double keep_in_slo = 0.99;  // of the cost goal
  bool may_shed = false;
  double min_share = 0.01;
  double max_step = 0.2;
  double max_cost_per_hour = k_unknown;
  Grid<char> allowed;           // by residency; empty: everything that is served
  Grid<double> static_weights;  // empty: 130 for the own region, 100 for others

  std::size_t size() const { return regions.size(); }
};

/// Everything that is wrong with it, one complaint a line, so that a scenario without any can be
/// simulated. Errors: invalid_argument.
Status check(const Scenario& scenario);

/// What a policy of this scenario's service is told before it starts.
ServiceSetting setting_of(const Scenario& scenario);

/// Requests a second that all servers together finish when every worker is always busy.
double capacity_rps(const Scenario& scenario);

}  // namespace weir::controller
