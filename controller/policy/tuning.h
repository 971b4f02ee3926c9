#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/sim/rng.h"

namespace weir::controller {

/// One number a policy can be set by. `low` and `high` bound what may be configured and what a
/// search tries; `standard` is the published value where there is one.
struct Tunable {
  std::string_view name;  // with its unit: "period_s"
  double standard = 0;
  double low = 0;
  double high = 1;
  bool by_factors = false;  // a search draws evenly over the logarithm; `low` is above 0
  std::string_view meaning;
};

/// Values for a policy's tunables: plain state, the standard values until told otherwise.
class Tuning {
 public:
  Tuning() = default;
  /// Every tunable at its standard value.
  explicit Tuning(std::span<const Tunable> tunables);

  /// Errors: not_found (no such tunable; names those there are), out_of_range (outside its bounds,
  /// or no finite number).
  static Result<Tuning> create(std::span<const Tunable> tunables,
                               const std::map<std::string, double>& values);

  /// One draw per tunable, in their order.
  static Tuning draw(std::span<const Tunable> tunables, Rng& rng);

  /// The value of a tunable the policy declared; asking for another one is a bug.
  double operator[](std::string_view name) const;

  const std::map<std::string, double, std::less<>>& values() const { return values_; }

 private:
  std::map<std::string, double, std::less<>> values_;
};

}  // namespace weir::controller
