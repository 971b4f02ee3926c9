#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/base/time.h"

namespace weir {

/// How many packets the kernel may hold for a worker that lags. The kernel counts packets, yet what
/// makes others wait is bytes: 500 datagrams are a burst, 500 packets of 64 KB on their way to be
/// cut are 32 MB, several milliseconds in front of every ping. So the limit follows what is read.
///
/// Pure. One thread.
class QueueLength {
 public:
  static constexpr std::uint32_t k_long = 500;
  /// 3.6 MB of the largest packets: the least that loses no ping and no throughput beside TCP
  /// (docs/tunnel-performance.md).
  static constexpr std::uint32_t k_short = 56;

  /// `fixed` 0: follows.
  explicit QueueLength(std::uint32_t fixed)
      : follows_(fixed == 0), present_(fixed == 0 ? k_long : fixed) {}

  std::uint32_t present() const { return present_; }

  /// So many packets were read, of so many bytes in all: the new limit, if there is one.
  std::optional<std::uint32_t> read(std::size_t packets, std::size_t bytes, Time now) {
    if (!follows_) return std::nullopt;
    packets_ += packets;
    bytes_ += bytes;
    if (packets_ < k_look_every) return std::nullopt;
    const std::size_t mean = bytes_ / packets_;
    packets_ = 0;
    bytes_ = 0;
    std::uint32_t wanted = present_;
    if (mean >= k_large) wanted = k_short;
    if (mean < k_small) wanted = k_long;
    if (wanted == present_ || (changed_ && now - *changed_ < k_rest)) return std::nullopt;
    changed_ = now;
    present_ = wanted;
    return wanted;
  }

  /// Somebody else has set it: it is theirs.
  void leave() { follows_ = false; }

 private:
  static constexpr std::size_t k_look_every = 64;
  static constexpr std::size_t k_large = 16384;  // bytes, the mean packet of bulk
  static constexpr std::size_t k_small = 4096;
  static constexpr Duration k_rest = std::chrono::milliseconds(100);

  bool follows_;
  std::uint32_t present_;
  std::size_t packets_ = 0;
  std::size_t bytes_ = 0;
  std::optional<Time> changed_;
};

}  // namespace weir
