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
  /// Those before `id`, newest first, at most `limit`.
  std::vector<WeightChange> before(const ServiceName& service, const RegionName& from,
                                   const RevisionId& id, std::size_t limit) const;
  /// The change in force at that time; nullptr: none kept that old.
  const WeightChange* at_time(const ServiceName& service, const RegionName& from,
                              std::int64_t unix_ms) const;
  /// What was in force or changed between two times, newest first, at most `limit`; an empty name
  /// means all.
  std::vector<WeightChange> between(const ServiceName& service, const RegionName& from,
                                    std::int64_t since_unix_ms, std::int64_t until_unix_ms,
                                    std::size_t limit) const;
  /// Those made within the minute before `unix_ms` whose `seen_after` is missing, oldest first. The
  /// pointers hold until the history changes.
  std::vector<WeightChange*> to_follow_up(std::int64_t unix_ms);
  std::size_t size() const { return changes_.size(); }

 private:
  const std::size_t limit_;
  std::deque<WeightChange> changes_;
};

}  // namespace weir::controller
