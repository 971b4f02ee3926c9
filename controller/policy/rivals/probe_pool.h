#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/model/request_policy.h"

namespace weir::controller {

/// What Prequal (Wydrowski et al., NSDI 2024) calls hot: more requests in flight than this quantile
/// of the answers lately seen. Counts of the last 128 answers; O(in flight) to read.
class InFlightQuantile {
 public:
  void add(double in_flight);
  /// The smallest count such that at least `quantile` of the answers are at or below it; 0 before
  /// the first.
  double at(double quantile) const;

 private:
  static constexpr std::size_t k_window = 128;
  static constexpr std::size_t k_count_max = 255;
  std::array<std::uint8_t, k_window> answers_{};
  std::array<std::uint8_t, k_count_max + 1> counts_{};
  std::size_t size_ = 0;
  std::size_t next_ = 0;
};

/// One source's answers to probes that may still be used.
class ProbePool {
 public:
  struct Entry {
    RequestTarget target;
    double in_flight = 0;
    double latency_ms = 0;
    double at_ms = 0;
    int uses_left = 0;
  };

  explicit ProbePool(std::size_t size_max) : size_max_(size_max) { entries_.reserve(size_max); }

  /// Takes the place of an older answer of the same endpoint, else of the oldest when full.
  void add(const Entry& entry);
  void drop_older_than(double at_ms);
  template <typename Unwanted>
  void drop_if(Unwanted unwanted) {
    std::erase_if(entries_, unwanted);
  }
  void drop_oldest();
  /// The hot one with most in flight; the slowest where none is hot.
  void drop_worst(double hot_above);

  /// Hot-cold lexicographic: the quickest among the cold, else the one with least in flight.
  /// nullptr when empty. Ties: the first come.
  Entry* best(double hot_above);
  /// One use of `entry`, a `best()` just given: its endpoint has one more in flight.
  void use(Entry* entry);

  std::size_t size() const { return entries_.size(); }

 private:
  const std::size_t size_max_;
  std::vector<Entry> entries_;  // oldest first
};

}  // namespace weir::controller
