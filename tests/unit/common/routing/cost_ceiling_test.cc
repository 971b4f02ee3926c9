#include "common/routing/cost_ceiling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/sim/rng.h"

namespace weir {
namespace {

/// A gigabyte a second from each region would cost 3600 times the price: 1000 requests of 1000 kB.
ServiceSetting priced(std::size_t n, double ceiling) {
  ServiceSetting setting;
  for (std::size_t i = 0; i < n; ++i) setting.regions.emplace_back("r" + std::to_string(i));
  setting.kb_per_request = 1000;
  setting.cost_per_gb = Grid<double>(n, n, 0.01);
  for (std::size_t i = 0; i < n; ++i) setting.cost_per_gb(i, i) = 0;
  setting.max_cost_per_hour = ceiling;
  return setting;
}

Grid<double> table(std::size_t n, std::vector<double> cells) {
  Grid<double> grid(n, n);
  for (std::size_t i = 0; i < n * n; ++i) grid.cells()[i] = cells[i];
  return grid;
}

CostCeiling seen(const ServiceSetting& setting, const std::vector<double>& offered) {
  CostCeiling ceiling(setting);
  ceiling.observe(offered);
  return ceiling;
}

TEST(CostCeiling, LeavesWhatKeepsIt) {
  const CostCeiling ceiling = seen(priced(2, 20), {1000, 0});
  Grid<double> shares = table(2, {1, 1, 0, 1});  // half of it: 18 an hour
  EXPECT_NEAR(ceiling.per_hour(shares), 18, 1e-9);
  EXPECT_FALSE(ceiling.hold(shares));
  EXPECT_EQ(shares(0, 1), 1) << "not even scaled";
}

TEST(CostCeiling, MovesJustSoMuchToTheCheapest) {
  const CostCeiling ceiling = seen(priced(2, 9), {1000, 0});
  Grid<double> shares = table(2, {0.5, 0.5, 0, 1});
  const auto cut = ceiling.hold(shares);
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->kept);
  EXPECT_NEAR(cut->wished, 18, 1e-9);
  EXPECT_NEAR(cut->cut, 9, 1e-6);
  EXPECT_NEAR(shares(0, 1), 0.25, 1e-9);
  EXPECT_NEAR(shares(0, 0), 0.75, 1e-9);
  EXPECT_EQ(in_words(*cut, 9), "9 an hour instead of 18, for at most 9");
}

TEST(CostCeiling, OpensNothingThatIsClosed) {
  ServiceSetting setting = priced(3, 9);
  setting.cost_per_gb(0, 2) = 0.02;
  const CostCeiling ceiling = seen(setting, {1000, 0, 0});
  // Home is closed, perhaps dead: the cheaper of the others is the best there is, above the
  // ceiling.
  Grid<double> shares = table(3, {0, 0.5, 0.5, 0, 1, 0, 0, 0, 1});
  const auto cut = ceiling.hold(shares);
  ASSERT_TRUE(cut);
  EXPECT_FALSE(cut->kept);
  EXPECT_EQ(shares(0, 0), 0);
  EXPECT_NEAR(shares(0, 1), 1, 1e-12);
}

TEST(CostCeiling, JudgesByTheDemandOfSomeSeconds) {
  CostCeiling ceiling(priced(2, 20));
  const Grid<double> shares = table(2, {0, 1, 0, 1});
  for (int i = 0; i < 50; ++i) ceiling.observe(std::vector<double>{500, 0});
  ceiling.observe(std::vector<double>{900, k_unknown});
  EXPECT_NEAR(ceiling.per_hour(shares), 540 * 0.036, 0.1);
  ceiling.observe(std::vector<double>{k_unknown, 0});
  EXPECT_NEAR(ceiling.per_hour(shares), 540 * 0.036, 0.1) << "silence is no fall in demand";
}

TEST(CostCeiling, HasNoSayWithoutPriceOrLimitOrDemand) {
  Grid<double> shares = table(2, {0, 1, 1, 0});
  ServiceSetting setting = priced(2, 0);
  EXPECT_FALSE(CostCeiling(setting).hold(shares)) << "nobody asked for anything yet";
  setting.max_cost_per_hour = k_unknown;
  EXPECT_FALSE(seen(setting, {1000, 1000}).hold(shares));
  setting = priced(2, 0);
  setting.kb_per_request = 0;
  EXPECT_FALSE(seen(setting, {1000, 1000}).priced());
  EXPECT_FALSE(seen(setting, {1000, 1000}).hold(shares));
}

TEST(CostCeiling, KeepsTheCeilingOrSaysThatItDoesNotWhateverComes) {
  const double bad[] = {std::numeric_limits<double>::quiet_NaN(), -1.0,
                        std::numeric_limits<double>::infinity()};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Rng rng(seed);
    const std::size_t n = 2 + rng.below(4);
    ServiceSetting setting = priced(n, rng.chance(0.1) ? 0 : 40 * rng.unit());
    for (double& price : setting.cost_per_gb.cells()) {
      price = rng.chance(0.1) ? bad[rng.below(3)] : 0.05 * rng.unit();
    }
    std::vector<double> offered(n);
    for (double& rate : offered) rate = rng.chance(0.1) ? bad[rng.below(3)] : 1000 * rng.unit();
    const CostCeiling ceiling = seen(setting, offered);
    Grid<double> shares(n, n);
    for (double& share : shares.cells()) {
      share = rng.chance(0.3) ? 0 : rng.chance(0.05) ? bad[rng.below(3)] : 100 * rng.unit();
    }
    for (std::size_t i = 0; i < n; ++i) shares(i, i) = 1 + rng.unit();
    const Grid<double> wished = shares;
    const auto cut = ceiling.hold(shares);
    if (!cut) {
      EXPECT_LE(ceiling.per_hour(shares), setting.max_cost_per_hour * (1 + 1e-6) + 1e-9) << seed;
      continue;
    }
    EXPECT_TRUE(!cut->kept || ceiling.per_hour(shares) <= setting.max_cost_per_hour + 1e-6) << seed;
    for (std::size_t i = 0; i < n * n; ++i) {
      const double share = shares.cells()[i];
      ASSERT_TRUE(std::isfinite(share) && share >= 0 && share <= 1 + 1e-9) << seed;
      EXPECT_TRUE(share == 0 || wished.cells()[i] > 0) << seed << ": opened what was closed";
    }
  }
}

}  // namespace
}  // namespace weir
