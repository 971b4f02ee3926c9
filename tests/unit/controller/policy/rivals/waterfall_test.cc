#include "controller/policy/rivals/waterfall.h"

#include <cmath>

#include "controller/policy/rivals/rings.h"
#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

TEST(Waterfall, FillsTheOwnRegionThenTheNearestWithRoom) {
  Waterfall policy(three_regions(), "waterfall");
  // 800 fit anywhere. a: 1000 at home 800, 200 to b. b: 700 leaves room for 100 only; c the rest.
  const ServiceWish wish = policy.observe(offered(1000, {1000, 700, 100}));
  expect_percent(wish, 0, {80, 10, 10});
  expect_percent(wish, 1, {0, 100, 0});
  expect_percent(wish, 2, {0, 0, 100});
}

TEST(Waterfall, KeepsAtHomeWhatFindsNoRoomAnywhere) {
  Waterfall policy(three_regions(), "waterfall");
  const ServiceWish wish = policy.observe(offered(1000, {2000, 800, 800}));
  expect_percent(wish, 0, {100, 0, 0});
}

TEST(Waterfall, ShrinksTheCapacityWithTheReadyEndpointsAndDrainsUnderAQuarter) {
  Waterfall policy(three_regions(), "waterfall");
  ServiceObservation seen = offered(1000, {400, 0, 0});
  seen.servers[0].ready = 3;  // 240 fit
  expect_percent(policy.observe(seen), 0, {60, 40, 0});
  seen.t_ms = 2000;
  seen.servers[0].ready = 2;
  expect_percent(policy.observe(seen), 0, {0, 100, 0});
}

TEST(Waterfall, SmoothsTheDemand) {
  Waterfall policy(three_regions(), "waterfall");
  policy.observe(offered(1000, {500, 0, 0}));
  // 500 + 0.4 * (1500 - 500) = 900: 800 at home.
  expect_percent(policy.observe(offered(2000, {1500, 0, 0})), 0, {100 * 8.0 / 9, 100 * 1.0 / 9, 0});
}

TEST(Waterfall, ObeysResidencyAndServesSourcesWhoseRegionDoesNot) {
  ServiceSetting setting = three_regions();
  setting.served_in[0].endpoints = 0;
  for (std::size_t from = 0; from < 3; ++from) setting.allowed(from, 0) = 0;
  setting.allowed(2, 1) = 0;
  Waterfall policy(setting, "waterfall");
  const ServiceWish wish = policy.observe(offered(1000, {400, 600, 600}));
  expect_percent(wish, 0, {0, 50, 50});
  expect_percent(wish, 2, {0, 0, 100});
}

TEST(Waterfall, LearnsTheCapacityFromLoadReports) {
  WaterfallOptions options;
  options.capacity = CapacitySource::learned;
  Waterfall policy(three_regions(), "waterfall-learned", options);
  ServiceObservation seen = offered(1000, {600, 0, 0});
  seen.pairs(0, 0).ok = 300;
  seen.servers[0].utilization = 0.6;  // 500 a second, whatever was declared: 400 fit
  expect_percent(policy.observe(seen), 0, {100 * 400.0 / 600, 100 * 200.0 / 600, 0});
}

TEST(CapacityBook, FallsAndClimbsByTheAnswersWhereServersReportNothing) {
  CapacityBook book(CapacitySource::learned, 5, 3);
  ServiceView view(three_regions());
  EXPECT_TRUE(std::isinf(book.capacity(view, 0)));
  ServiceObservation seen = offered(1000, {400, 0, 0});
  seen.pairs(0, 0).ok = seen.pairs(0, 0).in_slo = 400;
  view.see(seen);
  book.learn(view);
  EXPECT_NEAR(book.capacity(view, 0), 420, 1e-9);
  seen.pairs(0, 0).in_slo = 200;
  view.see(seen);
  book.learn(view);
  EXPECT_NEAR(book.capacity(view, 0), 380, 1e-9);
}

TEST(CapacityBook, PrefersWhatWasDeclaredIfToldSo) {
  const CapacityBook book(CapacitySource::declared, 5, 3);
  ServiceView view(three_regions());
  ServiceObservation seen = offered(1000, {1, 1, 1});
  seen.servers[0].ready = 5;
  view.see(seen);
  EXPECT_EQ(book.capacity(view, 0), 500);
  EXPECT_EQ(book.capacity(view, 1), 1000);
}

RingsOptions by_declared() {
  RingsOptions options;
  options.capacity = CapacitySource::declared;
  return options;
}

TEST(Rings, StayInTheSmallestRingUntilItIsLoaded) {
  Rings policy(three_regions(), by_declared());
  // 750 fit anywhere; b is in a's first ring (30 ms), c beyond the second (90 ms).
  const ServiceWish wish = policy.observe(offered(1000, {1500, 150, 0}));
  expect_percent(wish, 0, {50, 40, 10});
  expect_percent(wish, 1, {0, 100, 0});
}

TEST(Rings, SpreadInsideARingByFreeCapacity) {
  ServiceSetting setting = three_regions();
  setting.rtt_ms(0, 2) = 32;
  Rings policy(setting, by_declared());
  // Left over at a: 300. Free: b 750, c 450.
  const ServiceWish wish = policy.observe(offered(1000, {1050, 0, 300}));
  expect_percent(wish, 0, {100 * 750.0 / 1050, 100 * 187.5 / 1050, 100 * 112.5 / 1050});
}

TEST(Rings, SpreadWhatFindsNoRoomByCapacity) {
  ServiceSetting setting = three_regions();
  setting.served_in[2].declared_rps = 2000;
  Rings policy(setting, by_declared());
  // 3000 fit, 4000 wanted: a quarter each of the rest to a and b, half to c.
  const ServiceWish wish = policy.observe(offered(1000, {4000, 0, 0}));
  expect_percent(wish, 0, {25, 25, 50});
}

}  // namespace
}  // namespace weir::controller
