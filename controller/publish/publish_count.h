#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "controller/publish/publisher.h"

namespace weir::controller {

/// The guards that had a hand in a change, each once, as PublishCount names them.
std::set<std::string> rules_of(const WeightChange& change);

/// How often weights changed, and which guards had a hand in it. Pure.
class PublishCount {
 public:
  /// The guards, as `to_safe_set` names them, with "_" for " ".
  static constexpr const char* k_rules[] = {"residency",     "unknown_region", "finite",
                                            "minimum_share", "largest_step",   "never_empty"};

  PublishCount() {
    for (const char* rule : k_rules) clamps_[rule] = 0;
  }

  void add(const WeightChange& change);

  /// By service; one that never changed is not there.
  const std::map<ServiceName, std::uint64_t>& changes() const { return changes_; }
  /// By rule, each change once.
  const std::map<std::string, std::uint64_t>& clamps() const { return clamps_; }

 private:
  std::map<ServiceName, std::uint64_t> changes_;
  std::map<std::string, std::uint64_t> clamps_;
};

}  // namespace weir::controller
