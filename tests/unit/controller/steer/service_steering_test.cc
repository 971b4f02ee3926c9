#include "controller/steer/service_steering.h"

#include <limits>

#include "tests/unit/controller/steer/two_regions.h"

namespace weir::controller {
namespace {

using std::chrono::seconds;

/// Wishes what it was told, and counts what it was shown.
class Puppet final : public ServicePolicy {
 public:
  struct Strings {
    ServiceWish wish = wish_of({0.5, 0.5, 0.5, 0.5});
    int shown = 0;
    int made = 0;
  };
  Puppet(std::string_view name, Strings& strings) : name_(name), strings_(strings) {
    ++strings_.made;
  }
  std::string_view name() const override { return name_; }
  ServiceWish observe(const ServiceObservation&) override {
    ++strings_.shown;
    return strings_.wish;
  }

 private:
  const std::string_view name_;
  Strings& strings_;
};

class Steering : public testing::Test {
 protected:
  Rung rung(const char* name, Puppet::Strings& strings) {
    return {
        .name = name, .make = [name, &strings](const ServiceSetting&) {
          return Result<std::unique_ptr<ServicePolicy>>(std::make_unique<Puppet>(name, strings));
        }};
  }

  ServiceSteering steering() {
    return {two_regions(), {rung("learned", top_), rung("planner", next_)}, past_};
  }

  /// Intervals of a second in which every job is answered.
  void run(ServiceSteering& steering, int intervals, double in_slo = 1) {
    for (int i = 0; i < intervals; ++i) {
      now_ += seconds(1);
      ServiceObservation seen = ServiceObservation::blank(2);
      seen.pairs(0, 0).ok = 100;
      seen.pairs(0, 0).in_slo = 100 * in_slo;
      auto job = steering.begin(std::move(seen), now_);
      while (job) job = steering.take(job->run(), now_);
    }
  }

