#pragma once

namespace weir::controller {

/// How long a request waits at a destination that gets `load` requests a second from now on.
///
/// The number of waiting requests is taken as a Brownian motion with drift load - capacity,
/// reflected at 0, that starts at the present backlog; its distribution at any time is known in
/// closed form (J. M. Harrison, "Brownian Motion and Stochastic Flow Systems", 1985, section 3.6).
/// So one formula covers a queue that builds up, one that drains, and one at rest, where it is the
/// heavy-traffic tail exp(-2 (1 - rho) capacity t / (ca2 + cs2)). Few of many workers' requests
/// wait at all at low load; the part of the formula that comes from reflection is scaled by
/// rho^(sqrt(2 (c + 1)) - 1) for c workers (H. Sakasegawa, "An approximation formula Lq", 1977).
/// Workers behind the less busy of two queue worse than pooled ones: c is workers^pool_exponent.
struct QueueModel {
  double capacity_rps = 1;
  double backlog = 0;      // requests waiting now
  double workers = 1;      // busy at full load
  double dispersion = 1;   // of arrivals; 1: Poisson
  double variability = 1;  // squared coefficient of variation of service
  double variance_scale = 1;
  double pool_exponent = 1;
  double local_wait = 0;  // see `stretch`

  /// Behind the less busy of two, some wait however many workers there are: times at the
  /// destination are this much longer, 1 + local_wait rho^6 (1 - 6 / workers). Fitted to simulated
  /// endpoints of four workers.
  double stretch(double load_rps) const;

  /// P(a request arriving `after_s` from now waits longer than `wait_s`). Not increasing in
  /// `wait_s`; not decreasing in `load_rps` or `backlog` but for a hundredth (what is busier is
  /// also more irregular); within 0 and 1.
  double wait_tail(double load_rps, double wait_s, double after_s) const;
};

/// `QueueModel::wait_tail` at one load and time, for many waits: what does not depend on the wait
/// is computed once. About 40 ns a wait.
class WaitTail {
 public:
  WaitTail(const QueueModel& queue, double load_rps, double after_s);
  double at(double wait_s) const;

 private:
  double capacity_;
  double carried_;    // requests waiting then, if they only add up
  double reflected_;  // the same, reflected
  double per_ahead_;  // exponent of the reflected part, per request ahead
  double spread_;     // standard deviation of the count then
  double waits_;      // share of requests that wait at all, at rest
};

}  // namespace weir::controller
