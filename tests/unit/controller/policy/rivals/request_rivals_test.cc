#include <cmath>

#include "controller/policy/rivals/least_request.h"
#include "controller/policy/rivals/peak_ewma.h"
#include "controller/policy/rivals/prequal.h"
#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

constexpr std::uint32_t k_any = RequestTarget::k_any_endpoint;

void all_ready(RequestPolicy& policy, std::size_t regions, std::size_t endpoints) {
  const std::vector<char> ready(endpoints, 1);
  for (std::uint32_t from = 0; from < regions; ++from) {
    for (std::uint32_t to = 0; to < regions; ++to) policy.on_members(from, to, ready);
  }
}

bool same(RequestTarget a, RequestTarget b) {
  return a.region == b.region && a.endpoint == b.endpoint;
}

TEST(EndpointTable, OffersWhatIsReadyAndPermitted) {
  ServiceSetting setting = three_regions();
  setting.allowed(0, 1) = 0;
  EndpointTable table(setting, EndpointScope::mesh);
  table.on_members(0, 0, std::vector<char>{1, 0, 1});
  table.on_members(0, 1, std::vector<char>{1, 1, 1});
  table.on_members(0, 2, std::vector<char>{0, 1});
  ASSERT_EQ(table.ready(0).size(), 3U);
  EXPECT_TRUE(same(table.ready(0)[1], {0, 2}));
  EXPECT_TRUE(same(table.ready(0)[2], {2, 1}));
  EXPECT_FALSE(table.is_ready(0, {0, 1}));
  EXPECT_FALSE(table.is_ready(0, {0, k_any}));
  EXPECT_EQ(table.slot({9, 0}), EndpointTable::k_no_slot);
}

TEST(EndpointTable, StaysInTheNearestRegionWithSomebodyReady) {
  EndpointTable table(three_regions(), EndpointScope::nearest);
  table.on_members(0, 0, std::vector<char>{1, 1});
  table.on_members(0, 1, std::vector<char>{1, 1});
  table.on_members(0, 2, std::vector<char>{1, 1});
  EXPECT_EQ(table.ready(0).front().region, 0U);
  EXPECT_EQ(table.ready(0).size(), 2U);
  table.on_members(0, 0, std::vector<char>{0, 0});
  EXPECT_EQ(table.ready(0).front().region, 1U);
  EXPECT_EQ(table.ready(0).size(), 2U);
}

