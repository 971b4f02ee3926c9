// The seam for balancers that decide request by request.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/unit/controller/simulate/small_worlds.h"

namespace weir::controller {
namespace {

/// Sends everything to one place, probes it, and remembers what it was told.
class Watcher final : public RequestPolicy {
 public:
  explicit Watcher(RequestTarget target) : target_(target) {}
  std::string_view name() const override { return "watcher"; }
  void on_members(std::uint32_t source, std::uint32_t region,
                  std::span<const char> ready) override {
    const auto up = std::ranges::count(ready, 1);
    members[{source, region}] = static_cast<std::size_t>(up);
    fewest = std::min(fewest, static_cast<std::size_t>(up));
  }
  RequestTarget choose(std::uint32_t /*source*/, double t_ms, Rng& /*rng*/) override {
    EXPECT_GE(t_ms, last_ms);
    last_ms = t_ms;
    return target_;
  }
  void want_probes(std::uint32_t /*source*/, double /*t_ms*/, Rng& /*rng*/,
                   std::vector<RequestTarget>& probes) override {
    probes.push_back(target_);
  }
  void on_probe(std::uint32_t source, double /*t_ms*/, const ProbeAnswer& answer) override {
    ++probed;
    if (source == 0) {
      latency_ms = answer.server_latency_ms;
      rtt_ms += answer.rtt_ms;
      ++probed_from_first;
    }
  }
  void on_ended(std::uint32_t /*source*/, double /*t_ms*/, RequestTarget target, double /*latency*/,
                bool ok) override {
    ++(ok ? ended : failed);
    endpoints.insert(target.endpoint);
  }

  std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t> members;
  std::size_t fewest = 1000;
  std::uint64_t probed = 0;
  std::uint64_t probed_from_first = 0;
  std::uint64_t ended = 0;
  std::uint64_t failed = 0;
  double last_ms = 0;
  double latency_ms = 0;
  double rtt_ms = 0;
  std::set<std::uint32_t> endpoints;

 private:
  const RequestTarget target_;
};

TEST(ByRequest, EveryRequestGoesWhereThePolicySays) {
  Watcher policy({.region = 1, .endpoint = 2});
  const SimulationResult result = run(three_regions(0.05), 1, policy);
  EXPECT_EQ(result.policy, "watcher");
  EXPECT_EQ(result.pairs(0, 1).offered + result.pairs(1, 1).offered + result.pairs(2, 1).offered,
            result.total.offered);
  EXPECT_EQ(policy.ended, result.requests);
  EXPECT_EQ(policy.members.size(), 9U);
  EXPECT_EQ(policy.fewest, 4U);
}

TEST(ByRequest, ProbesTakeTheTripAndBringWhatTheServerRemembers) {
  Watcher policy({.region = 1, .endpoint = 2});
  const SimulationResult result = run(three_regions(0.05), 1, policy);
  EXPECT_NEAR(static_cast<double>(policy.probed), static_cast<double>(result.requests), 20);
  EXPECT_NEAR(policy.rtt_ms / static_cast<double>(policy.probed_from_first), 40.4, 1);
  EXPECT_GT(policy.latency_ms, 12);
  EXPECT_LT(policy.latency_ms, 40);
}

TEST(ByRequest, TheRegionChoosesWhenThePolicyLeavesTheServerOpen) {
  Watcher policy({.region = 1});
  run(three_regions(0.2), 1, policy);
  EXPECT_EQ(policy.endpoints.size(), 4U);
}

TEST(ByRequest, NewsOfMembersComesWhenTheirAgentKnows) {
  Scenario scenario = three_regions(0.05);
  scenario.incidents.push_back(
      {.kind = Incident::Kind::crash, .at_ms = 20'000, .for_ms = 0, .regions = {1}, .share = 0.5});
  Watcher policy({.region = 1});
  Simulation simulation(scenario, 1, {}, &policy);
  while (simulation.now_ms() < 20'000) simulation.advance();
  EXPECT_EQ((policy.members[{0, 1}]), 4U);
  while (simulation.now_ms() < 25'000) simulation.advance();
  EXPECT_EQ((policy.members[{0, 1}]), 2U);
}

TEST(ByRequest, AFailureIsTriedElsewhere) {
  Scenario scenario = three_regions(0.05);
  scenario.retries.budget = 1;
  scenario.incidents.push_back(
      {.kind = Incident::Kind::crash, .at_ms = 20'000, .for_ms = 0, .regions = {1}, .share = 1});
  Watcher policy({.region = 1});
  const SimulationResult result = run(scenario, 1, policy);
  EXPECT_GT(policy.failed, 0U);
  EXPECT_EQ(result.total.errors, 0U);
  EXPECT_GT(result.total.ok, 5000U);
}

}  // namespace
}  // namespace weir::controller
