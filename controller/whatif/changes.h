#pragma once

#include <cstddef>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// What is to be different from how things are.
struct Changes {
  struct Path {
    RegionName a;
    RegionName b;
    double add_ms = 0;  // to the round trip; a cut path has none
  };
  std::vector<RegionName> failed;  // all servers die; clients and agent stay
  std::vector<Path> cut;           // both directions
  std::vector<Path> longer;        // both directions
  double traffic_scale = 1;        // of every source

  static constexpr std::size_t k_each_max = 64;
  static constexpr double k_scale_max = 10;
  static constexpr double k_add_max_ms = 10'000;

  bool none() const {
    return failed.empty() && cut.empty() && longer.empty() && traffic_scale == 1;
  }
};

/// Makes them happen at `at_ms`, until the end. Errors: invalid_argument (a region that is none of
/// the scenario's, a path from a region to itself, a number beyond its bounds), with nothing done.
Status apply(const Changes& changes, double at_ms, Scenario& scenario);

}  // namespace weir::controller
