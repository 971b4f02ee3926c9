#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "controller/policy/policy.h"

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

/// Another policy's proposal with the pinned pairs replaced by what people said. The other policy
/// still observes everything, so it has not lost touch when a pin ends.
class PinnedPolicy final : public Policy {
 public:
  /// `inner` outlives it.
  PinnedPolicy(Policy& inner, PinBook pins) : inner_(inner), pins_(std::move(pins)) {}

  std::string_view name() const override { return inner_.name(); }
  Proposal observe(const Observation& observation) override;

  const PinBook& pins() const { return pins_; }
  void replace(PinBook pins) { pins_ = std::move(pins); }

 private:
  Policy& inner_;
  PinBook pins_;
};

/// `proposal` with every pair that is pinned at `unix_ms` replaced.
Proposal with_pins(Proposal proposal, const PinBook& pins, std::int64_t unix_ms);

}  // namespace weir::controller
