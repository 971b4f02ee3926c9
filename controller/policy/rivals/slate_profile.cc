#include "controller/policy/rivals/slate_profile.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

constexpr double k_idle_unknown_ms = 10;
constexpr double k_latency_least_ms = 0.1;
/// Where no capacity is known, the first load seen is taken for this share of it.
constexpr double k_first_load_share = 0.6;

struct Sample {
  double requests = 0;
  double latency_ms = 0;
};

/// Mean serving time over all sources.
Sample sample_of(const ServiceView& view, std::size_t to) {
  Sample sample;
  for (std::size_t from = 0; from < view.size(); ++from) {
    const PairSeen& pair = view.pair(from, to);
    if (!known(pair.latency_mean_ms) || pair.ok <= 0) continue;
    const double serving =
        std::max(k_latency_least_ms, pair.latency_mean_ms - view.rtt_ms(from, to));
    sample.requests += pair.ok;
    sample.latency_ms += pair.ok * serving;
  }
  if (sample.requests > 0) sample.latency_ms /= sample.requests;
  return sample;
}

double sent_rate(const ServiceView& view, std::size_t to) {
  double sent = 0;
  for (std::size_t from = 0; from < view.size(); ++from) sent += view.pair(from, to).sent;
  return sent / view.interval_s();
}

}  // namespace

void SlateProfile::learn(const ServiceView& view, const CapacityBook& book) {
  if (!options_.continuous && learned_s_ >= options_.profile_s) return;
  learned_s_ += view.elapsed_s();
  const double fade = sample_weight(view.elapsed_s(), options_.memory_s);
  for (std::size_t to = 0; to < view.size(); ++to) {
    const double ready = view.ready(to);
    const Sample sample = sample_of(view, to);
    if (sample.requests <= 0 || ready <= 0) continue;
    const double each = sent_rate(view, to) / ready;
    if (!fits_[to]) {
      const double capacity = book.capacity(view, to) / ready;
      const double guessed = std::max(each, 1e-3) / k_first_load_share;
      const bool usable = std::isfinite(capacity) && capacity > 0;
      fits_[to].emplace(usable ? capacity : guessed, options_.exponent);
    }
    idle_ms_[to] = std::fmin(idle_ms_[to], sample.latency_ms);
    fits_[to]->add(each, sample.latency_ms, fade);
  }
}

LatencyCurve SlateProfile::curve(const ServiceView& view, std::size_t destination) const {
  const double idle = known(idle_ms_[destination]) ? idle_ms_[destination] : k_idle_unknown_ms;
  const double ready = std::max(view.ready(destination), 1e-3);
  LatencyCurve curve{.a = 0, .b = idle, .k = options_.exponent};
  if (fits_[destination]) {
    curve =
        fits_[destination]->fitted(idle, idle * options_.full_load_factor, options_.prior_weight);
  }
  for (int i = 0; i < curve.k; ++i) curve.a /= ready;
  return curve;
}

}  // namespace weir::controller
