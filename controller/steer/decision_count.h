#pragma once

#include <cstdint>

namespace weir::controller {

/// What became of the decisions of one service's policies. A decision counts once it is known what
/// became of it: with the next one, a second later. Pure.
class DecisionCount {
 public:
  struct Totals {
    std::uint64_t applied = 0;   // became weights as it was
    std::uint64_t clamped = 0;   // a guard changed it first
    std::uint64_t shadow = 0;    // was only shown
    std::uint64_t rejected = 0;  // nonsense, or none at all: its policy fell
  };

  /// A policy answered; `steers`: the answer is to become weights.
  void answered(bool steers) {
    if (waits_) ++*waits_;
    waits_ = steers ? &totals_.applied : &totals_.shadow;
  }
  /// A guard changed what the last answer became.
  void clamped() {
    if (waits_ == &totals_.applied) waits_ = &totals_.clamped;
  }
  void rejected(std::uint64_t times) { totals_.rejected += times; }

  DecisionCount() = default;
  DecisionCount(const DecisionCount&) = delete;
  DecisionCount& operator=(const DecisionCount&) = delete;

  const Totals& totals() const { return totals_; }

 private:
  Totals totals_;
  std::uint64_t* waits_ = nullptr;  // where the last answer will count
};

}  // namespace weir::controller
