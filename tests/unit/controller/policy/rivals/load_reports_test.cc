// The two balancers that go by what servers report.

#include <cmath>

#include "controller/policy/rivals/grpc_wrr.h"
#include "controller/policy/rivals/load_aware_locality.h"
#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

ServiceObservation busy(double t_ms, const std::vector<double>& utilization) {
  ServiceObservation seen = offered(t_ms, {100, 100, 100});
  for (std::size_t i = 0; i < utilization.size(); ++i) {
    seen.servers[i].utilization = utilization[i];
  }
  return seen;
}

TEST(LoadAwareLocality, MatchesEnvoysWorkedExample) {
  LoadAwareLocality policy(three_regions());
  const ServiceWish wish = policy.observe(busy(1000, {0.7, 0.3, 0.4}));
  expect_percent(wish, 0, {100 * 3.0 / 16, 100 * 7.0 / 16, 100 * 6.0 / 16});
  // b is less busy than the others: everything at home but for the probes.
  expect_percent(wish, 1, {1.5, 97, 1.5});
}

TEST(LoadAwareLocality, GoesByEndpointsBeforeTheFirstReportAndWhenAllAreBusy) {
  LoadAwareLocality policy(three_regions());
  // Without reports every utilisation is 0, the own region no busier than the rest.
  expect_percent(policy.observe(busy(1000, {})), 0, {97, 1.5, 1.5});
  ServiceObservation full = busy(2000, {1, 1, 1});
  full.servers[2].ready = 5;
  expect_percent(policy.observe(full), 0, {40, 40, 20});
}

TEST(LoadAwareLocality, SmoothsWithAFiveSecondConstant) {
  LoadAwareLocality policy(three_regions());
  policy.observe(busy(1000, {0.5, 0.2, 0.2}));
  const double alpha = 1 - std::exp(-1.0 / 5);
  const double own = 0.5 + alpha * 0.4;
  const ServiceWish wish = policy.observe(busy(2000, {0.9, 0.2, 0.2}));
  const double total = 10 * (1 - own) + 16;
  expect_percent(wish, 0, {1000 * (1 - own) / total, 800 / total, 800 / total});
}

TEST(LoadAwareLocality, FallsBackToEndpointsForStaleReports) {
  LoadAwareLocality policy(three_regions());
  policy.observe(busy(1000, {0.7, 0.3, 0.4}));
  ServiceObservation later = busy(182'000, {0.7, 0.3});
  // c last spoke 181 s ago: weight 10. Its old 0.4 still counts in the comparison.
  const ServiceWish wish = policy.observe(later);
  expect_percent(wish, 0, {100 * 3.0 / 20, 100 * 7.0 / 20, 100 * 10.0 / 20});
}

TEST(LoadAwareLocality, HasNoHomeWhereTheOwnRegionDoesNotServe) {
  ServiceSetting setting = three_regions();
  for (std::size_t from = 0; from < 3; ++from) setting.allowed(from, 0) = 0;
  setting.served_in[0].endpoints = 0;
  LoadAwareLocality policy(setting);
  expect_percent(policy.observe(busy(1000, {0, 0.5, 0})), 0, {0, 100.0 / 3, 200.0 / 3});
}

/// `rps` answered by b and c for a, with what their servers report.
ServiceObservation answered(double t_ms, const std::vector<double>& rps,
                            const std::vector<double>& utilization, double errors_of_b = 0) {
  ServiceObservation seen = busy(t_ms, utilization);
  for (std::size_t to = 0; to < rps.size(); ++to) seen.pairs(0, to).ok = rps[to];
  seen.pairs(0, 1).ok -= errors_of_b;
  seen.pairs(0, 1).errors = errors_of_b;
  return seen;
}

TEST(GrpcWrr, WeighsByRequestsOverUtilisationAfterTheBlackout) {
  GrpcWrr policy(three_regions());
  ServiceWish wish;
  for (double t_ms = 1000; t_ms <= 10'000; t_ms += 1000) {
    wish = policy.observe(answered(t_ms, {200, 200, 100}, {0.5, 0.25, 0.5}));
    expect_percent(wish, 0, {100.0 / 3, 100.0 / 3, 100.0 / 3});
  }
  // 400, 800 and 200 a second at full use.
  wish = policy.observe(answered(11'000, {200, 200, 100}, {0.5, 0.25, 0.5}));
  expect_percent(wish, 0, {100 * 4.0 / 14, 100 * 8.0 / 14, 100 * 2.0 / 14});
}

TEST(GrpcWrr, PunishesErrors) {
  GrpcWrr policy(three_regions());
  ServiceWish wish;
  for (double t_ms = 1000; t_ms <= 11'000; t_ms += 1000) {
    wish = policy.observe(answered(t_ms, {100, 100, 100}, {0.5, 0.25, 0.5}, 25));
  }
  // b: 100 / (0.25 + 0.25) as the others: 100 / 0.5.
  expect_percent(wish, 0, {100.0 / 3, 100.0 / 3, 100.0 / 3});
}

TEST(GrpcWrr, GivesTheMeanToWhoReportsNothingAndNothingToWhoIsNotReady) {
  GrpcWrr policy(three_regions());
  ServiceWish wish;
  for (double t_ms = 1000; t_ms <= 11'000; t_ms += 1000) {
    wish = policy.observe(answered(t_ms, {200, 100, 100}, {0.5, 0.5, k_unknown}));
  }
  expect_percent(wish, 0, {100 * 4.0 / 9, 100 * 2.0 / 9, 100 * 3.0 / 9});
  ServiceObservation gone = answered(12'000, {200, 100, 100}, {0.5, 0.5, k_unknown});
  gone.servers[0].ready = 0;
  wish = policy.observe(gone);
  expect_percent(wish, 0, {0, 50, 50});
}

TEST(GrpcWrr, ForgetsAWeightAfterThreeMinutesWithoutAReport) {
  GrpcWrr policy(three_regions());
  ServiceWish wish;
  for (double t_ms = 1000; t_ms <= 11'000; t_ms += 1000) {
    wish = policy.observe(answered(t_ms, {200, 100, 100}, {0.5, 0.5, 0.5}));
  }
  expect_percent(wish, 0, {50, 25, 25});
  wish = policy.observe(answered(192'000, {200, 100, 100}, {}));
  expect_percent(wish, 0, {100.0 / 3, 100.0 / 3, 100.0 / 3});
}

}  // namespace
}  // namespace weir::controller
