#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/unit/cli/cli_fixture.h"

namespace weir::cli {
namespace {

class CliSimulate : public CliTest {
 protected:
  CliSimulate() {
    admin_.simulation.set_for_s(60);
    auto& service = *admin_.simulation.add_services();
    service.set_service("shop/web");
    service.set_fitted_s(60);
    service.add_notes("the capacity of eu is not known");
    add(service, "now", 998'000, 20'000, 90'000);
    auto& configured = add(service, "static", 800'000, 45'000, 1'300'000);
    configured.set_in_force(true);
    auto& broken = *configured.add_broken();
    broken.set_limit("objective");
    broken.set_text("20.00 % of the requests are not answered within 175 ms");
    add(service, "learned", 990'000, 22'000, 140'000);
    auto& test = *service.mutable_back_test();
    test.set_predicted_s(40);
    test.set_seen_in_objective_ppm(998'000);
    test.set_model_in_objective_ppm(996'000);
    test.set_seen_p50_us(20'000);
    test.set_model_p50_us(21'000);
    test.set_seen_p99_us(90'000);
    test.set_model_p99_us(85'000);
  }

  static admin::v1::SimulatedOutcome& add(admin::v1::SimulatedService& service, const char* name,
                                          std::uint32_t in_objective, std::uint32_t p50,
                                          std::uint32_t p99) {
    auto& outcome = *service.add_outcomes();
    outcome.set_name(name);
    outcome.set_in_objective_ppm(in_objective);
    outcome.set_p50_us(p50);
    outcome.set_p99_us(p99);
    auto& region = *outcome.add_regions();
    region.set_region("eu");
    region.set_requests_per_second(120);
    region.set_load_ppm(450'000);
    auto& source = *outcome.add_sources();
    source.set_from_region("eu");
    auto& share = *source.add_to();
    share.set_region("eu");
    share.set_share_ppm(1'000'000);
    return outcome;
  }
};

TEST_F(CliSimulate, ShowsWhatWouldBreakFirstThenAllThreeSideBySide) {
  admin_.simulation.set_would_break(true);
  const Outcome run = weirctl({"simulate", "--fail-region", "us"});
  EXPECT_EQ(run.exit, 3);
  EXPECT_EQ(
      run.out,
      "shop/web: 60 s simulated on a model of the last 60 s\n"
      "  static would break objective: 20.00 % of the requests are not answered within 175 ms\n"
      "\n"
      "                            NOW  STATIC (in force)            LEARNED\n"
      "in objective             99.80%             80.00%             99.00%\n"
      "p50                     20.0 ms            45.0 ms            22.0 ms\n"
      "p99                     90.0 ms             1.30 s             140 ms\n"
      "failed                    0.00%              0.00%              0.00%\n"
      "to eu         120/s, load 45.0%  120/s, load 45.0%  120/s, load 45.0%\n"
      "eu -> eu                 100.0%             100.0%             100.0%\n"
      "\n"
      "back-test over the last 40 s: in objective 99.80% seen, 99.60% by the model; p50 20.0 ms "
      "and "
      "21.0 ms; p99 90.0 ms and 85.0 ms\n"
      "note: the capacity of eu is not known\n");
}

TEST_F(CliSimulate, EndsWellWhenNothingInForceWouldBreak) {
  EXPECT_EQ(weirctl({"simulate"}).exit, 0);
  const Outcome json = weirctl({"simulate", "-o", "json"});
  EXPECT_NE(json.out.find("\"kind\": \"Simulation\""), std::string::npos) << json.out;
}

TEST_F(CliSimulate, SaysWhatIsToBeDifferent) {
  weirctl({"simulate", "--service",   "shop/web",  "--fail-region", "us",         "--fail-region",
           "ap",       "--fail-path", "us:eu",     "--add-latency", "us:ap=80ms", "--traffic-scale",
           "1.3",      "--policy",    "waterfall", "--replay",      "5m..1m",     "--for",
           "2m",       "--tolerate",  "0.5",       "--seed",        "7"});
  ASSERT_TRUE(admin_.simulation_asked);
  const auto& asked = *admin_.simulation_asked;
  EXPECT_EQ(asked.service(), "shop/web");
  EXPECT_EQ(asked.fail_regions_size(), 2);
  EXPECT_EQ(asked.fail_paths(0).b(), "eu");
  EXPECT_EQ(asked.add_latency(0).add_ms(), 80U);
  EXPECT_DOUBLE_EQ(asked.traffic_scale(), 1.3);
  EXPECT_EQ(asked.policy(), "waterfall");
  EXPECT_EQ(asked.replay_from_s(), 300U);
  EXPECT_EQ(asked.replay_to_s(), 60U);
  EXPECT_EQ(asked.for_s(), 120U);
  EXPECT_EQ(asked.tolerate_ppm(), 5000U);
  EXPECT_EQ(asked.seed(), 7U);
}

TEST_F(CliSimulate, RefusesWhatItCannotRead) {
  for (const auto& words : std::vector<std::vector<std::string>>{{"--fail-path", "us-eu"},
                                                                 {"--fail-path", ":eu"},
                                                                 {"--add-latency", "us:eu=fast"},
                                                                 {"--add-latency", "us:eu"},
                                                                 {"--traffic-scale", "much"},
                                                                 {"--traffic-scale", "-1"},
                                                                 {"--traffic-scale", "nan"},
                                                                 {"--replay", "5m"},
                                                                 {"--tolerate", "101"},
                                                                 {"--for", "0"}}) {
    std::vector<std::string> all{"simulate"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome run = weirctl(all);
    EXPECT_EQ(run.exit, 2) << words[0] << " " << words.back();
    EXPECT_NE(run.err.find("weirctl simulate --help"), std::string::npos) << run.err;
    EXPECT_FALSE(admin_.simulation_asked);
  }
}

TEST_F(CliSimulate, ExportsTheModelALineAService) {
  admin_.simulation.mutable_services(0)->mutable_world()->set_service("shop/web");
  const std::string file = folder_ + "/worlds";
  (void)weirctl({"simulate", "--export", file});
  ASSERT_TRUE(admin_.simulation_asked);
  EXPECT_TRUE(admin_.simulation_asked->export_world());
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  EXPECT_EQ(text.str(), "{\"service\":\"shop/web\"}\n");
  const Outcome nowhere = weirctl({"simulate", "--export", folder_ + "/none/worlds"});
  EXPECT_EQ(nowhere.exit, 1);
  EXPECT_NE(nowhere.err.find("cannot be written"), std::string::npos);
}

TEST_F(CliSimulate, ShowsWhatItCostsWhereThatIsPriced) {
  EXPECT_EQ(weirctl({"simulate"}).out.find("cost/h"), std::string::npos);
  admin_.simulation.mutable_services(0)->mutable_outcomes(1)->set_cost_per_hour(1.23456);
  const std::string out = weirctl({"simulate"}).out;
  const std::size_t row = out.find("cost/h");
  ASSERT_NE(row, std::string::npos);
  EXPECT_NE(out.substr(row, out.find('\n', row) - row).find("1.235"), std::string::npos);
}

}  // namespace
}  // namespace weir::cli
