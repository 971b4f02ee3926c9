#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "controller/publish/publication_rows.h"
#include "controller/publish/publisher.h"

namespace weir::controller {

/// The newest changes of weights, so that any of them can be explained. Plain state beside the
/// rows in the store: what `overflow` names is erased in the transaction that adds the new ones.
class ChangeHistory {
 public:
  explicit ChangeHistory(std::size_t limit = k_changes_kept) : limit_(limit) {}

  /// In the order of their ids.
  void add(WeightChange change);
  /// Row keys of what would fall out if `coming` more were added.
  std::vector<std::string> overflow(std::size_t coming) const;

  /// The change in force at `generation` (0: now) for the pair; nullptr: none kept that old.
  const WeightChange* at(const ServiceName& service, const RegionName& from,
                         std::uint64_t generation) const;
  /// Newest first, at most `limit`.
  std::vector<WeightChange> list(const ServiceName& service, const RegionName& from,
                                 std::size_t limit) const;
  std::size_t size() const { return changes_.size(); }

 private:
  const std::size_t limit_;
  std::deque<WeightChange> changes_;
};

}  // namespace weir::controller
