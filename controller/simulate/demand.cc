#include "controller/simulate/demand.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace weir::controller {
namespace {

constexpr Ticks k_step = 100'000'000;

double surge_factor(const DemandShape& shape, double t_ms) {
  const double top = shape.at_ms + shape.rise_ms;
  const double fall = top + shape.hold_ms;
  if (t_ms < shape.at_ms || t_ms >= fall + shape.fall_ms) return 1;
  if (t_ms < top) return std::lerp(1.0, shape.level, (t_ms - shape.at_ms) / shape.rise_ms);
  if (t_ms < fall) return shape.level;
  return std::lerp(shape.level, 1.0, (t_ms - fall) / shape.fall_ms);
}

double piecewise_factor(const DemandShape& shape, double t_ms) {
  const auto later = std::ranges::upper_bound(shape.points, t_ms, {}, &DemandShape::Point::t_ms);
  if (later == shape.points.begin()) return later->factor;
  const auto& before = *std::prev(later);
  if (later == shape.points.end()) return before.factor;
  return std::lerp(before.factor, later->factor,
                   (t_ms - before.t_ms) / (later->t_ms - before.t_ms));
}

double trace_factor(const DemandShape& shape, double t_ms) {
  const double place = std::max(0.0, t_ms + shape.phase_ms) / shape.step_ms;
  const auto index = static_cast<std::uint64_t>(place);
  return shape.values[index % shape.values.size()];
}

}  // namespace

double factor_at(const DemandShape& shape, double t_ms) {
  switch (shape.kind) {
    case DemandShape::Kind::constant:
      return shape.level;
    case DemandShape::Kind::sine:
      return 1 + shape.amplitude *
                     std::sin(2 * std::numbers::pi * (t_ms + shape.phase_ms) / shape.period_ms);
    case DemandShape::Kind::surge:
      return surge_factor(shape, t_ms);
    case DemandShape::Kind::piecewise:
      return piecewise_factor(shape, t_ms);
    case DemandShape::Kind::trace:
      return trace_factor(shape, t_ms);
  }
  return 1;
}

ArrivalStream::ArrivalStream(const SourceDemand& demand, const Arrivals& arrivals, Rng rng)
    : demand_(demand), arrivals_(arrivals), rng_(rng), burst_rng_(rng_.fork()) {}

double ArrivalStream::rate_at(Ticks now) const {
  double rate = demand_.rps * scale_;
  for (const DemandShape& shape : demand_.shapes) rate *= factor_at(shape, to_ms(now));
  return rate;
}

/// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); for a shape below
/// 1 the boost U^(1/shape).
double ArrivalStream::gamma_gap() {
  const double shape = 1 / arrivals_.cv2;
  const double lifted = shape < 1 ? shape + 1 : shape;
  const double d = lifted - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = rng_.normal(0, 1);
    const double cube = 1 + c * x;
    if (cube <= 0) continue;
    const double v = cube * cube * cube;
    if (std::log1p(-rng_.unit()) >= x * x / 2 + d - d * v + d * std::log(v)) continue;
    const double boost = shape < 1 ? std::pow(rng_.unit(), arrivals_.cv2) : 1;
    return d * v * boost * arrivals_.cv2;
  }
}

double ArrivalStream::gap() {
  return arrivals_.kind == Arrivals::Kind::gamma ? gamma_gap() : rng_.exponential(1);
}

void ArrivalStream::step_bursts(Ticks now) {
  while (burst_change_ <= now) {
    const double calm_ms = arrivals_.burst_ms * (1 / arrivals_.burst_share - 1);
    const bool first = burst_change_ == 0;
    bursting_ = first ? burst_rng_.chance(arrivals_.burst_share) : !bursting_;
    burst_change_ += 1 + to_ticks(burst_rng_.exponential(bursting_ ? arrivals_.burst_ms : calm_ms));
  }
}

void ArrivalStream::enter_step(Ticks now) {
  step_end_ = (now / k_step + 1) * k_step;
  rate_ = rate_at(step_end_ - k_step / 2) * 1e-9;
  held_scale_ = scale_;
  if (arrivals_.kind != Arrivals::Kind::mmpp) return;
  step_bursts(now);
  step_end_ = std::min(step_end_, burst_change_);
  const double share = arrivals_.burst_share;
  rate_ *= bursting_ ? arrivals_.burst : (1 - arrivals_.burst * share) / (1 - share);
}

Ticks ArrivalStream::next(Ticks now, Ticks end) {
  double left = gap();
  Ticks at = now;
  for (;;) {
    if (at >= step_end_ || held_scale_ != scale_) enter_step(at);
    const double room = rate_ * static_cast<double>(step_end_ - at);
    if (left < room) {
      at += static_cast<Ticks>(left / rate_);
      return std::min(at, end);
    }
    left -= room;
    at = step_end_;
    if (at >= end) return end;
  }
}

}  // namespace weir::controller
