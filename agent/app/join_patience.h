#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/base/error.h"
#include "common/base/time.h"
#include "common/sim/rng.h"

namespace weir::agent {

/// How long a join tries again, and after which pauses. Pure.
///
///   no answer       every 0.5 s for 30 s: the first packets also make the handshake
///   no room now     for 3 minutes, after 2 to 10 s by lot: the machines that share a token also
///                   share its tunnel and its rate, and would else meet again each time
///   another answer  is the last word
class JoinPatience {
 public:
  JoinPatience(Time start, std::uint64_t seed) : start_(start), rng_(seed) {}

  /// The pause before the next try; nothing: `why` is the last word.
  std::optional<Duration> pause_after(const Error& why, Time now);

 private:
  const Time start_;
  Rng rng_;
};

}  // namespace weir::agent
