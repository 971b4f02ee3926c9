#pragma once

#include <cstdint>
#include <vector>

#include "common/base/result.h"
#include "controller/store/store.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::controller {

/// The operators' changes in the store. Blocks on it; one call at a time.
class AuditLog {
 public:
  static constexpr std::size_t k_entries_max = 100'000;
  static constexpr std::size_t k_text_max = 2000;  // bytes of each text; what is longer is cut

  explicit AuditLog(Store& store, std::size_t entries_max = k_entries_max)
      : store_(store), entries_max_(entries_max) {}

  /// Durable when it returns. Errors: as `Store::commit`.
  Status add(const admin::v1::AuditEntry& entry);
  /// Newest first, at most `limit`, none after `until_unix_ms`. O(all that is kept).
  Result<std::vector<admin::v1::AuditEntry>> list(std::size_t limit, std::int64_t until_unix_ms);

 private:
  /// Counts what is there, once.
  Status open();

  Store& store_;
  const std::size_t entries_max_;
  bool opened_ = false;
  std::size_t kept_ = 0;
  std::uint64_t next_ = 0;  // tells entries of one millisecond apart
};

}  // namespace weir::controller
