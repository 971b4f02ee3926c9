#include "controller/policy/rivals/rivals.h"

#include <utility>

#include "controller/policy/rivals/fixed_weights.h"
#include "controller/policy/rivals/grpc_wrr.h"
#include "controller/policy/rivals/l3.h"
#include "controller/policy/rivals/load_aware_locality.h"
#include "controller/policy/rivals/locality_failover.h"
#include "controller/policy/rivals/request_rivals.h"
#include "controller/policy/rivals/rings.h"
#include "controller/policy/rivals/slate.h"
#include "controller/policy/rivals/waterfall.h"

namespace weir::controller {
namespace {

using Made = Result<std::unique_ptr<ServicePolicy>>;

void add_fixed(PolicyCatalog& catalog, std::string_view name, std::string_view summary,
               FixedRule rule) {
  catalog.add({.name = name,
               .summary = summary,
               .tunables = {},
               .make = [name, rule](const ServiceSetting& setting, const PolicyMaterial&) -> Made {
                 return std::make_unique<FixedWeights>(setting, name, rule);
               }});
}

const Tunable k_demand_weight = {.name = "demand_weight",
                                 .standard = 0.4,
                                 .low = 0.1,
                                 .high = 1,
                                 .meaning = "of the newest demand in its mean"};
const Tunable k_learn_tau = {.name = "learn_tau_s",
                             .standard = 5,
                             .low = 1,
                             .high = 30,
                             .by_factors = true,
                             .meaning = "time constant of the learned capacity"};

void add_locality_failover(PolicyCatalog& catalog) {
  catalog.add({.name = "locality-failover",
               .summary = "Envoy's priority levels, one per region by round-trip time",
               .tunables = {{.name = "overprovisioning",
                             .standard = 1.4,
                             .low = 1,
                             .high = 2,
                             .meaning = "factor on the healthy share"}},
               .make = [](const ServiceSetting& setting, const PolicyMaterial& material) -> Made {
                 LocalityFailoverOptions options;
                 options.overprovisioning = material.tuning["overprovisioning"];
                 return std::make_unique<LocalityFailover>(setting, options);
               }});
}

void add_waterfall(PolicyCatalog& catalog, std::string_view name, std::string_view summary,
                   double threshold, CapacitySource capacity) {
  catalog.add({.name = name,
               .summary = summary,
               .tunables = {{.name = "threshold",
                             .standard = threshold,
                             .low = 0.4,
                             .high = 1.2,
                             .meaning = "share of its capacity a destination is filled to"},
                            k_demand_weight,
                            k_learn_tau},
               .make = [name, capacity](const ServiceSetting& setting,
                                        const PolicyMaterial& material) -> Made {
                 WaterfallOptions options;
                 options.threshold = material.tuning["threshold"];
                 options.capacity = capacity;
                 options.demand_weight = material.tuning["demand_weight"];
                 options.learn_tau_s = material.tuning["learn_tau_s"];
                 return std::make_unique<Waterfall>(setting, name, options);
               }});
}

void add_rings(PolicyCatalog& catalog) {
  catalog.add({.name = "rings",
               .summary = "ServiceRouter's locality rings, next ring above 75 % load",
               .tunables = {{.name = "threshold",
                             .standard = 0.75,
                             .low = 0.4,
                             .high = 1.1,
                             .meaning = "load at which the next ring is used"},
                            {.name = "first_ring_ms",
                             .standard = 35,
                             .low = 5,
                             .high = 80,
                             .meaning = "round-trip time up to which a region is in ring 1"},
                            {.name = "second_ring_ms",
                             .standard = 80,
                             .low = 40,
                             .high = 250,
                             .meaning = "and in ring 2"},
                            k_demand_weight,
                            k_learn_tau},
               .make = [](const ServiceSetting& setting, const PolicyMaterial& material) -> Made {
                 RingsOptions options;
                 options.threshold = material.tuning["threshold"];
                 options.first_ring_ms = material.tuning["first_ring_ms"];
                 options.second_ring_ms = material.tuning["second_ring_ms"];
                 options.demand_weight = material.tuning["demand_weight"];
                 options.learn_tau_s = material.tuning["learn_tau_s"];
                 return std::make_unique<Rings>(setting, options);
               }});
}

void add_load_aware(PolicyCatalog& catalog) {
  catalog.add({.name = "envoy-load-aware-locality",
               .summary = "Envoy's load-aware locality picker, by reported utilisation",
               .tunables = {{.name = "variance_threshold",
                             .standard = 0.1,
                             .low = 0,
                             .high = 0.6,
                             .meaning = "how much busier the own region may be"},
                            {.name = "smoothing_s",
                             .standard = 5,
                             .low = 0.5,
                             .high = 20,
                             .by_factors = true,
                             .meaning = "time constant of the utilisation"},
                            {.name = "probe_share",
                             .standard = 0.03,
                             .low = 0.005,
                             .high = 0.1,
                             .by_factors = true,
                             .meaning = "of the traffic, always sent to other regions"}},
               .make = [](const ServiceSetting& setting, const PolicyMaterial& material) -> Made {
                 LoadAwareLocalityOptions options;
                 options.variance_threshold = material.tuning["variance_threshold"];
                 options.smoothing_s = material.tuning["smoothing_s"];
                 options.probe_share = material.tuning["probe_share"];
                 return std::make_unique<LoadAwareLocality>(setting, options);
               }});
}

void add_grpc_wrr(PolicyCatalog& catalog) {
  catalog.add({.name = "grpc-wrr",
               .summary = "gRPC's weighted round robin by reported load (A58)",
               .tunables = {{.name = "blackout_s",
                             .standard = 10,
                             .low = 1,
                             .high = 30,
                             .by_factors = true,
                             .meaning = "how long reports are gathered before they count"},
                            {.name = "error_penalty",
                             .standard = 1,
                             .low = 0,
                             .high = 10,
                             .meaning = "of the error share, in utilisation"}},
               .make = [](const ServiceSetting& setting, const PolicyMaterial& material) -> Made {
                 GrpcWrrOptions options;
                 options.blackout_s = material.tuning["blackout_s"];
                 options.error_penalty = material.tuning["error_penalty"];
                 return std::make_unique<GrpcWrr>(setting, options);
               }});
}

void add_l3(PolicyCatalog& catalog, std::string_view name, std::string_view summary,
            L3Score score) {
  catalog.add(
      {.name = name,
       .summary = summary,
       .tunables = {{.name = "period_s",
                     .standard = 5,
                     .low = 1,
                     .high = 10,
                     .by_factors = true,
                     .meaning = "between two sets of weights"},
                    {.name = "latency_tau_s",
                     .standard = 5,
                     .low = 1,
                     .high = 20,
                     .by_factors = true,
                     .meaning = "time constant of P99 and in flight"},
                    {.name = "rate_tau_s",
                     .standard = 10,
                     .low = 1,
                     .high = 30,
                     .by_factors = true,
                     .meaning = "time constant of rate and success"},
                    {.name = "failure_penalty_s",
                     .standard = 0.6,
                     .low = 0,
                     .high = 3,
                     .meaning = "latency a failed try is worth"},
                    {.name = "rate_control",
                     .standard = 1,
                     .low = 0,
                     .high = 1,
                     .meaning = "above 0.5: on"}},
       .make = [score](const ServiceSetting& setting, const PolicyMaterial& material) -> Made {
         L3Options options;
         options.score = score;
         options.period_s = material.tuning["period_s"];
         options.latency_tau_s = material.tuning["latency_tau_s"];
         options.rate_tau_s = material.tuning["rate_tau_s"];
         options.failure_penalty_s = material.tuning["failure_penalty_s"];
         options.rate_control = material.tuning["rate_control"] > 0.5;
         return std::make_unique<L3>(setting, options);
       }});
}

void add_slate(PolicyCatalog& catalog, std::string_view name, std::string_view summary,
               bool continuous) {
  catalog.add({.name = name,
               .summary = summary,
               .tunables = {{.name = "period_s",
                             .standard = 5,
                             .low = 1,
                             .high = 10,
                             .by_factors = true,
                             .meaning = "between two optimisations"},
                            {.name = "climb_step",
                             .standard = 0.1,
                             .low = 0,
                             .high = 0.2,
                             .meaning = "share moved by a local trial; below 0.01: none"},
                            {.name = "different",
                             .standard = 0.1,
                             .low = 0.01,
                             .high = 0.3,
                             .by_factors = true,
                             .meaning = "change of a share that replaces the rules"},
                            {.name = "memory_s",
                             .standard = 30,
                             .low = 3,
                             .high = 120,
                             .by_factors = true,
                             .meaning = "how long a latency sample counts"},
                            {.name = "full_load_factor",
                             .standard = 3,
                             .low = 1.2,
                             .high = 10,
                             .by_factors = true,
                             .meaning = "latency at full load over idle, before samples"},
                            {.name = "limit",
                             .standard = 0.95,
                             .low = 0.6,
                             .high = 1.1,
                             .meaning = "of a destination's capacity that may be used"},
                            k_demand_weight,
                            k_learn_tau},
               .make = [name, continuous](const ServiceSetting& setting,
                                          const PolicyMaterial& material) -> Made {
                 const double step = material.tuning["climb_step"];
                 SlateOptions options;
                 options.profile.continuous = continuous;
                 options.profile.memory_s = material.tuning["memory_s"];
                 options.profile.full_load_factor = material.tuning["full_load_factor"];
                 options.climb.step = step < 0.01 ? 0 : step;
                 options.period_s = material.tuning["period_s"];
                 options.different = material.tuning["different"];
                 options.limit = material.tuning["limit"];
                 options.demand_weight = material.tuning["demand_weight"];
                 options.learn_tau_s = material.tuning["learn_tau_s"];
                 return std::make_unique<Slate>(setting, name, options);
               }});
}

}  // namespace

void add_rivals(PolicyCatalog& catalog) {
  add_fixed(catalog, "static", "the configured weights", FixedRule::configured);
  add_fixed(catalog, "wrr-nearby130", "own region 130, others 100", FixedRule::nearby);
  add_fixed(catalog, "wrr-capacity", "by ready endpoints", FixedRule::capacity);
  add_fixed(catalog, "local-only", "the nearest region that works", FixedRule::local_only);
  add_fixed(catalog, "random", "every region the same", FixedRule::random);
  add_locality_failover(catalog);
  add_waterfall(catalog, "waterfall",
                "own region up to 80 % of the declared capacity, then nearest", 0.8,
                CapacitySource::declared);
  add_waterfall(catalog, "waterfall-100", "the same up to 100 %", 1.0, CapacitySource::declared);
  add_waterfall(catalog, "waterfall-learned", "the same by a capacity learned from load reports",
                0.8, CapacitySource::learned);
  add_rings(catalog);
  add_load_aware(catalog);
  add_grpc_wrr(catalog);
  add_l3(catalog, "l3", "L3: P99 and in flight, each source by itself", L3Score::l3);
  add_l3(catalog, "c3", "C3's cubic score, as L3's authors ran it", L3Score::c3);
  add_slate(catalog, "slate-static", "SLATE: least mean latency by a model frozen at the start",
            false);
  add_slate(catalog, "slate-continuous", "SLATE: the model is refitted all the time", true);
  add_request_rivals(catalog);
}

}  // namespace weir::controller
