#pragma once

#include <gtest/gtest.h>

#include "common/model/service_policy.h"

namespace weir::controller {

inline const RegionName k_us("us");
inline const RegionName k_eu("eu");

inline ServiceSetting two_regions() {
  ServiceSetting setting;
  setting.service = ServiceName("shop/web");
  setting.regions = {k_us, k_eu};
  setting.allowed = Grid<char>(2, 2, 1);
  setting.static_weights = Grid<double>(2, 2, 100);
  setting.served_in.assign(2, {.endpoints = 2});
  return setting;
}

inline Grid<double> rows(std::vector<double> cells) {
  Grid<double> grid(2, 2);
  for (std::size_t i = 0; i < 4; ++i) grid.cells()[i] = cells[i];
  return grid;
}

inline ServiceWish wish_of(std::vector<double> shares) {
  return {.shares = rows(std::move(shares)), .shed = {}, .why = {}, .expected_in_slo = {}};
}

}  // namespace weir::controller
