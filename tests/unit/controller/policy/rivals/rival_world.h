#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "common/model/service_policy.h"

namespace weir::controller {

/// Three regions in a row, 10 endpoints each with 100 requests per second: a, b 30 ms from it, c
/// 90 ms from a and 60 ms from b.
inline ServiceSetting three_regions() {
  const std::size_t n = 3;
  ServiceSetting setting;
  setting.service = ServiceName("shop/web");
  for (const char* name : {"a", "b", "c"}) setting.regions.emplace_back(name);
  setting.rtt_ms = Grid<double>(n, n, 1);
  setting.rtt_ms(0, 1) = setting.rtt_ms(1, 0) = 30;
  setting.rtt_ms(1, 2) = setting.rtt_ms(2, 1) = 60;
  setting.rtt_ms(0, 2) = setting.rtt_ms(2, 0) = 90;
  setting.cost_per_gb = Grid<double>(n, n, 0);
  setting.served_in.assign(n, {.endpoints = 10, .declared_rps = 1000});
  setting.allowed = Grid<char>(n, n, 1);
  setting.static_weights = Grid<double>(n, n, 100);
  for (std::size_t i = 0; i < n; ++i) setting.static_weights(i, i) = 130;
  return setting;
}

/// One region that serves itself.
inline ServiceSetting one_region() {
  ServiceSetting setting;
  setting.service = ServiceName("shop/web");
  setting.regions = {RegionName("a")};
  setting.rtt_ms = Grid<double>(1, 1, 1);
  setting.cost_per_gb = Grid<double>(1, 1, 0);
  setting.served_in = {{.endpoints = 4, .declared_rps = 400}};
  setting.allowed = Grid<char>(1, 1, 1);
  setting.static_weights = Grid<double>(1, 1, 130);
  return setting;
}

/// What is offered per second, by source; everything else unknown.
inline ServiceObservation offered(double t_ms, const std::vector<double>& rates) {
  ServiceObservation seen = ServiceObservation::blank(rates.size());
  seen.t_ms = t_ms;
  seen.offered = rates;
  return seen;
}

inline double row_sum(const Grid<double>& shares, std::size_t from) {
  double sum = 0;
  for (const double share : shares.row(from)) sum += share;
  return sum;
}

/// Percent of each destination for one source.
inline std::vector<double> percent(const ServiceWish& wish, std::size_t from) {
  std::vector<double> result;
  for (const double share : wish.shares.row(from)) {
    result.push_back(100 * share / row_sum(wish.shares, from));
  }
  return result;
}

inline void expect_percent(const ServiceWish& wish, std::size_t from,
                           const std::vector<double>& expected, double tolerance = 0.01) {
  const std::vector<double> got = percent(wish, from);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t to = 0; to < got.size(); ++to) {
    EXPECT_NEAR(got[to], expected[to], tolerance) << "from " << from << " to " << to;
  }
}

}  // namespace weir::controller
