#include "controller/policy/rivals/service_view.h"

#include <cmath>

#include "tests/unit/controller/policy/rivals/rival_world.h"

namespace weir::controller {
namespace {

std::vector<std::size_t> nearest(const ServiceView& view, std::size_t from) {
  return {view.nearest(from).begin(), view.nearest(from).end()};
}

TEST(ServiceView, OrdersDestinationsByRoundTripTimeTheOwnRegionFirst) {
  ServiceView view(three_regions());
  EXPECT_EQ(nearest(view, 1), (std::vector<std::size_t>{1, 0, 2}));
  ServiceObservation seen = offered(1000, {1, 1, 1});
  seen.paths(1, 1).rtt_ms = 500;
  seen.paths(1, 0).rtt_ms = 200;
  view.see(seen);
  EXPECT_EQ(nearest(view, 1), (std::vector<std::size_t>{1, 2, 0}));
}

TEST(ServiceView, KeepsTheLastWordWhereAReportIsMissing) {
  ServiceView view(three_regions());
  ServiceObservation seen = offered(1000, {50, 60, 70});
  seen.servers[1].ready = 4;
  seen.paths(0, 1).rtt_ms = 44;
  view.see(seen);
  view.see(ServiceObservation::blank(3));
  EXPECT_EQ(view.demand(1), 60);
  EXPECT_EQ(view.ready(1), 4);
  EXPECT_EQ(view.rtt_ms(0, 1), 44);
  EXPECT_EQ(view.ready(2), 10);
}

TEST(ServiceView, TakesWhatCannotBeForNotReported) {
  ServiceView view(three_regions());
  view.see(offered(1000, {50, 60, 70}));
  ServiceObservation seen = offered(NAN, {-1, INFINITY, 1e300});
  seen.servers[0] = {.ready = -3, .endpoints = INFINITY, .utilization = -1};
  seen.pairs(0, 0).ok = -5;
  seen.pairs(0, 1).latency_mean_ms = INFINITY;
  view.see(seen);
  EXPECT_EQ(view.demand(0), 50);
  EXPECT_EQ(view.demand(1), 60);
  EXPECT_EQ(view.demand(2), 70);
  EXPECT_EQ(view.ready(0), 10);
  EXPECT_FALSE(known(view.utilization(0)));
  EXPECT_EQ(view.ok_rate(0), 0);
  EXPECT_FALSE(known(view.pair(0, 1).latency_mean_ms));
  EXPECT_EQ(view.now_ms(), 1000);
}

TEST(ServiceView, CountsDemandFromWhatWasSentWhenNobodySaysIt) {
  ServiceSetting setting = three_regions();
  setting.interval_ms = 2000;
  ServiceView view(setting);
  ServiceObservation seen = ServiceObservation::blank(3);
  seen.pairs(0, 0).sent = 100;
  seen.pairs(0, 2).sent = 40;
  seen.pairs(0, 2).shed = 20;
  view.see(seen);
  EXPECT_EQ(view.demand(0), 80);
}

TEST(ServiceView, TakesTheIntervalWhenTimeStandsStillOrJumps) {
  ServiceView view(three_regions());
  view.see(offered(1000, {1, 1, 1}));
  view.see(offered(3500, {1, 1, 1}));
  EXPECT_EQ(view.elapsed_s(), 2.5);
  view.see(offered(3500, {1, 1, 1}));
  EXPECT_EQ(view.elapsed_s(), 1);
  view.see(offered(1e14, {1, 1, 1}));
  EXPECT_EQ(view.elapsed_s(), 1);
}

TEST(ServiceView, MakesAWishWhole) {
  ServiceSetting setting = three_regions();
  setting.allowed(0, 1) = 0;
  const ServiceView view(setting);
  Grid<double> shares(3, 3, 0);
  shares(0, 1) = 5;  // forbidden, and all there is
  shares(1, 0) = NAN;
  shares(1, 2) = 2;
  const ServiceWish wish = view.wish(shares);
  expect_percent(wish, 0, {100 * 130.0 / 230, 0, 100 * 100.0 / 230});
  expect_percent(wish, 1, {0, 0, 100});
  EXPECT_EQ(wish.shed, (std::vector<double>{0, 0, 0}));
}

}  // namespace
}  // namespace weir::controller
