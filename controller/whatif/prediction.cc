#include "controller/whatif/prediction.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "controller/simulate/simulation.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_load_intervals = 5;

/// Follows how much each region is asked for.
class LoadMeter {
 public:
  LoadMeter(const Fit& fit, double interval_ms)
      : interval_s_(interval_ms / 1000), n_(fit.scenario.size()), most_(n_), over_(n_) {
    const Scenario& s = fit.scenario;
    for (std::size_t to = 0; to < n_; ++to) {
      const Servers& servers = s.servers[to];
      capacity_.push_back(fit.capped[to] != 0 ? servers.declared_rps
                                              : servers.endpoints * servers.workers *
                                                    servers.speed * 1000 / s.model.time.mean);
    }
  }

  void add(const ServiceObservation& seen) {
    std::vector<double>& asked = last_.emplace_back(n_);
    for (std::size_t to = 0; to < n_; ++to) {
      for (std::size_t from = 0; from < n_; ++from) asked[to] += seen.pairs(from, to).sent;
    }
    if (last_.size() > k_load_intervals) last_.pop_front();
    if (last_.size() < k_load_intervals) return;
    for (std::size_t to = 0; to < n_; ++to) {
      if (capacity_[to] <= 0) continue;
      double sum = 0;
      for (const std::vector<double>& one : last_) sum += one[to];
      const double load = sum / k_load_intervals / interval_s_ / capacity_[to];
      most_[to] = std::max(most_[to], load);
      over_[to] += load > 1 ? interval_s_ : 0;
    }
  }

  void tell(Prediction& prediction) const {
    prediction.over_s = over_;
    prediction.load = most_;
    for (std::size_t to = 0; to < n_; ++to) {
      if (capacity_[to] <= 0) prediction.load[to] = k_unknown;
    }
  }

 private:
  const double interval_s_;
  const std::size_t n_;
  std::vector<double> capacity_;
  std::deque<std::vector<double>> last_;  // intervals
  std::vector<double> most_;
  std::vector<double> over_;
};

std::vector<double> rates_of(const Grid<double>& sent, double seconds) {
  std::vector<double> rates(sent.columns());
  for (std::size_t from = 0; from < sent.rows(); ++from) {
    for (std::size_t to = 0; to < sent.columns(); ++to) rates[to] += sent(from, to) / seconds;
  }
  return rates;
}

/// Money an hour; every request sent counts, whether it is answered or not.
double cost_of(const Scenario& scenario, const Grid<double>& sent, double seconds) {
  constexpr double k_gb_per_kb = 1e-6;
  double per_gb = 0;
  for (std::size_t i = 0; i < sent.cells().size(); ++i) {
    per_gb += sent.cells()[i] * scenario.paths.cells()[i].cost_per_gb;
  }
  return per_gb * scenario.model.kb_per_request * k_gb_per_kb / seconds * 3600;
}

void add_sent(const ServiceObservation& seen, Grid<double>& sent) {
  for (std::size_t i = 0; i < sent.cells().size(); ++i) {
    sent.cells()[i] += seen.pairs.cells()[i].sent;
  }
}

}  // namespace

Prediction present(std::span<const ServiceObservation> seen, const Measured& measured,
                   const Fit& fit) {
  Prediction now{.name = "now",
                 .in_objective = measured.in_objective(),
                 .p50_ms = quantile_ms(measured.latency, 0.5),
                 .p99_ms = quantile_ms(measured.latency, 0.99),
                 .failed = measured.failed_share(),
                 .cost_per_hour = cost_of(fit.scenario, measured.sent, measured.seconds),
                 .shares = shares_of(measured.sent),
                 .rps = rates_of(measured.sent, measured.seconds)};
  LoadMeter meter(fit, fit.scenario.interval_ms);
  for (const ServiceObservation& one : seen) meter.add(one);
  meter.tell(now);
  return now;
}

Result<Prediction> predict(const Fit& fit, const Scenario& scenario, const Steering& steering,
                           std::uint64_t seed, const StopAsked& stop) {
  SimulationOptions options{.first_shares = steering.first_shares, .limits = steering.limits};
  if (steering.policy == nullptr) options.min_share = 0;
  Simulation simulation(scenario, seed, options);
  double t_ms = 0;
  for (const ServiceObservation& one : steering.past) {
    if (stop()) return fail(Code::cancelled, "the simulation was stopped");
    if (steering.policy != nullptr) (void)steering.policy->observe(one);
    t_ms = one.t_ms;
  }
  const std::size_t n = scenario.size();
  Prediction prediction{.name = steering.name};
  LoadMeter meter(fit, scenario.interval_ms);
  Grid<double> sent(n, n);
  Grid<double> late(n, n);
  const double half_ms = (scenario.warm_up_ms + scenario.duration_ms) / 2;
  while (simulation.advance()) {
    if (stop()) return fail(Code::cancelled, "the simulation was stopped");
    const double now_ms = simulation.now_ms();
    if (now_ms > scenario.warm_up_ms) {
      meter.add(simulation.seen());
      add_sent(simulation.seen(), sent);
    }
    if (now_ms > half_ms) add_sent(simulation.seen(), late);
    if (steering.policy == nullptr) continue;
    // Its time goes on where the recording ended.
    ServiceObservation seen = simulation.seen();
    seen.t_ms += t_ms;
    simulation.wish(steering.policy->observe(seen));
  }
  const SimulationResult result = simulation.finish();
  const auto offered = static_cast<double>(result.total.offered);
  const double measured_s = (scenario.duration_ms - scenario.warm_up_ms) / 1000;
  prediction.in_objective = result.total.share_in(scenario.objective);
  prediction.p50_ms = quantile_ms(result.latency, 0.5);
  prediction.p99_ms = quantile_ms(result.latency, 0.99);
  const std::uint64_t failed = result.total.errors + result.total.timeouts + result.total.shed;
  prediction.failed = offered > 0 ? static_cast<double>(failed) / offered : 0;
  prediction.cost_per_hour = cost_of(scenario, sent, measured_s);
  prediction.shares = shares_of(late);
  prediction.rps = rates_of(sent, measured_s);
  meter.tell(prediction);
  return prediction;
}

}  // namespace weir::controller
