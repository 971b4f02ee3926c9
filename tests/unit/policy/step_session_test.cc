#include "policy/step_session.h"

#include <cmath>

#include "controller/catalog/policies.h"
#include "tests/unit/policy/lines.h"

namespace weir::policy {
namespace {

/// Wants what the test says, whatever it sees, and remembers how often it was asked.
class Wishful final : public ServicePolicy {
 public:
  Wishful(std::size_t n, const Grid<double>& shares, const std::vector<double>& shed, int& asked)
      : shares_(shares.empty() ? Grid<double>(n, n, 1) : shares), shed_(shed), asked_(asked) {}
  std::string_view name() const override { return "wishful"; }
  ServiceWish observe(const ServiceObservation&) override {
    ++asked_;
    return {.shares = shares_, .shed = shed_, .why = {}, .expected_in_slo = {}};
  }

 private:
  const Grid<double> shares_;
  const std::vector<double> shed_;
  int& asked_;
};

class Session : public testing::Test {
 protected:
  Session() {
    kind_.name = "wishful";
    kind_.make = [this](const ServiceSetting& setting, const controller::PolicyMaterial& material)
        -> Result<std::unique_ptr<ServicePolicy>> {
      seeds_.push_back(material.seed);
      if (material.checkpoint == "broken") return fail(Code::data_loss, "checkpoint is broken");
      return std::make_unique<Wishful>(setting.size(), shares_, shed_, asked_);
    };
  }

  boost::json::value ask(std::string_view line) { return json(session().answer(line)); }
  boost::json::value observe_at(double t_ms) {
    return ask(with(k_observe, "\"t_ms\":1000", "\"t_ms\":" + std::to_string(t_ms)));
  }
  StepSession& session() {
    if (!session_) {
      session_ = std::make_unique<StepSession>(
          kind_, controller::PolicyMaterial{.tuning = {}, .seed = 5, .checkpoint = checkpoint_},
          "0");
    }
    return *session_;
  }
  static std::int64_t weight(const boost::json::value& answer, std::size_t from, const char* to) {
    return answer.at("sources").at(from).at("weights").at(to).as_int64();
  }

