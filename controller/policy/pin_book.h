#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/model/proposal.h"

namespace weir::controller {

/// The pins of all (service, source) pairs: plain state, a value.
class PinBook {
 public:
  /// Takes the place of an earlier pin of the same pair.
  void set(WeightPin pin);
  /// False when there was none.
  bool remove(const ServiceName& service, const RegionName& from);
  /// nullptr: not pinned, or no longer at `unix_ms`.
  const WeightPin* find(const ServiceName& service, const RegionName& from,
                        std::int64_t unix_ms) const;
  /// Those that have run out by `unix_ms`, taken out of the book.
  std::vector<WeightPin> take_expired(std::int64_t unix_ms);
  /// When the next one runs out; none: no pin has an end.
  std::optional<std::int64_t> next_expiry() const;
  std::vector<WeightPin> all() const;

 private:
  std::map<std::pair<ServiceName, RegionName>, WeightPin> pins_;
};

/// `proposal` with every pair that is pinned at `unix_ms` replaced, or added.
Proposal with_pins(Proposal proposal, const PinBook& pins, std::int64_t unix_ms);

}  // namespace weir::controller
