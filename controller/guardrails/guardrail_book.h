#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/model/guardrail.h"
#include "common/model/service_config.h"

namespace weir::controller {

/// What an operator set a limit to. Names a guardrail there is; `value` is within its bounds.
struct GuardrailOverride {
  ServiceName service;
  std::string name;
  double value = 0;
  std::string by;
  std::int64_t created_unix_ms = 0;
  std::int64_t expires_unix_ms = 0;  // 0: never
  friend bool operator==(const GuardrailOverride&, const GuardrailOverride&) = default;
};

/// The overrides of all services: plain state, a value.
class GuardrailBook {
 public:
  /// Takes the place of an earlier one of the same limit.
  void set(GuardrailOverride override);
  /// False when there was none.
  bool remove(const ServiceName& service, const std::string& name);
  /// nullptr: as configured, or again so at `unix_ms`.
  const GuardrailOverride* find(const ServiceName& service, const std::string& name,
                                std::int64_t unix_ms) const;
  /// Those that have run out by `unix_ms`, taken out of the book.
  std::vector<GuardrailOverride> take_expired(std::int64_t unix_ms);
  /// When the next one runs out; none: none has an end.
  std::optional<std::int64_t> next_expiry() const;
  std::vector<GuardrailOverride> all() const;

 private:
  std::map<std::pair<ServiceName, std::string>, GuardrailOverride> overrides_;
};

/// `configured` with the overrides of it that hold at `unix_ms`.
ServiceConfig with_guardrails(ServiceConfig configured, const GuardrailBook& book,
                              std::int64_t unix_ms);

/// Whether with `after` in the place of `before` (nullptr: none) more is permitted than without the
/// change, now or at any moment later: an override that ends sooner gives back what it took.
bool loosens(const Guardrail& guardrail, std::optional<double> configured,
             const GuardrailOverride* before, const GuardrailOverride* after, std::int64_t unix_ms);

}  // namespace weir::controller
