#include "common/tunnel/load_guard.h"

#include <algorithm>
#include <bit>

namespace weir {
namespace {

constexpr Duration k_hold = std::chrono::seconds(1);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// An IPv4 address or the first half of an IPv6 address. The two cannot be confused: no IPv6 source
/// has 32 zero bits before a non-zero half of that form (::/32 is not routed).
std::uint64_t source_of(const IpAddress& address) {
  const IpAddress plain = address.unmapped();
  return plain.is_v4() ? plain.v4_host_order() : load_be64(plain.bytes().data());
}

}  // namespace

LoadMonitor::LoadMonitor(std::uint32_t per_second, std::uint32_t burst)
    : per_second_(per_second), burst_(burst) {}

bool LoadMonitor::count(Time now, bool behind) {
  if (!behind) {
    level_ = std::max(0.0, level_ - seconds(now - last_) * per_second_);
    last_ = now;
  }
  ++level_;
  if (level_ > burst_) {
    level_ = burst_;
    load_ends_ = now + k_hold;
  }
  return now < load_ends_;
}

std::size_t SourceLimiter::Hash::operator()(std::uint64_t source) const {
  std::uint64_t mixed = (source ^ seed) * 0x9e3779b97f4a7c15U;
  mixed = std::rotl(mixed, 32) ^ seed;
  return mixed * 0xd6e8feb86659fd93U;
}

bool SourceLimiter::allow(const IpAddress& from, Time now) {
  const std::uint64_t source = source_of(from);
  auto found = sources_.find(source);
  if (found == sources_.end()) {
    if (sources_.size() >= k_sources_max && !make_room(now)) return false;
    found = sources_.emplace(source, Bucket{k_full, now}).first;
  }
  Bucket& bucket = found->second;
  bucket.tokens = std::min(k_full, bucket.tokens + (now - bucket.filled));
  bucket.filled = now;
  if (bucket.tokens < k_cost) return false;
  bucket.tokens -= k_cost;
  return true;
}

/// Forgets sources whose bucket is full again: they would start like new ones. At most ten times a
/// second, since it looks at all of them.
bool SourceLimiter::make_room(Time now) {
  if (now < next_sweep_) return false;
  next_sweep_ = now + std::chrono::milliseconds(100);
  std::erase_if(sources_, [now](const auto& entry) {
    return entry.second.tokens + (now - entry.second.filled) >= k_full;
  });
  return sources_.size() < k_sources_max;
}

}  // namespace weir
