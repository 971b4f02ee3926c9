// Whatever agents report and whatever a policy wishes, no weights leave the guards that break one:
// reports full of NaN, lies, zeros and gaps are shown to a policy, its wish is spoilt half of the
// time, and what then comes out of the guards is held against every rule.
//
// usage: scripts/bench guards [ROUNDS [POLICY]]        1000000 rounds of "learned" unless told

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/routing/cost_ceiling.h"
#include "common/routing/safe_set.h"
#include "common/sim/rng.h"
#include "controller/catalog/policies.h"
#include "controller/steer/wish_check.h"
#include "controller/steer/wish_proposal.h"

namespace weir::controller {
namespace {

constexpr double k_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double k_inf = std::numeric_limits<double>::infinity();
constexpr int k_life = 2000;  // rounds until other regions, guards and a new policy

/// A number as a broken or hostile agent may send it.
double hostile(Rng& rng, double usual) {
  switch (rng.below(12)) {
    case 0:
      return k_nan;
    case 1:
      return 0;
    case 2:
      return -usual;
    case 3:
      return rng.chance(0.5) ? k_inf : -k_inf;
    case 4:
      return usual * std::exp(rng.normal(0, 20));
    default:
      return usual * rng.unit() * 2;
  }
}

struct Life {
  ServiceSetting setting;
  std::vector<GuardSpec> guards;  // by source
  std::unique_ptr<ServicePolicy> policy;
  std::optional<CostCeiling> cost;
  std::map<RegionName, std::vector<Weight>> in_force;
};

Life new_life(Rng& rng, const PolicyKind& kind) {
  Life life;
  ServiceSetting& setting = life.setting;
  const std::size_t n = 2 + rng.below(4);
  setting.service = ServiceName("shop/web");
  for (std::size_t i = 0; i < n; ++i) setting.regions.emplace_back("r" + std::to_string(i));
  setting.slo_ms = hostile(rng, 250);
  setting.rtt_ms = Grid<double>(n, n, k_unknown);
  setting.cost_per_gb = Grid<double>(n, n, 0);
  setting.kb_per_request = hostile(rng, 100);
  for (double& price : setting.cost_per_gb.cells()) price = hostile(rng, 0.02);
  for (std::size_t i = 0; i < n; ++i) setting.cost_per_gb(i, i) = 0;
  if (rng.chance(0.5)) setting.max_cost_per_hour = 3 * rng.unit();
  setting.served_in.assign(n, {});
  for (ServedIn& served : setting.served_in) {
    served = {.endpoints = std::floor(4 * rng.unit()), .declared_rps = hostile(rng, 200)};
  }
  setting.static_weights = Grid<double>(n, n, 100);
  setting.allowed = Grid<char>(n, n, 1);
  setting.min_share = rng.chance(0.3) ? 0 : 0.05 * rng.unit();
  setting.max_step = rng.chance(0.5) ? 1 : std::max(setting.min_share, 0.05 + 0.5 * rng.unit());
  for (std::size_t s = 0; s < n; ++s) {
    GuardSpec guard{.residency = {},
                    .min_share = Ratio(setting.min_share),
                    .max_step = Ratio(setting.max_step)};
    if (rng.chance(0.5)) {
      const std::size_t kept = rng.below(n);
      for (std::size_t d = 0; d < n; ++d) {
        const bool permitted = d == kept || rng.chance(0.5);
        setting.allowed(s, d) = permitted ? 1 : 0;
        if (permitted) guard.residency.push_back(setting.regions[d]);
      }
    }
    life.guards.push_back(std::move(guard));
  }
  auto made = kind.make(setting, {.tuning = Tuning(kind.tunables), .seed = 1, .checkpoint = {}});
  if (!made) {
    fmt::print(stderr, "weir-bench-guards: {}\n", made.error().message());
    std::exit(2);
  }
  life.policy = *std::move(made);
  life.cost.emplace(setting);
  return life;
}

ServiceObservation reported(Rng& rng, const ServiceSetting& setting) {
  const std::size_t n = setting.size();
  ServiceObservation seen = ServiceObservation::blank(n);
  seen.t_ms = hostile(rng, 1e6);
  for (double& rate : seen.offered) rate = hostile(rng, 100);
  for (PairSeen& pair : seen.pairs.cells()) {
    if (rng.chance(0.2)) continue;
    pair = {.sent = hostile(rng, 50),
            .ok = hostile(rng, 50),
            .errors = hostile(rng, 5),
            .timeouts = hostile(rng, 5),
            .in_slo = hostile(rng, 50),
            .latency_mean_ms = hostile(rng, 60),
            .latency_p50_ms = hostile(rng, 50),
            .latency_p90_ms = hostile(rng, 90),
            .latency_p99_ms = hostile(rng, 200),
            .in_flight = hostile(rng, 10),
            .chosen = hostile(rng, 50)};
  }
  for (ServersSeen& servers : seen.servers) {
    servers = {.ready = hostile(rng, 3),
               .endpoints = hostile(rng, 3),
               .utilization = hostile(rng, 0.5),
               .in_flight = hostile(rng, 9),
               .queue = hostile(rng, 5)};
  }
  for (PathSeen& path : seen.paths.cells()) {
    path = {.rtt_ms = hostile(rng, 80), .loss = hostile(rng, 0.01), .up = rng.chance(0.9)};
  }
  return seen;
}

void spoil(Rng& rng, ServiceWish& wish) {
  for (double& share : wish.shares.cells()) {
    if (rng.chance(0.2)) share = hostile(rng, 1);
  }
  for (double& limit : wish.in_flight_limits.cells()) {
    if (rng.chance(0.2)) limit = hostile(rng, 30);
  }
  for (double& weight : wish.overflow_weights.cells()) {
    if (rng.chance(0.2)) weight = hostile(rng, 1);
  }
}

/// What would reach agents of the wish's limits.
std::string broken_limit(const ServiceWish& wish, const ServiceSetting& setting) {
  const auto proposals = proposals_of(wish, setting, "", WishLimits::kept,
                                      [](const RegionName&) { return InForce{}; });
  for (const WeightProposal& proposal : proposals) {
    const auto from = std::ranges::find(setting.regions, proposal.from) - setting.regions.begin();
    for (const InFlightLimit& limit : proposal.limits) {
      const auto to = std::ranges::find(setting.regions, limit.region) - setting.regions.begin();
      if (setting.allowed(static_cast<std::size_t>(from), static_cast<std::size_t>(to)) == 0) {
        return "a limit, and with it overflow, where none is allowed";
      }
      if (limit.requests < 1 || limit.requests > k_in_flight_limit_max) return "a limit of nothing";
      if (limit.overflow_weight > k_weight_max) return "an overflow weight above the largest";
    }
  }
  return {};
}

std::string broken_rule(const std::vector<Weight>& before, const SafeWeights& safe,
                        const GuardSpec& guard) {
  double sum = 0;
  for (const Weight& weight : safe.weights) {
    if (weight.weight > k_weight_max) return "a weight above the largest";
    const bool permitted =
        guard.residency.empty() || std::ranges::count(guard.residency, weight.region) > 0;
    if (!permitted) return "residency";
    sum += weight.weight;
  }
  if (sum == 0) return "nothing left";
  if (before.empty()) return {};
  double sum_before = 0;
  for (const Weight& weight : before) sum_before += weight.weight;
  const double rounding = static_cast<double>(safe.weights.size() + 1) / 10'000 * 2;
  for (std::size_t i = 0; i < before.size() && i < safe.weights.size(); ++i) {
    const double moved = safe.weights[i].weight / sum - before[i].weight / sum_before;
    if (std::abs(moved) > guard.max_step.value() + rounding) return "largest step";
  }
  return {};
}

int run(int rounds, const PolicyKind& kind) {
  Rng rng(20261126);
  Life life;
  int published = 0;
  int refused = 0;
  int cuts = 0;
  for (int round = 0; round < rounds; ++round) {
    if (round % k_life == 0) life = new_life(rng, kind);
    const ServiceObservation seen = reported(rng, life.setting);
    ServiceWish wish = life.policy->observe(seen);
    life.cost->observe(seen.offered);
    // The policy itself must never wish nonsense.
    if (const std::string flaw = flaw_of(wish, life.setting); !flaw.empty()) {
      fmt::print("guards: FAILED round={} the policy wished {}\n", round, flaw);
      return 1;
    }
    const bool spoilt = rng.chance(0.5);
    if (spoilt) spoil(rng, wish);
    if (!flaw_of(wish, life.setting).empty()) {
      ++refused;
      // As if nobody had looked: the guards alone must hold.
      if (wish.shares.rows() != life.setting.size()) continue;
    } else if (const auto broken = broken_limit(wish, life.setting); !broken.empty()) {
      fmt::print("guards: FAILED round={}: {}\n", round, broken);
      return 1;
    }
    const auto cut = life.cost->hold(wish.shares);
    cuts += cut ? 1 : 0;
    const double per_hour = life.cost->per_hour(wish.shares);
    if (!(cut && !cut->kept) && per_hour > life.setting.max_cost_per_hour * (1 + 1e-6) + 1e-9) {
      fmt::print("guards: FAILED round={}: {} an hour, at most {}\n", round, per_hour,
                 life.setting.max_cost_per_hour);
      return 1;
    }
    for (std::size_t from = 0; from < life.setting.size(); ++from) {
      std::vector<ProposedWeight> proposed;
      for (std::size_t to = 0; to < life.setting.size(); ++to) {
        proposed.push_back({life.setting.regions[to], 10'000 * wish.shares(from, to), ""});
      }
      auto& before = life.in_force[life.setting.regions[from]];
      const auto safe = to_safe_set(before, proposed, life.guards[from], life.setting.regions);
      const std::string broken =
          safe ? broken_rule(before, *safe, life.guards[from]) : safe.error().message();
      if (!broken.empty()) {
        fmt::print("guards: FAILED round={} from={}: {}\n", round, from, broken);
        return 1;
      }
      before = safe->weights;
      ++published;
    }
  }
  fmt::print("guards: ok policy={} rounds={} published={} wishes_refused={} cost_cuts={}\n",
             kind.name, rounds, published, refused, cuts);
  return 0;
}

}  // namespace
}  // namespace weir::controller

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 1'000'000;
  const std::string name = argc > 2 ? argv[2] : "learned";
  const auto catalog = weir::controller::all_policies();
  const auto* kind = catalog.find(name);
  if (kind == nullptr || rounds < 1) {
    fmt::print(stderr,
               "usage: scripts/bench guards [ROUNDS [POLICY]]; policies: weir-policy list\n");
    return 2;
  }
  return weir::controller::run(rounds, *kind);
}
