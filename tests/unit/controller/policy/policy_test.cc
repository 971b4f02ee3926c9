#include <gtest/gtest.h>

#include "controller/policy/pin_book.h"
#include "controller/policy/static_weights.h"

namespace weir::controller {
namespace {

const RegionName k_us("us-east-1");
const RegionName k_eu("eu-west-1");
const RegionName k_ap("ap-northeast-1");
const ServiceName k_web("shop/web");

ServiceConfig web() {
  ServiceConfig config;
  config.plan.service = k_web;
  config.weights.pairs = {{k_eu, k_us, 50}};
  config.residency[k_eu] = {k_eu, k_us};
  return config;
}

const std::vector<RegionName> k_regions = {k_us, k_eu, k_ap};

std::vector<std::pair<RegionName, double>> pairs(const WeightProposal& proposal) {
  std::vector<std::pair<RegionName, double>> out;
  for (const auto& row : proposal.weights) out.emplace_back(row.region, row.weight);
  return out;
}
using Pairs = std::vector<std::pair<RegionName, double>>;

TEST(StaticWeights, GiveTheOwnRegionTheNearbyWeightAndThePairsTheirs) {
  const Proposal proposal = static_proposal(web(), k_regions);
  ASSERT_EQ(proposal.size(), 3U);
  EXPECT_EQ(proposal[0].from, k_us);
  EXPECT_EQ(proposal[0].by, "static");
  EXPECT_EQ(pairs(proposal[0]), (Pairs{{k_us, 130}, {k_eu, 100}, {k_ap, 100}}));
  EXPECT_EQ(pairs(proposal[1]), (Pairs{{k_us, 50}, {k_eu, 130}}));
  EXPECT_EQ(proposal[1].reasons,
            (std::vector<Reason>{{k_us, "pair rule", 0, ""},
                                 {k_eu, "nearby", 0, ""},
                                 {k_ap, "residency", 0, "not permitted from eu-west-1"}}));
}

WeightPin pin(std::int64_t expires) {
  return {.service = k_web,
          .from = k_us,
          .weights = {{k_us, 70}, {k_ap, 30}},
          .by = "root",
          .created_unix_ms = 0,
          .expires_unix_ms = expires};
}

TEST(PinBook, IsObeyedUntilThePinEnds) {
  const Proposal rules = static_proposal(web(), k_regions);
  PinBook book;
  book.set(pin(1000));
  const Proposal pinned = with_pins(rules, book, 999);
  EXPECT_EQ(pairs(pinned[0]), (Pairs{{k_us, 70}, {k_ap, 30}}));
  EXPECT_EQ(pinned[0].by, "pin by root");
  EXPECT_EQ(pinned[1].by, "static");
  EXPECT_EQ(with_pins(rules, book, 1000)[0].by, "static");

  Proposal wished = rules;
  wished[0].fades = true;
  wished[0].expected_in_objective = 0.9;
  wished[0].limits = {{k_us, 5, 1}};
  EXPECT_EQ(with_pins(wished, book, 999)[0], pinned[0]) << "nothing of a policy's wish is left";
}

TEST(PinBook, KnowsWhichPinEndsNextAndTakesItOut) {
  PinBook book;
  EXPECT_FALSE(book.next_expiry());
  book.set(pin(0));
  EXPECT_FALSE(book.next_expiry());
  book.set(pin(5000));
  EXPECT_EQ(book.next_expiry(), 5000);
  EXPECT_EQ(book.all().size(), 1U);
  EXPECT_TRUE(book.take_expired(4999).empty());
  EXPECT_EQ(book.take_expired(5000).size(), 1U);
  EXPECT_FALSE(book.remove(k_web, k_us));
}

}  // namespace
}  // namespace weir::controller
