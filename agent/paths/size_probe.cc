#include "agent/paths/size_probe.h"

namespace weir::agent {

namespace {

constexpr Duration k_patience = std::chrono::seconds(1);
constexpr Duration k_every = std::chrono::seconds(5);

}  // namespace

std::optional<std::uint32_t> SizeProbe::due(Time now) {
  if (now < next_) return std::nullopt;
  if (waiting_) ++lost_;
  waiting_ = true;
  next_ = now + k_patience;
  return ++sequence_;
}

void SizeProbe::answered(std::uint32_t sequence, Time now) {
  if (!waiting_ || sequence != sequence_) return;
  waiting_ = false;
  lost_ = 0;
  next_ = now + k_every;
}

void SizeProbe::pause(Time now) {
  waiting_ = false;
  lost_ = 0;
  next_ = now + k_patience;
}

}  // namespace weir::agent