  controller::PolicyKind kind_;
  Grid<double> shares_;
  std::vector<double> shed_;
  std::string checkpoint_;
  std::vector<std::uint64_t> seeds_;
  int asked_ = 0;
  std::unique_ptr<StepSession> session_;
};

TEST_F(Session, AnswersTheFirstLineWithReadyAndTheOthersWithWeights) {
  EXPECT_EQ(ask(k_init).at("type"), "ready");
  const boost::json::value answer = observe_at(1000);
  EXPECT_EQ(answer.at("type"), "weights");
  EXPECT_EQ(answer.at("t_ms").as_int64(), 1000);
  EXPECT_EQ(answer.at("sources").as_array().size(), 2U);
  EXPECT_FALSE(session().failed());
}

TEST_F(Session, StepsFromTheStaticWeightsNoFurtherThanTheGuardAllows) {
  shares_ = Grid<double>(2, 2, 0);
  shares_(0, 1) = shares_(1, 1) = 1;
  ask(k_init);
  // From 56.5 % in steps of 20 points; then the minimum share is not needed: 0 was wished.
  EXPECT_NEAR(static_cast<double>(weight(observe_at(1000), 0, "us")), 3652, 1);
  EXPECT_NEAR(static_cast<double>(weight(observe_at(2000), 0, "us")), 1652, 1);
  EXPECT_EQ(weight(observe_at(3000), 0, "us"), 0);
}

TEST_F(Session, HoldsTheMinimumShareAndResidency) {
  shares_ = Grid<double>(2, 2, 0);
  shares_(0, 0) = 1;
  shares_(0, 1) = 1e-9;
  shares_(1, 0) = 1;  // eu's requests may not leave
  ask(with(k_init, "\"max_step\":0.2", "\"max_step\":1"));
  const boost::json::value answer = observe_at(1000);
  EXPECT_NEAR(static_cast<double>(weight(answer, 0, "eu")), 100, 1);
  EXPECT_EQ(weight(answer, 1, "us"), 0);
  EXPECT_GT(weight(answer, 1, "eu"), 0);
}

TEST_F(Session, SurvivesWishesThatAreNoNumbers) {
  shares_ = Grid<double>(2, 2, NAN);
  shed_ = {NAN, 7};
  ask(with(k_init, "\"may_shed\":false", "\"may_shed\":true"));
  const boost::json::value answer = observe_at(1000);
  EXPECT_GT(weight(answer, 0, "us") + weight(answer, 0, "eu"), 0);
  EXPECT_EQ(answer.at("sources").at(0).at("shed").to_number<double>(), 0);
  EXPECT_EQ(answer.at("sources").at(1).at("shed").to_number<double>(), 1);
}

TEST_F(Session, ShedsOnlyWhereItMay) {
  shed_ = {0.25, 0.5};
  ask(k_init);
  EXPECT_EQ(observe_at(1000).at("sources").at(1).at("shed").to_number<double>(), 0);
  session_.reset();
  ask(with(k_init, "\"may_shed\":false", "\"may_shed\":true"));
  EXPECT_EQ(observe_at(1000).at("sources").at(1).at("shed").to_number<double>(), 0.5);
}

TEST_F(Session, NamesTheLineOfAnErrorAndChangesNothing) {
  ask(k_init);
  observe_at(1000);
  const int asked = asked_;
  for (const std::string& line :
       {std::string("nonsense"), std::string(k_init), std::string(),
        with(k_observe, "\"t_ms\":1000", "\"t_ms\":999"),
        with(k_observe, "\"t_ms\":1000", "\"t_ms\":1000"), with(k_observe, "\"us\"", "\"mars\"")}) {
    const boost::json::value answer = ask(line);
    EXPECT_EQ(answer.at("type"), "error") << line;
    EXPECT_FALSE(answer.at("message").as_string().empty());
  }
  EXPECT_EQ(asked_, asked);
  EXPECT_TRUE(session().failed());
  EXPECT_EQ(json(session().answer_too_long()).at("line").as_int64(), 9);
  EXPECT_EQ(observe_at(2000).at("type"), "weights");
}

TEST_F(Session, CountsTimeOnWhereALineDoesNotSayIt) {
  ask(k_init);
  observe_at(4000);
  EXPECT_EQ(ask(with(k_observe, "\"t_ms\":1000,", "")).at("t_ms").as_int64(), 5000);
}

TEST_F(Session, TakesAnotherFirstLineAfterARefusedOne) {
  EXPECT_EQ(ask(with(k_init, "\"goodput\"", "\"speed\"")).at("type"), "error");
  EXPECT_EQ(ask(k_init).at("type"), "ready");
}

TEST_F(Session, SaysWhatIsWrongWithTheCheckpoint) {
  checkpoint_ = "broken";
  EXPECT_EQ(ask(k_init).at("message"), "checkpoint is broken");
}

TEST_F(Session, KeepsSeveralServicesApart) {
  const std::string other =
      R"({"name":"shop/cart","served_in":[{"region":"eu"}]},{"name":"shop/web",)";
  const std::string init = with(k_init, R"({"name":"shop/web",)", other);
  EXPECT_EQ(ask(init).at("type"), "ready");
  EXPECT_EQ(seeds_, (std::vector<std::uint64_t>{5, 6}));
  EXPECT_EQ(observe_at(3000).at("service"), "shop/web");
  const boost::json::value cart =
      ask(R"({"type":"observe","t_ms":1000,"service":"shop/cart","sources":[]})");
  EXPECT_EQ(cart.at("service"), "shop/cart");
  EXPECT_EQ(weight(cart, 0, "us"), 0);
  EXPECT_GT(weight(cart, 0, "eu"), 0);
}

TEST(EveryPolicy, AnswersTheSameBytesToTheSameLines) {
  const controller::PolicyCatalog catalog = controller::all_policies();
  for (const controller::PolicyKind& kind : catalog.kinds()) {
    std::string first;
    for (int run = 0; run < 2; ++run) {
      StepSession session(
          kind, {.tuning = controller::Tuning(kind.tunables), .seed = 3, .checkpoint = {}}, "0");
      std::string all = session.answer(k_init);
      for (int i = 1; i <= 30; ++i) {
        all += session.answer(
            with(k_observe, "\"t_ms\":1000", "\"t_ms\":" + std::to_string(i * 1000)));
      }
      EXPECT_FALSE(session.failed()) << kind.name;
      if (run == 0) first = all;
      EXPECT_EQ(all, first) << kind.name;
    }
  }
}

TEST_F(Session, HoldsAnswersToTheCeilingOnCost) {
  shares_ = Grid<double>(2, 2, 1);
  // 812 requests a second of 12 kB, half of them abroad: 0.35 an hour.
  ask(with(with(k_init, "\"max_cost_per_hour\":null", "\"max_cost_per_hour\":0.1"),
           "\"max_step\":0.2", "\"max_step\":1"));
  const auto answer = ask(k_observe);
  const double to_eu = static_cast<double>(weight(answer, 0, "eu"));
  const double to_us = static_cast<double>(weight(answer, 0, "us"));
  EXPECT_NEAR(to_eu / (to_eu + to_us), 0.1 / 0.7016, 0.001);
}

}  // namespace
}  // namespace weir::policy
