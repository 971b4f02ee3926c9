#pragma once

#include <vector>

#include "controller/policy/rivals/service_view.h"
#include "controller/policy/rivals/smoothed.h"

namespace weir::controller {

enum class L3Score { l3, c3 };

/// L3 (Lange et al., "L3: Latency-aware Load Balancing in Multi-Cluster Service Mesh", Middleware
/// 2024) and its public reference implementation, from which the constants are.
struct L3Options {
  L3Score score = L3Score::l3;
  double period_s = 5;
  double latency_tau_s = 5;  // of P99 and in flight
  double rate_tau_s = 10;    // of success share and requests per second
  double start_p99_s = 5;    // before anything was measured
  double start_in_flight = 100;
  double failure_penalty_s = 0.6;
  bool rate_control = true;  // L3's; C3 has none here
};

/// Each source by itself weighs the destinations every period:
///
///   L3   latency = P99 + penalty * (1 / success - 1)
///        weight  = 100 / ((in flight / rps + 1)^2 * latency), at least 1; then rate control
///   C3   score   = latency + (in flight / rps)^3 * latency   (Suresh et al., NSDI 2015, as L3's
///        weight  = 1000 / score                               authors implemented it)
///
/// Whole numbers, as a traffic split has. Seconds everywhere. A pair without traffic keeps its last
/// values; its weight of at least 1 brings new ones.
class L3 final : public ServicePolicy {
 public:
  explicit L3(const ServiceSetting& setting, const L3Options& options = {});

  std::string_view name() const override { return options_.score == L3Score::l3 ? "l3" : "c3"; }
  ServiceWish observe(const ServiceObservation& seen) override;

 private:
  struct Pair {
    Smoothed p99_s;
    Smoothed in_flight;
    Smoothed success;
    Smoothed rps;
  };
  void take(std::size_t from, std::size_t to);
  double weigh(const Pair& pair) const;
  void fill_row(std::size_t from);

  const L3Options options_;
  ServiceView view_;
  Grid<Pair> pairs_;
  std::vector<Smoothed> total_rps_;
  std::vector<double> total_before_;  // at the end of the period before
  Grid<double> shares_;
  double since_period_s_ = k_unknown;
};

/// L3's rate control of one weight, `mean` the weights' mean, `change` = (rps before - rps now) /
/// rps now. Falling demand draws the weights to their mean, rising demand apart.
double l3_rate_control(double weight, double mean, double change);

}  // namespace weir::controller
