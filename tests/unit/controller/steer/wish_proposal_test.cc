#include "controller/steer/wish_proposal.h"

#include <cmath>
#include <limits>

#include "tests/unit/controller/steer/two_regions.h"

namespace weir::controller {
namespace {

SourceInForce always(std::vector<Weight> weights, std::vector<InFlightLimit> limits = {}) {
  return [weights = std::move(weights), limits = std::move(limits)](const RegionName&) -> InForce {
    return {.weights = weights, .limits = limits};
  };
}

TEST(WishProposal, SaysWhatIsWishedOnAScaleOfTenThousandAndWhy) {
  ServiceWish wish = wish_of({3, 1, 0, 5});
  wish.why = {{.from = 0, .to = 1, .term = "overload", .delta = -0.125, .note = "9 waiting"},
              {.from = 1, .to = 0, .term = "path", .delta = 0.5, .note = ""}};
  wish.expected_in_slo = rows({1, 0.6, 0.5, std::numeric_limits<double>::quiet_NaN()});
  const Proposal made = proposals_of(wish, two_regions(), "learned", WishLimits::kept, always({}));
  ASSERT_EQ(made.size(), 2U);
  EXPECT_DOUBLE_EQ(made[0].expected_in_objective.value(), 0.9);
  EXPECT_FALSE(made[1].expected_in_objective) << "all of it goes where nothing is expected";
  EXPECT_EQ(made[0].from, k_us);
  EXPECT_EQ(made[0].by, "learned");
  ASSERT_EQ(made[0].weights.size(), 2U);
  EXPECT_EQ(made[0].weights[0].weight, 7500);
  EXPECT_EQ(made[0].reasons, (std::vector<Reason>{{k_eu, "overload", -0.125, "9 waiting"}}));
  EXPECT_EQ(made[1].weights[0].weight, 0);
  EXPECT_EQ(made[1].reasons, (std::vector<Reason>{{k_us, "path", 0.5, ""}}));
}

TEST(WishProposal, ClearsLimitsThatAreToBeNoneUnlessWeightsAloneAreAskedFor) {
  const auto count = [](WishLimits limits) {
    return proposals_of(wish_of({1, 1, 1, 1}), two_regions(), "p", limits,
                        always({{k_us, 100}, {k_eu, 100}}, {{k_us, 9, 1}}))
        .size();
  };
  EXPECT_EQ(count(WishLimits::dropped), 2U);
  EXPECT_EQ(count(WishLimits::overlooked), 0U);
}

TEST(WishProposal, LeavesOutWhatIsNotWorthAChange) {
  const auto proposals = [](std::vector<double> shares, std::vector<Weight> in_force) {
    return proposals_of(wish_of(std::move(shares)), two_regions(), "p", WishLimits::kept,
                        always(in_force))
        .size();
  };
  EXPECT_EQ(proposals({0.505, 0.495, 0.5, 0.5}, {{k_us, 100}, {k_eu, 100}}), 0U);
  EXPECT_EQ(proposals({0.52, 0.48, 0.5, 0.5}, {{k_us, 100}, {k_eu, 100}}), 1U);
  EXPECT_EQ(proposals({1, 0, 0.995, 0.005}, {{k_us, 100}, {k_eu, 0}}), 1U) << "one is opened";
}

TEST(WishProposal, HasAReasonForEveryMoveAlsoOfAPolicyThatGivesNone) {
  const auto reasons = [](std::vector<double> shares, std::vector<Weight> in_force) {
    return proposals_of(wish_of(std::move(shares)), two_regions(), "p", WishLimits::kept,
                        always(in_force))[0]
        .reasons;
  };
  const auto moved = reasons({1, 0, 0.5, 0.5}, {{k_us, 50}, {k_eu, 50}});
  ASSERT_EQ(moved.size(), 2U);
  EXPECT_EQ(moved[1].region, k_eu);
  EXPECT_EQ(moved[1].term, "wish");
  EXPECT_DOUBLE_EQ(moved[1].delta, -0.5);
  EXPECT_EQ(moved[1].note, "0.0 % instead of 50.0 %, no more is said of it");
  const auto closed = reasons({1, 0, 1, 0}, {{k_us, 9960}, {k_eu, 40}});
  ASSERT_EQ(closed.size(), 1U) << "a small one that is closed";
  EXPECT_EQ(closed[0].region, k_eu);
}

TEST(WishProposal, NeverNamesADestinationThatIsNotAllowed) {
  ServiceSetting narrow = two_regions();
  narrow.allowed(0, 1) = 0;
  const Proposal made =
      proposals_of(wish_of({1, 0, 1, 1}), narrow, "p", WishLimits::kept, always({}));
  ASSERT_EQ(made[0].weights.size(), 1U);
  EXPECT_EQ(made[0].weights[0].region, k_us);
}

TEST(WishProposal, CarriesLimitsOnRequestsInFlight) {
  ServiceWish wish = wish_of({1, 1, 1, 1});
  wish.in_flight_limits = rows({19.5, 0, 7, std::nan("")});
  wish.overflow_weights = rows({0.5, 1, 0.2, -1});
  const std::vector<Weight> even = {{k_us, 100}, {k_eu, 100}};
  const Proposal made =
      proposals_of(wish, two_regions(), "p", WishLimits::kept, always(even, {{k_us, 7, 10'000}}));
  ASSERT_EQ(made.size(), 1U) << "from eu everything is as wished";
  EXPECT_EQ(made[0].limits, (std::vector<InFlightLimit>{{k_us, 20, 5000}}));
  ASSERT_EQ(made[0].weights.size(), 2U);
  EXPECT_EQ(made[0].weights[0].weight, 100) << "the weights in force stay";
  EXPECT_TRUE(proposals_of(wish, two_regions(), "p", WishLimits::dropped, always(even)).empty());
}

TEST(WishProposal, LeavesSmallChangesOfLimitsOut) {
  const auto proposals = [](double wished, std::uint32_t now) {
    ServiceWish wish = wish_of({1, 1, 1, 1});
    wish.in_flight_limits = rows({wished, wished, wished, wished});
    const auto in_force =
        always({{k_us, 1}, {k_eu, 1}}, {{k_us, now, 10'000}, {k_eu, now, 10'000}});
    return proposals_of(wish, two_regions(), "p", WishLimits::kept, in_force).size();
  };
  EXPECT_EQ(proposals(100, 109), 0U);
  EXPECT_EQ(proposals(100, 115), 2U);
  EXPECT_EQ(proposals(2, 3), 0U);
  EXPECT_EQ(proposals(2, 4), 2U);
}

TEST(WishProposal, TellsTheWeightsInForceAsShares) {
  const std::vector<RegionName> regions = {k_us, k_eu};
  const Grid<double> shares = shares_in_force(regions, [](const RegionName& from) {
    static const std::vector<Weight> weights = {{k_eu, 30}, {k_us, 10}, {RegionName("gone"), 5}};
    return from == k_us ? InForce{.weights = weights, .limits = {}} : InForce{};
  });
  EXPECT_DOUBLE_EQ(shares(0, 0), 0.25);
  EXPECT_DOUBLE_EQ(shares(0, 1), 0.75);
  EXPECT_EQ(shares(1, 0) + shares(1, 1), 0);
}

}  // namespace
}  // namespace weir::controller
