#pragma once

#include "common/sim/rng.h"
#include "controller/simulate/event_queue.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// The factor of one shape at a time.
double factor_at(const DemandShape& shape, double t_ms);

/// The arrivals of one source, one after the other.
///
/// Gaps are drawn in operational time, in which one request arrives per unit on average, and then
/// stretched by the rate, which is held for steps of 100 ms: a change of the rate, or of what
/// scales it, changes when requests come and not how many random numbers are drawn.
class ArrivalStream {
 public:
  /// `demand` outlives the stream.
  ArrivalStream(const SourceDemand& demand, const Arrivals& arrivals, Rng rng);

  /// The next arrival after `now`; `end` when none comes before it.
  Ticks next(Ticks now, Ticks end);

  /// Requests a second now, bursts aside.
  double rate_at(Ticks now) const;

  /// All rates times this from `now` on: clients that came from, or went, elsewhere.
  void set_scale(double scale) { scale_ = scale; }
  double scale() const { return scale_; }

 private:
  double gap();
  double gamma_gap();
  /// Fills the rate (per tick) for the step that `now` lies in.
  void enter_step(Ticks now);
  void step_bursts(Ticks now);

  const SourceDemand& demand_;
  Arrivals arrivals_;
  Rng rng_;
  Rng burst_rng_;
  double scale_ = 1;

  double rate_ = 0;  // per tick, until step_end_
  Ticks step_end_ = 0;
  double held_scale_ = 1;
  bool bursting_ = false;
  Ticks burst_change_ = 0;
};

}  // namespace weir::controller
