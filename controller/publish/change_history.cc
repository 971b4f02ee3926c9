#include "controller/publish/change_history.h"

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

std::vector<WeightChange> ChangeHistory::list(const ServiceName& service, const RegionName& from,
                                              std::size_t limit) const {
  std::vector<WeightChange> found;
  for (auto it = changes_.rbegin(); it != changes_.rend() && found.size() < limit; ++it) {
    if (it->service == service && it->from == from) found.push_back(*it);
  }
  return found;
}

}  // namespace weir::controller
