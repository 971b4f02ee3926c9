#include "controller/policy/rivals/probe_pool.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {

void InFlightQuantile::add(double in_flight) {
  const double whole = std::clamp(std::round(in_flight), 0.0, static_cast<double>(k_count_max));
  const auto count = static_cast<std::uint8_t>(whole);
  if (size_ == k_window) {
    --counts_[answers_[next_]];
  } else {
    ++size_;
  }
  answers_[next_] = count;
  ++counts_[count];
  next_ = (next_ + 1) % k_window;
}

double InFlightQuantile::at(double quantile) const {
  const double needed = quantile * static_cast<double>(size_);
  double below = 0;
  for (std::size_t count = 0; count <= k_count_max; ++count) {
    below += counts_[count];
    if (below >= needed) return static_cast<double>(count);
  }
  return static_cast<double>(k_count_max);
}

void ProbePool::add(const Entry& entry) {
  drop_if([&entry](const Entry& old) {
    return old.target.region == entry.target.region && old.target.endpoint == entry.target.endpoint;
  });
  if (entries_.size() >= size_max_) drop_oldest();
  entries_.push_back(entry);
}

void ProbePool::drop_older_than(double at_ms) {
  drop_if([at_ms](const Entry& entry) { return entry.at_ms < at_ms; });
}

void ProbePool::drop_oldest() {
  if (!entries_.empty()) entries_.erase(entries_.begin());
}

void ProbePool::drop_worst(double hot_above) {
  if (entries_.empty()) return;
  const auto worse = [hot_above](const Entry& a, const Entry& b) {
    const bool a_hot = a.in_flight > hot_above;
    const bool b_hot = b.in_flight > hot_above;
    if (a_hot != b_hot) return b_hot;
    return a_hot ? a.in_flight < b.in_flight : a.latency_ms < b.latency_ms;
  };
  entries_.erase(std::ranges::max_element(entries_, worse));
}

ProbePool::Entry* ProbePool::best(double hot_above) {
  const auto better = [hot_above](const Entry& a, const Entry& b) {
    const bool a_hot = a.in_flight > hot_above;
    const bool b_hot = b.in_flight > hot_above;
    if (a_hot != b_hot) return b_hot;
    return a_hot ? a.in_flight < b.in_flight : a.latency_ms < b.latency_ms;
  };
  const auto found = std::ranges::min_element(entries_, better);
  return found == entries_.end() ? nullptr : &*found;
}

void ProbePool::use(Entry* entry) {
  entry->in_flight += 1;
  if (--entry->uses_left <= 0) entries_.erase(entries_.begin() + (entry - entries_.data()));
}

}  // namespace weir::controller
