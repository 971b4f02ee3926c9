#include "controller/simulate/recorder.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

std::chrono::nanoseconds duration(Ticks ticks) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(ticks));
}

double ms(std::chrono::microseconds us) { return static_cast<double>(us.count()) * 1e-3; }

void count(Counts& counts, Recorder::End end, bool remote, double latency_ms, double cost,
           std::uint32_t attempts, const std::array<double, k_objectives>& objectives_ms) {
  counts.retries += attempts > 1 ? attempts - 1 : 0;
  switch (end) {
    case Recorder::End::shed:
      ++counts.shed;
      return;
    case Recorder::End::error:
      ++counts.errors;
      break;
    case Recorder::End::timeout:
      ++counts.timeouts;
      break;
    case Recorder::End::ok:
      ++counts.ok;
      counts.latency_ms += latency_ms;
      for (std::size_t i = 0; i < k_objectives; ++i) {
        counts.in_objective[i] += latency_ms <= objectives_ms[i] ? 1 : 0;
      }
      break;
  }
  counts.remote += remote ? 1 : 0;
  counts.cost += cost;
}

}  // namespace

void Counts::add(const Counts& other) {
  offered += other.offered;
  ok += other.ok;
  errors += other.errors;
  timeouts += other.timeouts;
  shed += other.shed;
  retries += other.retries;
  remote += other.remote;
  for (std::size_t i = 0; i < k_objectives; ++i) in_objective[i] += other.in_objective[i];
  latency_ms += other.latency_ms;
  cost += other.cost;
}

double Counts::share_in(std::size_t objective) const {
  if (offered == 0) return 1;
  return static_cast<double>(in_objective[objective]) / static_cast<double>(offered);
}

Recorder::Recorder(const Scenario& scenario)
    : regions_(scenario.size()),
      objective_ms_(scenario.objectives_ms[scenario.objective]),
      objectives_ms_(scenario.objectives_ms),
      interval_(to_ticks(scenario.interval_ms)),
      intervals_per_tick_(1 / static_cast<double>(interval_)),
      first_measured_(
          static_cast<std::size_t>(std::ceil(scenario.warm_up_ms / scenario.interval_ms))),
      cost_(regions_, regions_),
      offered_(regions_),
      pairs_(regions_, regions_),
      latencies_(regions_, regions_),
      totals_(regions_, regions_),
      total_latencies_(regions_, regions_) {
  for (std::size_t i = 0; i < cost_.cells().size(); ++i) {
    cost_.cells()[i] = scenario.paths.cells()[i].cost_per_gb * scenario.model.kb_per_request * 1e-6;
  }
  const double count = std::ceil(scenario.duration_ms / scenario.interval_ms - 1e-9);
  intervals_.resize(std::max<std::size_t>(1, static_cast<std::size_t>(count)));
  for (std::size_t i = 0; i < intervals_.size(); ++i) {
    intervals_[i].t_ms = static_cast<double>(i + 1) * scenario.interval_ms;
  }
}

void Recorder::ended(std::size_t from, std::size_t to, End end, Ticks took) {
  Pair& pair = pairs_(from, to);
  --pair.in_flight;
  if (end == End::error) ++pair.errors;
  if (end == End::timeout) ++pair.timeouts;
  if (end != End::ok) return;
  ++pair.ok;
  const double latency_ms = to_ms(took);
  pair.latency_ms += latency_ms;
  pair.in_objective += latency_ms <= objective_ms_ ? 1 : 0;
  latencies_(from, to).record(duration(took));
}

void Recorder::report(Ticks now, ServiceObservation& seen) {
  const double seconds = static_cast<double>(interval_) * 1e-9;
  seen.t_ms = to_ms(now);
  for (std::size_t from = 0; from < regions_; ++from) {
    seen.offered[from] = static_cast<double>(offered_[from]) / seconds;
    offered_[from] = 0;
    for (std::size_t to = 0; to < regions_; ++to) {
      Pair& pair = pairs_(from, to);
      LatencyHistogram& latency = latencies_(from, to);
      PairSeen& row = seen.pairs(from, to);
      row = PairSeen();
      row.sent = static_cast<double>(pair.sent);
      row.chosen = static_cast<double>(pair.chosen);
      row.ok = static_cast<double>(pair.ok);
      row.errors = static_cast<double>(pair.errors);
      row.timeouts = static_cast<double>(pair.timeouts);
      row.in_slo = static_cast<double>(pair.in_objective);
      row.shed = static_cast<double>(pair.shed);
      row.in_flight = pair.in_flight;
      if (pair.ok > 0) {
        row.latency_mean_ms = pair.latency_ms / row.ok;
        row.latency_p50_ms = ms(latency.quantile(0.5));
        row.latency_p90_ms = ms(latency.quantile(0.9));
        row.latency_p99_ms = ms(latency.quantile(0.99));
        latency.clear();
      }
      pair = {.in_flight = pair.in_flight};
    }
  }
}

IntervalResult& Recorder::interval_of(Ticks begun) {
  const auto index = static_cast<std::size_t>(static_cast<double>(begun) * intervals_per_tick_);
  return intervals_[std::min(index, intervals_.size() - 1)];
}

void Recorder::began(Ticks begun, bool measured) {
  ++interval_of(begun).counts.offered;
  ++requests_;
  offered_measured_ += measured ? 1 : 0;
}

void Recorder::done(Ticks begun, bool measured, std::size_t from, std::size_t to, End end,
                    Ticks took, std::uint32_t attempts) {
  const double latency_ms = to_ms(took);
  const double cost = cost_(from, to);
  count(interval_of(begun).counts, end, from != to, latency_ms, cost, attempts, objectives_ms_);
  if (!measured) return;
  Counts& total = totals_(from, to);
  ++total.offered;
  count(total, end, from != to, latency_ms, cost, attempts, objectives_ms_);
  if (end == End::ok) total_latencies_(from, to).record(duration(took));
}

void Recorder::set_control(Ticks now, double churn, bool guarded) {
  IntervalResult& interval = interval_of(now);
  interval.churn += churn;
  interval.guarded = interval.guarded || guarded;
}

SimulationResult Recorder::result() const {
  SimulationResult result;
  result.objectives_ms = objectives_ms_;
  result.pairs = totals_;
  result.pair_latency = total_latencies_;
  for (const Counts& counts : totals_.cells()) result.total.add(counts);
  result.total.offered = offered_measured_;
  for (const LatencyHistogram& latency : total_latencies_.cells()) result.latency.merge(latency);
  result.intervals = intervals_;
  result.first_measured = std::min(first_measured_, intervals_.size());
  const auto measured = static_cast<double>(intervals_.size() - result.first_measured);
  for (std::size_t i = result.first_measured; i < intervals_.size(); ++i) {
    result.churn += intervals_[i].churn / measured;
    result.guarded_share += intervals_[i].guarded ? 1 / measured : 0;
  }
  result.requests = requests_;
  return result;
}

}  // namespace weir::controller
