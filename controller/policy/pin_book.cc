#include "controller/policy/pin_book.h"

#include <string>

namespace weir::controller {
namespace {

bool over(const WeightPin& pin, std::int64_t unix_ms) {
  return pin.expires_unix_ms != 0 && pin.expires_unix_ms <= unix_ms;
}

/// Nothing of what a policy wished is left: a pin neither fades nor overflows.
void obey(const WeightPin& pin, WeightProposal& proposal) {
  proposal = WeightProposal();
  proposal.service = pin.service;
  proposal.from = pin.from;
  proposal.by = "pin by " + pin.by;
  for (const Weight& weight : pin.weights) {
    proposal.weights.push_back(
        {.region = weight.region, .weight = static_cast<double>(weight.weight), .why = "pinned"});
    proposal.reasons.push_back({.region = weight.region, .term = "pinned"});
  }
}

}  // namespace

void PinBook::set(WeightPin pin) {
  auto key = std::pair(pin.service, pin.from);
  pins_.insert_or_assign(std::move(key), std::move(pin));
}

bool PinBook::remove(const ServiceName& service, const RegionName& from) {
  return pins_.erase({service, from}) > 0;
}

const WeightPin* PinBook::find(const ServiceName& service, const RegionName& from,
                               std::int64_t unix_ms) const {
  const auto found = pins_.find({service, from});
  return found == pins_.end() || over(found->second, unix_ms) ? nullptr : &found->second;
}

std::vector<WeightPin> PinBook::take_expired(std::int64_t unix_ms) {
  std::vector<WeightPin> expired;
  for (auto it = pins_.begin(); it != pins_.end();) {
    if (over(it->second, unix_ms)) {
      expired.push_back(std::move(it->second));
      it = pins_.erase(it);
    } else {
      ++it;
    }
  }
  return expired;
}

std::optional<std::int64_t> PinBook::next_expiry() const {
  std::optional<std::int64_t> next;
  for (const auto& [key, pin] : pins_) {
    if (pin.expires_unix_ms != 0) next = std::min(next.value_or(INT64_MAX), pin.expires_unix_ms);
  }
  return next;
}

std::vector<WeightPin> PinBook::all() const {
  std::vector<WeightPin> pins;
  for (const auto& [key, pin] : pins_) pins.push_back(pin);
  return pins;
}

Proposal with_pins(Proposal proposal, const PinBook& pins, std::int64_t unix_ms) {
  for (const WeightPin& pin : pins.all()) {
    if (over(pin, unix_ms)) continue;
    auto row = std::ranges::find_if(proposal, [&pin](const WeightProposal& other) {
      return other.service == pin.service && other.from == pin.from;
    });
    if (row == proposal.end()) row = proposal.insert(row, WeightProposal());
    obey(pin, *row);
  }
  return proposal;
}

}  // namespace weir::controller
