#include "agent/app/join_patience.h"

namespace weir::agent {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds k_silence_max{30};
constexpr milliseconds k_silence_pause{500};
constexpr std::chrono::minutes k_crowd_max{3};
constexpr milliseconds k_crowd_pause_min{2000};
constexpr milliseconds k_crowd_pause_span{8000};

}  // namespace

std::optional<Duration> JoinPatience::pause_after(const Error& why, Time now) {
  const Duration waited = now - start_;
  if (why.code() == Code::unavailable || why.code() == Code::deadline_exceeded) {
    if (waited >= k_silence_max) return std::nullopt;
    return k_silence_pause;
  }
  if (why.code() == Code::resource_exhausted && waited < k_crowd_max) {
    const auto span = static_cast<std::uint64_t>(k_crowd_pause_span.count());
    return k_crowd_pause_min + milliseconds(rng_.below(span + 1));
  }
  return std::nullopt;
}

}  // namespace weir::agent
