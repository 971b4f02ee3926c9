#include "controller/guardrails/guardrail_book.h"

#include <algorithm>

namespace weir::controller {
namespace {

bool holds(const GuardrailOverride& override, std::int64_t unix_ms) {
  return override.expires_unix_ms == 0 || unix_ms < override.expires_unix_ms;
}

}  // namespace

void GuardrailBook::set(GuardrailOverride override) {
  auto key = std::pair(override.service, override.name);
  overrides_.insert_or_assign(std::move(key), std::move(override));
}

bool GuardrailBook::remove(const ServiceName& service, const std::string& name) {
  return overrides_.erase({service, name}) > 0;
}

const GuardrailOverride* GuardrailBook::find(const ServiceName& service, const std::string& name,
                                             std::int64_t unix_ms) const {
  const auto found = overrides_.find({service, name});
  return found == overrides_.end() || !holds(found->second, unix_ms) ? nullptr : &found->second;
}

std::vector<GuardrailOverride> GuardrailBook::take_expired(std::int64_t unix_ms) {
  std::vector<GuardrailOverride> expired;
  for (auto it = overrides_.begin(); it != overrides_.end();) {
    if (holds(it->second, unix_ms)) {
      ++it;
      continue;
    }
    expired.push_back(std::move(it->second));
    it = overrides_.erase(it);
  }
  return expired;
}

std::optional<std::int64_t> GuardrailBook::next_expiry() const {
  std::optional<std::int64_t> next;
  for (const auto& [key, override] : overrides_) {
    if (override.expires_unix_ms == 0) continue;
    next = std::min(next.value_or(INT64_MAX), override.expires_unix_ms);
  }
  return next;
}

std::vector<GuardrailOverride> GuardrailBook::all() const {
  std::vector<GuardrailOverride> all;
  for (const auto& [key, override] : overrides_) all.push_back(override);
  return all;
}

ServiceConfig with_guardrails(ServiceConfig configured, const GuardrailBook& book,
                              std::int64_t unix_ms) {
  for (const Guardrail& guardrail : guardrails()) {
    const GuardrailOverride* set =
        book.find(configured.plan.service, std::string(guardrail.name), unix_ms);
    if (set != nullptr) guardrail.put(set->value, configured);
  }
  return configured;
}

bool loosens(const Guardrail& guardrail, std::optional<double> configured,
             const GuardrailOverride* before, const GuardrailOverride* after,
             std::int64_t unix_ms) {
  const auto value_at = [&](const GuardrailOverride* override, std::int64_t moment) {
    return override != nullptr && holds(*override, moment) ? std::optional(override->value)
                                                           : configured;
  };
  // Between these moments nothing changes; after the last end both are as configured.
  std::vector<std::int64_t> moments = {unix_ms};
  for (const GuardrailOverride* override : {before, after}) {
    if (override != nullptr) moments.push_back(std::max(unix_ms, override->expires_unix_ms));
  }
  return std::ranges::any_of(moments, [&](std::int64_t moment) {
    return is_looser(guardrail, value_at(after, moment), value_at(before, moment));
  });
}

}  // namespace weir::controller
