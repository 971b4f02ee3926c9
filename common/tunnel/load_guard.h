#pragma once

#include <cstdint>
#include <unordered_map>

#include "common/base/time.h"
#include "common/net/ip.h"

namespace weir {

/// Says when handshakes come faster than this machine should take them without proof of address.
///
/// A bucket fills by one with each handshake message and drains at `per_second`, but not while
/// messages come faster than they are handled: a slow or busy machine takes fewer. It is under load
/// once `burst` is reached, and until one second has passed in which it was not: a flood at the
/// edge does not switch it to and fro.
class LoadMonitor {
 public:
  LoadMonitor(std::uint32_t per_second, std::uint32_t burst);

  /// Counts one handshake message; true while under load. `behind`: others still wait that came
  /// with the last ones.
  bool count(Time now, bool behind);

 private:
  const double per_second_;
  const double burst_;
  double level_ = 0;
  Time last_{};
  Time load_ends_ = Time::min();
};

/// At most 20 handshake messages a second, 5 at once, from one IPv4 address or one IPv6 /64; asked
/// under load, about senders whose address is proven.
///
///   limits   k_sources_max sources; one more is refused while none of them has been quiet
class SourceLimiter {
 public:
  static constexpr std::size_t k_sources_max = 8192;
  static constexpr Duration k_cost = std::chrono::milliseconds(50);
  static constexpr Duration k_full = 5 * k_cost;

  /// `seed` keeps senders from choosing addresses that share a hash bucket.
  explicit SourceLimiter(std::uint64_t seed) : sources_(16, Hash{seed}) {}

  bool allow(const IpAddress& from, Time now);

 private:
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(std::uint64_t source) const;
  };
  struct Bucket {
    Duration tokens;
    Time filled;
  };

  bool make_room(Time now);

  std::unordered_map<std::uint64_t, Bucket, Hash> sources_;
  Time next_sweep_ = Time::min();
};

}  // namespace weir