TEST(DrawTwo, GivesEveryPairOfDifferentOnesTheSameChance) {
  std::vector<RequestTarget> targets = {{0, 0}, {0, 1}, {0, 2}};
  Rng rng(1);
  std::vector<int> counts(9, 0);
  for (int i = 0; i < 60'000; ++i) {
    const TwoTargets two = draw_two(targets, rng);
    ++counts[two.first.endpoint * 3 + two.second.endpoint];
  }
  for (std::size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(counts[i], i % 4 == 0 ? 0 : 10'000, 400) << i;
  }
}

TEST(RequestRivals, FallBackToTheNearestRegionWhenNobodyIsReady) {
  ServiceSetting setting = three_regions();
  setting.allowed(0, 0) = 0;
  PeakEwma peak(setting, "peak", {});
  Prequal prequal(setting, "prequal", {});
  LeastRequest least(setting, "least", EndpointScope::mesh);
  Rng rng(1);
  for (RequestPolicy* policy :
       {static_cast<RequestPolicy*>(&peak), static_cast<RequestPolicy*>(&prequal),
        static_cast<RequestPolicy*>(&least)}) {
    const RequestTarget target = policy->choose(0, 0, rng);
    EXPECT_EQ(target.region, 1U);
    EXPECT_EQ(target.endpoint, k_any);
    policy->on_ended(0, 10, target, 10, true);
    policy->on_ended(77, 10, target, 10, true);
    policy->on_probe(0, 10, {.from = {99, 99}});
    std::vector<RequestTarget> probes;
    policy->want_probes(0, 10, rng, probes);
    EXPECT_TRUE(probes.empty());
  }
}

TEST(LeastRequest, TakesTheOneWithFewerUnderWay) {
  LeastRequest policy(one_region(), "least", EndpointScope::mesh);
  all_ready(policy, 1, 2);
  Rng rng(1);
  const RequestTarget first = policy.choose(0, 0, rng);
  for (int i = 0; i < 10; ++i) {
    const RequestTarget other = policy.choose(0, 0, rng);
    EXPECT_FALSE(same(other, first));
    policy.on_ended(0, 1, other, 1, true);
  }
}

TEST(PeakEwma, RisesAtOnceAndFallsSlowly) {
  PeakEwma policy(one_region(), "peak", {});
  all_ready(policy, 1, 2);
  const RequestTarget target{0, 0};
  policy.on_ended(0, 0, target, 50, true);
  EXPECT_NEAR(policy.score(0, target, 0), 50, 1e-9);
  policy.on_ended(0, 1000, target, 200, true);
  EXPECT_NEAR(policy.score(0, target, 1000), 200, 1e-9);
  policy.on_ended(0, 11'000, target, 100, true);
  const double expected = 200 * std::exp(-1) + 100 * (1 - std::exp(-1));
  EXPECT_NEAR(policy.score(0, target, 11'000), expected, 1e-9);
  EXPECT_NEAR(policy.score(0, target, 21'000), expected * std::exp(-1), 1e-9);
}

TEST(PeakEwma, WaitsForTheFirstAnswerOfANewEndpoint) {
  PeakEwma policy(one_region(), "peak", {});
  all_ready(policy, 1, 2);
  EXPECT_EQ(policy.score(0, {0, 1}, 0), 10);
  policy.on_ended(0, 0, {0, 0}, 500, true);
  Rng rng(1);
  EXPECT_TRUE(same(policy.choose(0, 0, rng), {0, 1}));
  EXPECT_GT(policy.score(0, {0, 1}, 0), 1e6);
  EXPECT_TRUE(same(policy.choose(0, 0, rng), {0, 0}));
  // One more under way doubles the cost.
  EXPECT_NEAR(policy.score(0, {0, 0}, 0), 1000, 1e-9);
}

TEST(PeakEwma, ForgetsARequestThatWentElsewhere) {
  PeakEwma policy(one_region(), "peak", {});
  all_ready(policy, 1, 1);
  Rng rng(1);
  policy.on_not_sent(0, policy.choose(0, 0, rng));
  EXPECT_EQ(policy.score(0, {0, 0}, 0), 10);
}

TEST(PeakEwma, LearnsForEachSourceByItself) {
  PeakEwma policy(three_regions(), "peak", {});
  all_ready(policy, 3, 2);
  policy.on_ended(0, 0, {1, 0}, 500, true);
  EXPECT_EQ(policy.score(1, {1, 0}, 0), 10);
}

TEST(InFlightQuantile, IsTheSmallestCountAtOrAboveTheShare) {
  InFlightQuantile seen;
  EXPECT_EQ(seen.at(0.84), 0);
  for (int count = 1; count <= 100; ++count) seen.add(count);
  EXPECT_EQ(seen.at(0.84), 84);
  for (int i = 0; i < 128; ++i) seen.add(7);
  EXPECT_EQ(seen.at(0.84), 7);
  seen.add(1e9);
  EXPECT_EQ(seen.at(1), 255);
}

ProbePool pool_of(const std::vector<ProbePool::Entry>& entries) {
  ProbePool pool(16);
  for (const auto& entry : entries) pool.add(entry);
  return pool;
}

TEST(ProbePool, PrefersTheQuickestOfTheColdAndTheEmptiestOfTheHot) {
  ProbePool mixed = pool_of({{.target = {0, 0}, .in_flight = 2, .latency_ms = 50, .uses_left = 1},
                             {.target = {0, 1}, .in_flight = 3, .latency_ms = 20, .uses_left = 1},
                             {.target = {0, 2}, .in_flight = 9, .latency_ms = 5, .uses_left = 1}});
  EXPECT_TRUE(same(mixed.best(4)->target, {0, 1}));
  EXPECT_TRUE(same(mixed.best(1)->target, {0, 0}));
  mixed.drop_worst(4);  // the hot one
  EXPECT_EQ(mixed.size(), 2U);
  mixed.drop_worst(4);  // the slowest of the cold
  EXPECT_TRUE(same(mixed.best(4)->target, {0, 1}));
  EXPECT_EQ(pool_of({}).best(1), nullptr);
}

TEST(ProbePool, ForgetsTheOldAndKeepsOneAnswerPerEndpoint) {
  ProbePool pool(2);
  pool.add({.target = {0, 0}, .latency_ms = 1, .at_ms = 100, .uses_left = 9});
  pool.add({.target = {0, 1}, .latency_ms = 2, .at_ms = 200, .uses_left = 9});
  pool.add({.target = {0, 0}, .latency_ms = 3, .at_ms = 300, .uses_left = 9});
  EXPECT_EQ(pool.size(), 2U);
  pool.drop_older_than(250);
  EXPECT_EQ(pool.size(), 1U);
  EXPECT_EQ(pool.best(99)->latency_ms, 3);
  pool.add({.target = {0, 2}, .latency_ms = 4, .at_ms = 400, .uses_left = 1});
  pool.add({.target = {0, 3}, .latency_ms = 5, .at_ms = 500, .uses_left = 1});
  EXPECT_EQ(pool.best(99)->latency_ms, 4);
}

TEST(ProbePool, UsesAnAnswerAsOftenAsGranted) {
  ProbePool pool(2);
  pool.add({.target = {0, 0}, .in_flight = 1, .uses_left = 2});
  pool.use(pool.best(99));
  EXPECT_EQ(pool.best(99)->in_flight, 2);
  pool.use(pool.best(99));
  EXPECT_EQ(pool.size(), 0U);
}

TEST(Prequal, ProbesThreeDifferentEndpointsPerQuery) {
  Prequal policy(three_regions(), "prequal", {});
  all_ready(policy, 3, 2);
  Rng rng(5);
  std::vector<int> asked(6, 0);
  for (int i = 0; i < 6000; ++i) {
    std::vector<RequestTarget> probes;
    policy.want_probes(0, i, rng, probes);
    ASSERT_EQ(probes.size(), 3U);
    EXPECT_FALSE(same(probes[0], probes[1]) || same(probes[1], probes[2]) ||
                 same(probes[0], probes[2]));
    for (const RequestTarget probe : probes) ++asked[probe.region * 2 + probe.endpoint];
  }
  for (const int count : asked) EXPECT_NEAR(count, 3000, 200);
}

TEST(Prequal, ProbesAFractionOfTheTimeWhenToldTo) {
  PrequalOptions options;
  options.probes_per_query = 0.5;
  Prequal policy(three_regions(), "prequal", options);
  all_ready(policy, 3, 2);
  Rng rng(5);
  std::vector<RequestTarget> probes;
  for (int i = 0; i < 100; ++i) policy.want_probes(0, i, rng, probes);
  EXPECT_EQ(probes.size(), 50U);
}

RequestTarget choice_between(bool add_rtt) {
  PrequalOptions options;
  options.add_rtt = add_rtt;
  Prequal policy(three_regions(), "prequal", options);
  all_ready(policy, 3, 2);
  policy.on_probe(0, 0, {.from = {0, 0}, .in_flight = 1, .server_latency_ms = 40, .rtt_ms = 1});
  policy.on_probe(0, 0, {.from = {2, 1}, .in_flight = 1, .server_latency_ms = 30, .rtt_ms = 90});
  Rng rng(1);
  return policy.choose(0, 1, rng);
}

TEST(Prequal, CountsThePathOnlyAsGeoPrequal) {
  EXPECT_TRUE(same(choice_between(false), {2, 1}));
  EXPECT_TRUE(same(choice_between(true), {0, 0}));
}

TEST(Prequal, ChoosesAtRandomWithFewerThanTwoFreshAnswers) {
  Prequal policy(one_region(), "prequal", {});
  all_ready(policy, 1, 8);
  Rng rng(1);
  std::vector<int> chosen(8, 0);
  for (int i = 0; i < 8000; ++i) {
    policy.on_probe(0, i, {.from = {0, 3}, .in_flight = 0, .server_latency_ms = 1});
    ++chosen[policy.choose(0, i, rng).endpoint];
  }
  for (const int count : chosen) EXPECT_NEAR(count, 1000, 150);
}

TEST(Prequal, LeavesEndpointsThatFailQuicklyAlone) {
  Prequal policy(one_region(), "prequal", {});
  all_ready(policy, 1, 2);
  for (int i = 0; i < 50; ++i) policy.on_ended(0, i, {0, 0}, 1, false);
  policy.on_probe(0, 100, {.from = {0, 0}, .in_flight = 0, .server_latency_ms = 1});
  policy.on_probe(0, 100, {.from = {0, 1}, .in_flight = 0, .server_latency_ms = 80});
  Rng rng(1);
  EXPECT_TRUE(same(policy.choose(0, 100, rng), {0, 1}));
}

TEST(Prequal, DropsTheAnswersOfEndpointsThatAreGone) {
  Prequal policy(one_region(), "prequal", {});
  all_ready(policy, 1, 3);
  for (std::uint32_t i = 0; i < 3; ++i) {
    policy.on_probe(0, 0, {.from = {0, i}, .in_flight = 0, .server_latency_ms = 1.0 + i});
  }
  policy.on_members(0, 0, std::vector<char>{0, 1, 1});
  Rng rng(1);
  EXPECT_TRUE(same(policy.choose(0, 1, rng), {0, 1}));
}

}  // namespace
}  // namespace weir::controller
