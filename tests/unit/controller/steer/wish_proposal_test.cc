#include "controller/steer/wish_proposal.h"

#include "tests/unit/controller/steer/two_regions.h"

namespace weir::controller {
namespace {

WeightsInForce always(std::vector<Weight> weights) {
  return [kept = std::move(weights)](const RegionName&) -> std::span<const Weight> { return kept; };
}

TEST(WishProposal, SaysWhatIsWishedOnAScaleOfTenThousandAndWhy) {
  ServiceWish wish = wish_of({3, 1, 0, 5});
  wish.why = {{.from = 0, .to = 1, .term = "overload", .delta = -0.125, .note = "9 waiting"},
              {.from = 1, .to = 0, .term = "path", .delta = 0.5, .note = ""}};
  const Proposal made = proposals_of(wish, two_regions(), "learned", always({}));
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].from, k_us);
  EXPECT_EQ(made[0].by, "learned");
  ASSERT_EQ(made[0].weights.size(), 2U);
  EXPECT_EQ(made[0].weights[0].weight, 7500);
  EXPECT_EQ(made[0].reasons, std::vector<std::string>{"eu -12.5 points: overload, 9 waiting"});
  EXPECT_EQ(made[1].weights[0].weight, 0);
  EXPECT_EQ(made[1].reasons, std::vector<std::string>{"us +50.0 points: path"});
}

TEST(WishProposal, LeavesOutWhatIsNotWorthAChange) {
  const auto proposals = [](std::vector<double> shares, std::vector<Weight> in_force) {
    return proposals_of(wish_of(std::move(shares)), two_regions(), "p", always(in_force)).size();
  };
  EXPECT_EQ(proposals({0.505, 0.495, 0.5, 0.5}, {{k_us, 100}, {k_eu, 100}}), 0U);
  EXPECT_EQ(proposals({0.52, 0.48, 0.5, 0.5}, {{k_us, 100}, {k_eu, 100}}), 1U);
  EXPECT_EQ(proposals({1, 0, 0.995, 0.005}, {{k_us, 100}, {k_eu, 0}}), 1U) << "one is opened";
}

TEST(WishProposal, NeverNamesADestinationThatIsNotAllowed) {
  ServiceSetting narrow = two_regions();
  narrow.allowed(0, 1) = 0;
  const Proposal made = proposals_of(wish_of({1, 0, 1, 1}), narrow, "p", always({}));
  ASSERT_EQ(made[0].weights.size(), 1U);
  EXPECT_EQ(made[0].weights[0].region, k_us);
}

TEST(WishProposal, TellsTheWeightsInForceAsShares) {
  const std::vector<RegionName> regions = {k_us, k_eu};
  const Grid<double> shares = shares_in_force(regions, [](const RegionName& from) {
    static const std::vector<Weight> weights = {{k_eu, 30}, {k_us, 10}, {RegionName("gone"), 5}};
    return from == k_us ? std::span<const Weight>(weights) : std::span<const Weight>();
  });
  EXPECT_DOUBLE_EQ(shares(0, 0), 0.25);
  EXPECT_DOUBLE_EQ(shares(0, 1), 0.75);
  EXPECT_EQ(shares(1, 0) + shares(1, 1), 0);
}

}  // namespace
}  // namespace weir::controller
