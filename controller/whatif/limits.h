#pragma once

#include <string>
#include <vector>

#include "controller/whatif/changes.h"
#include "controller/whatif/prediction.h"

namespace weir::controller {

struct BrokenLimit {
  std::string limit;  // a stable word: "objective", "capacity", "destination"
  std::string text;   // for people
};

/// Which limits this would break:
///
///   destination  a source that no region is left for which may serve it and can be reached
///   capacity     a region asked for more than was declared for it, 5 s together or longer
///   objective    more requests miss the objective than `tolerated`, 0 to 1
///
/// A capacity that is a prior is no limit. O(regions^2).
std::vector<BrokenLimit> broken_limits(const Fit& fit, const Changes& changes,
                                       const Prediction& prediction, double tolerated);

}  // namespace weir::controller
