#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/model/service_policy.h"

namespace weir {

/// What the ceiling did to shares. Money an hour.
struct CostCut {
  double wished = 0;
  double cut = 0;
  /// False: the cheapest of the open destinations together cost more than the ceiling, too.
  bool kept = true;
};

/// The guard over what a service's requests may cost on the paths between regions
/// (`ServiceSetting::max_cost_per_hour`). Comes before `to_safe_set`, whose rules (residency, least
/// share, largest step) win where they contradict it. Pure.
class CostCeiling {
 public:
  /// An unusable price or size counts as 0.
  explicit CostCeiling(const ServiceSetting& setting);

  /// An interval has passed: requests per second by source. The mean of about the last ten is
  /// what shares are held against; what is unknown or no number stays as it was.
  void observe(std::span<const double> offered);

  /// Whether anything costs anything.
  bool priced() const { return priced_; }
  /// What shares of this table cost at the demand seen. O(regions^2).
  double per_hour(const Grid<double>& shares) const;

  /// Moves every source's requests by the same part towards the cheapest of the destinations that
  /// it has open, until all together cost no more than the ceiling. It opens nothing: what is
  /// closed may be dead. Rows of any scale come back with sum 1. Nothing is changed, and nothing
  /// comes back, without a ceiling or below it. O(regions^2).
  std::optional<CostCut> hold(Grid<double>& shares) const;

 private:
  std::size_t n_;
  double ceiling_;
  bool priced_ = false;
  Grid<double> cost_;  // of one request
  std::vector<double> rate_;
};

/// "3.20 an hour instead of 4.10, for at most 3.20", for people.
std::string in_words(const CostCut& cut, double ceiling);

}  // namespace weir
