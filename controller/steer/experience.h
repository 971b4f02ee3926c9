#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/model/service_policy.h"

namespace weir::controller {

/// The last intervals of one service, oldest first: what a policy that takes over is shown. Plain
/// state; memory is bounded by intervals and by cells.
class Experience {
 public:
  static constexpr std::size_t k_intervals_max = 300;
  static constexpr std::size_t k_cells_max = 1 << 18;  // pairs in all intervals together

  /// Lets the oldest go beyond `cells_max` pairs in all; ten stay in any case.
  void add(ServiceObservation seen, std::size_t cells_max = k_cells_max);
  void clear() { intervals_.clear(); }
  std::vector<ServiceObservation> all() const { return {intervals_.begin(), intervals_.end()}; }
  /// The newest, at most `count` of them.
  std::vector<ServiceObservation> newest(std::size_t count) const;
  std::size_t size() const { return intervals_.size(); }

 private:
  std::deque<ServiceObservation> intervals_;
};

// Rows of the store: steer/experience/<service>/<unix ms, hex>, some intervals each.

inline constexpr std::string_view k_experience_rows = "steer/experience/";
std::string experience_row_prefix(const ServiceName& service);
std::string experience_row_key(const ServiceName& service, std::int64_t unix_ms);
/// When the row of this key was written; 0: not such a key.
std::int64_t experience_row_time(std::string_view key);

std::string encode_experience(const ServiceSetting& setting,
                              const std::vector<ServiceObservation>& intervals);

struct StoredExperience {
  ServiceName service;
  std::vector<RegionName> regions;
  std::vector<ServiceObservation> intervals;
};
/// Errors: data_loss (not such a row).
Result<StoredExperience> decode_experience(std::string_view row);

}  // namespace weir::controller