  Puppet::Strings top_;
  Puppet::Strings next_;
  Experience past_;
  Time now_{seconds(1000)};
};

TEST_F(Steering, AsksTheTopOfTheLadderOnceAnInterval) {
  ServiceSteering it = steering();
  run(it, 5);
  EXPECT_EQ(it.policy(), "learned");
  EXPECT_EQ(top_.shown, 5);
  EXPECT_EQ(it.decisions(), 5U);
  ASSERT_NE(it.wish(), nullptr);
  EXPECT_EQ(next_.made, 0);
}

TEST_F(Steering, ShowsAPolicyThatTakesOverWhatWasSeenBefore) {
  past_.add(ServiceObservation::blank(2));
  past_.add(ServiceObservation::blank(2));
  ServiceSteering it = steering();
  run(it, 1);
  EXPECT_EQ(top_.shown, 3) << "two intervals from before the restart and the new one";
  auto job = it.fall("no answer", now_);
  ASSERT_TRUE(job.has_value());
  EXPECT_EQ(it.policy(), "planner");
  EXPECT_EQ(it.wish(), nullptr) << "the fallen policy's wish is nobody's";
  EXPECT_FALSE(it.take(job->run(), now_));
  EXPECT_EQ(next_.shown, 3);
  EXPECT_NE(it.wish(), nullptr);
}

TEST_F(Steering, FallsAtOnceWhenAWishIsNonsense) {
  ServiceSteering it = steering();
  top_.wish = wish_of({std::numeric_limits<double>::quiet_NaN(), 1, 1, 1});
  run(it, 1);
  EXPECT_EQ(it.policy(), "planner");
  ASSERT_NE(it.wish(), nullptr) << "the next rung has answered within the same interval";
  EXPECT_NE(it.last_fall().find("no number"), std::string::npos);
}

TEST_F(Steering, EndsAtTheConfiguredWeightsWhenAllRungsFail) {
  ServiceSteering it = steering();
  top_.wish = next_.wish = wish_of({0, 0, 0, 0});
  run(it, 1);
  EXPECT_EQ(it.policy(), "static");
  EXPECT_EQ(it.wish(), nullptr);
  run(it, 3);
  EXPECT_EQ(it.policy(), "static");
}

TEST_F(Steering, ClimbsAgainAfterAHoldThatDoublesWithEachFall) {
  ServiceSteering it = steering();
  top_.wish = wish_of({0, 0, 0, 0});
  run(it, 60);
  EXPECT_EQ(top_.made, 1);
  EXPECT_EQ(it.policy(), "planner");
  run(it, 1);
  EXPECT_EQ(top_.made, 2) << "tried after a minute, and fell again";
  run(it, 119);
  EXPECT_EQ(top_.made, 2);
  top_.wish = wish_of({1, 1, 1, 1});
  run(it, 1);
  EXPECT_EQ(top_.made, 3);
  EXPECT_EQ(it.policy(), "learned");
}

TEST_F(Steering, DropsAPolicyThatKeepsBeingWrongAboutItsOwnWeights) {
  top_.wish.expected_in_slo = Grid<double>(2, 2, 0.99);
  ServiceSteering it = steering();
  it.applied(true);
  run(it, 100, 0.97);
  EXPECT_EQ(it.policy(), "learned");
  run(it, ServiceSteering::k_disappointments - 1, 0.5);
  run(it, 1, 0.97);
  EXPECT_EQ(it.policy(), "learned") << "an incident it learned of in time";
  run(it, ServiceSteering::k_disappointments, 0.5);
  EXPECT_EQ(it.policy(), "planner");
}

TEST_F(Steering, HoldsNoExpectationAgainstAWishThatWasNotApplied) {
  top_.wish.expected_in_slo = Grid<double>(2, 2, 0.99);
  ServiceSteering it = steering();
  run(it, 50, 0.2);
  EXPECT_EQ(it.policy(), "learned");
  EXPECT_EQ(it.outcome().ended, 0);
}

TEST_F(Steering, PassesOverARungThatCannotBeMade) {
  ServiceSteering it(two_regions(),
                     {{.name = "broken",
                       .make = [](const ServiceSetting&) -> Result<std::unique_ptr<ServicePolicy>> {
                         return fail(Code::data_loss, "its checkpoint is damaged");
                       }},
                      rung("planner", next_)},
                     {});
  run(it, 1);
  EXPECT_EQ(it.policy(), "planner");
  EXPECT_NE(it.last_fall().find("checkpoint is damaged"), std::string::npos);
}

TEST_F(Steering, HoldsEveryWishToTheCeilingOnCostAndSaysSo) {
  ServiceSetting setting = two_regions();
  setting.kb_per_request = 1000;
  setting.cost_per_gb = rows({0, 0.01, 0.01, 0});
  setting.max_cost_per_hour = 9;
  ServiceSteering it(setting, {rung("learned", top_)}, {});
  ServiceObservation seen = ServiceObservation::blank(2);
  seen.offered = {1000, 0};
  top_.wish.why = {{.from = 0, .to = 1, .term = "path", .delta = 0.1, .note = {}}};
  const auto job = it.begin(seen, now_);
  ASSERT_TRUE(job);
  EXPECT_FALSE(it.take(job->run(), now_));
  ASSERT_TRUE(it.cost_cut());
  EXPECT_NEAR(it.wish()->shares(0, 1), 0.25, 1e-9) << "18 an hour became 9";
  EXPECT_NEAR(it.cost().per_hour(it.wish()->shares), 9, 1e-6);
  ASSERT_EQ(it.wish()->why.size(), 3U)
      << "one for each source that was moved, and the policy's own";
  EXPECT_EQ(it.wish()->why[0].term, "cost ceiling");
  EXPECT_EQ(it.wish()->why[0].note, "9 an hour instead of 18, for at most 9");

  top_.wish = wish_of({1, 0, 0, 1});
  const auto next = it.begin(seen, now_ + seconds(1));
  EXPECT_FALSE(it.take(next->run(), now_ + seconds(1)));
  EXPECT_FALSE(it.cost_cut());
}

}  // namespace
}  // namespace weir::controller
