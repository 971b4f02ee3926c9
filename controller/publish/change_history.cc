#include "controller/publish/change_history.h"

#include <algorithm>
#include <utility>

namespace weir::controller {

void ChangeHistory::add(WeightChange change) {
  changes_.push_back(std::move(change));
  if (changes_.size() > limit_) changes_.pop_front();
}

std::vector<std::string> ChangeHistory::overflow(std::size_t coming) const {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < changes_.size() && i + limit_ < changes_.size() + coming; ++i) {
    keys.push_back(change_row_key(changes_[i]));
  }
  return keys;
}

const WeightChange* ChangeHistory::at(const ServiceName& service, const RegionName& from,
                                      std::uint64_t generation) const {
  for (auto it = changes_.rbegin(); it != changes_.rend(); ++it) {
    const bool early_enough = generation == 0 || it->id.generation <= generation;
    if (early_enough && it->service == service && it->from == from) return &*it;
  }
  return nullptr;
}

std::vector<WeightChange> ChangeHistory::before(const ServiceName& service, const RegionName& from,
                                                const RevisionId& id, std::size_t limit) const {
  std::vector<WeightChange> found;
  for (auto it = changes_.rbegin(); it != changes_.rend() && found.size() < limit; ++it) {
    if (it->id < id && it->service == service && it->from == from) found.push_back(*it);
  }
  return found;
}

const WeightChange* ChangeHistory::at_time(const ServiceName& service, const RegionName& from,
                                           std::int64_t unix_ms) const {
  for (auto it = changes_.rbegin(); it != changes_.rend(); ++it) {
    if (it->unix_ms <= unix_ms && it->service == service && it->from == from) return &*it;
  }
  return nullptr;
}

std::vector<WeightChange> ChangeHistory::between(const ServiceName& service, const RegionName& from,
                                                 std::int64_t since_unix_ms,
                                                 std::int64_t until_unix_ms,
                                                 std::size_t limit) const {
  std::vector<WeightChange> found;
  for (auto it = changes_.rbegin(); it != changes_.rend() && found.size() < limit; ++it) {
    if (!service.empty() && it->service != service) continue;
    if (!from.empty() && it->from != from) continue;
    if (it->unix_ms >= since_unix_ms && it->unix_ms <= until_unix_ms) found.push_back(*it);
  }
  return found;
}

std::vector<WeightChange*> ChangeHistory::to_follow_up(std::int64_t unix_ms) {
  constexpr std::int64_t k_minute_ms = 60'000;
  std::vector<WeightChange*> found;
  for (auto it = changes_.rbegin(); it != changes_.rend(); ++it) {
    if (it->unix_ms < unix_ms - k_minute_ms) break;
    if (it->unix_ms <= unix_ms && !it->seen_after) found.push_back(&*it);
  }
  std::ranges::reverse(found);
  return found;
}

}  // namespace weir::controller
