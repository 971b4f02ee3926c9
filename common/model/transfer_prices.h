#pragma once

#include <map>
#include <vector>

#include "common/base/ids.h"

namespace weir {

/// What a gigabyte (10^9 bytes) that leaves a region for another one costs, in the operator's
/// money. Inside a region nothing does.
struct TransferPrices {
  struct Pair {
    RegionName from;  // the bytes leave it
    RegionName to;
    double per_gb = 0;
    friend bool operator==(const Pair&, const Pair&) = default;
  };
  double per_gb = 0;                     // of every region
  std::map<RegionName, double> leaving;  // of one
  std::vector<Pair> pairs;               // before both of the above

  /// O(pairs + log(regions)).
  double of(const RegionName& from, const RegionName& to) const {
    if (from == to) return 0;
    for (const Pair& pair : pairs) {
      if (pair.from == from && pair.to == to) return pair.per_gb;
    }
    const auto found = leaving.find(from);
    return found == leaving.end() ? per_gb : found->second;
  }

  friend bool operator==(const TransferPrices&, const TransferPrices&) = default;
};

}  // namespace weir
