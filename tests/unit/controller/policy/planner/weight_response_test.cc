#include "controller/policy/planner/weight_response.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

/// One source and two destinations; the agent keeps `kept` of the weight of destination 1.
class TwoDestinations : public testing::Test {
 protected:
  void see(double kept, double ready = k_unknown, int intervals = 1) {
    for (int i = 0; i < intervals; ++i) {
      Grid<PairEvidence> pairs(2, 2);
      const double first = weights_(0, 0);
      const double second = weights_(0, 1) * kept;
      pairs(0, 0).chosen = 1000 * first / (first + second);
      pairs(0, 1).chosen = 1000 * second / (first + second);
      std::vector<ServersSeen> servers(2);
      servers[1].endpoints = 8;
      servers[1].ready = ready;
      response_.follow(weights_);
      response_.observe(pairs, servers);
    }
  }

  Grid<double> even() {
    Grid<double> weights(2, 2, 0.0);
    weights(0, 0) = weights(0, 1) = weights(1, 0) = weights(1, 1) = 0.5;
    return weights;
  }

  Grid<double> weights_ = even();
  WeightResponse response_{2};
};

TEST_F(TwoDestinations, GetTheirWeightsWhenAgentsFollow) {
  see(1, 8, 10);
  EXPECT_DOUBLE_EQ(response_.factor(1), 1);
  EXPECT_DOUBLE_EQ(response_.weights_for(weights_)(0, 1), 0.5);
}

TEST_F(TwoDestinations, AreExpectedToLoseWeightWithTheirServersAtOnce) {
  see(1, 8);
  see(1, 6);
  EXPECT_NEAR(response_.factor(1), 0.75, 1e-9);
}

TEST_F(TwoDestinations, KeepTheirWeightWhereAgentsDoNotCareForServers) {
  see(1, 8);
  see(1, 5, 10);
  EXPECT_GT(response_.factor(1), 0.8);
}

TEST_F(TwoDestinations, ShowByTheirRequestsWhatAgentsTakeOff) {
  see(0.6, k_unknown, 10);
  EXPECT_NEAR(response_.factor(1), 0.6, 0.1);
  const Grid<double> weights = response_.weights_for(even());
  EXPECT_NEAR(response_.shares_of(weights)(0, 1), 0.5, 0.01);
  EXPECT_GT(weights(0, 1), 0.58);
}

TEST_F(TwoDestinations, AreNotForcedOnAgentsThatLeaveThem) {
  see(0.01, k_unknown, 10);
  EXPECT_LT(response_.weights_for(even())(0, 1), 0.67);
}

TEST_F(TwoDestinations, SayNothingWhileWeightsChange) {
  see(1, 8, 3);
  Grid<double> other = even();
  other(0, 0) = 0.8;
  other(0, 1) = 0.2;
  response_.follow(other);
  Grid<PairEvidence> pairs(2, 2);
  pairs(0, 0).chosen = 600;
  pairs(0, 1).chosen = 400;
  response_.observe(pairs, std::vector<ServersSeen>(2));
  EXPECT_DOUBLE_EQ(response_.factor(0), 1);
  EXPECT_DOUBLE_EQ(response_.factor(1), 1);
}

}  // namespace
}  // namespace weir::controller
