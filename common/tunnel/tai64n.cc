#include "common/tunnel/tai64n.h"

#include <algorithm>

#include "common/base/bytes.h"

namespace weir {
namespace {

constexpr std::uint64_t k_second_ns = 1'000'000'000;
/// 1970 in TAI64, the ten leap seconds of that day included.
constexpr std::uint64_t k_epoch = 0x400000000000000aU;

/// Nanoseconds since 1970 without the low 24 bits of those within the second.
std::uint64_t whitened(std::uint64_t ns) {
  const std::uint64_t rest = ns % k_second_ns;
  return ns - rest % TimestampMaker::k_step_ns;
}

/// One step on; the last of a second is followed by the start of the next.
std::uint64_t after(std::uint64_t ns) {
  const std::uint64_t next = ns + TimestampMaker::k_step_ns;
  return next / k_second_ns == ns / k_second_ns ? next : next / k_second_ns * k_second_ns;
}

}  // namespace

Tai64n TimestampMaker::next(WallTime wall) {
  const auto since_1970 = std::max<std::int64_t>(wall.time_since_epoch().count(), 0);
  last_ns_ = std::max(whitened(static_cast<std::uint64_t>(since_1970)), after(last_ns_));

  Tai64n stamp{};
  store_be64(stamp.data(), k_epoch + last_ns_ / k_second_ns);
  store_be32(stamp.data() + 8, static_cast<std::uint32_t>(last_ns_ % k_second_ns));
  return stamp;
}

}  // namespace weir
