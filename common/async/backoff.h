#pragma once

#include <chrono>

#include "common/sim/rng.h"

namespace weir {

/// How long to wait before the next try: doubles from `first` to `longest`, each wait drawn from
/// its upper half so that many clients do not come back together.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, Rng rng);

  std::chrono::milliseconds next();
  /// After a success.
  void reset();

 private:
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds longest_;
  std::chrono::milliseconds ceiling_;
  Rng rng_;
};

}  // namespace weir
