#include "controller/publish/publish_count.h"

#include <algorithm>

namespace weir::controller {

std::set<std::string> rules_of(const WeightChange& change) {
  std::set<std::string> rules;
  for (const std::string& action : change.guards) {  // "largest step: eu held at 35.0 %"
    std::string rule = action.substr(0, action.find(':'));
    std::ranges::replace(rule, ' ', '_');
    rules.insert(std::move(rule));
  }
  return rules;
}

void PublishCount::add(const WeightChange& change) {
  ++changes_[change.service];
  for (const std::string& rule : rules_of(change)) {
    const auto known = clamps_.find(rule);
    if (known != clamps_.end()) ++known->second;
  }
}

}  // namespace weir::controller
