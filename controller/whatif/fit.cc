#include "controller/whatif/fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/base/text.h"
#include "controller/simulate/simulation.h"
#include "controller/whatif/measured.h"

namespace weir::controller {
namespace {

constexpr double k_rtt_prior_ms = 100;
constexpr double k_rtt_least_ms = 0.05;
constexpr std::size_t k_quantiles = 101;  // from the least to the largest, the 100th is the p99
constexpr int k_corrections = 3;
constexpr double k_correction_ms = 40'000;
constexpr double k_correction_requests = 200'000;
constexpr std::size_t k_busy_intervals = 5;
constexpr double k_headroom_prior = 1.5;
constexpr std::uint64_t k_answers_for_speed = 100;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

double ms(std::chrono::milliseconds time) { return static_cast<double>(time.count()); }

class Fitter {
 public:
  Fitter(const ServiceSetting& setting, const ServicePlan& plan,
         std::span<const ServiceObservation> seen)
      : setting_(setting), plan_(plan), seen_(seen), n_(setting.size()) {}

  Result<Fit> run(const StopAsked& stop) {
    take_configuration();
    take_paths();
    measured_ = measure(seen_, setting_.interval_ms, round_trips(scenario()));
    const double answers = measured_.ended - measured_.failed;
    if (answers < k_fit_answers_min) {
      return fail(Code::failed_precondition,
                  setting_.service.value() + " had " +
                      std::to_string(static_cast<std::uint64_t>(answers)) +
                      " answers in what is kept; a fit needs 100: wait for traffic");
    }
    WEIR_TRY(take_demand());
    take_times();
    take_servers();
    take_shares();
    serve_everybody();
    WEIR_TRY(check(scenario()));
    for (int i = 0; i < k_corrections; ++i) WEIR_TRY(correct(stop));
    take_servers();  // declared rates, with the corrected time of a request
    WEIR_TRY(check(scenario()));
    fit_.intervals = seen_.size();
    return std::move(fit_);
  }

 private:
  Scenario& scenario() { return fit_.scenario; }
  std::string name(std::size_t region) const { return setting_.regions[region].value(); }
  void note(std::string text) { fit_.notes.push_back(std::move(text)); }

  void take_configuration() {
    Scenario& s = scenario();
    s.name = setting_.service.value();
    s.regions = setting_.regions;
    s.interval_ms = setting_.interval_ms;
    s.model.service = setting_.service;
    s.model.kb_per_request = setting_.kb_per_request;
    s.model.request_timeout_ms = std::clamp(ms(plan_.request_timeout), 1.0, 600'000.0);
    s.objectives_ms.fill(setting_.slo_ms);
    s.goal = setting_.goal;
    s.may_shed = setting_.may_shed;
    s.min_share = setting_.min_share;
    s.max_step = setting_.max_step;
    s.max_cost_per_hour = setting_.max_cost_per_hour;
    s.allowed = setting_.allowed;
    s.static_weights = setting_.static_weights;
    s.health.interval_ms = std::clamp(ms(plan_.health.interval), 10.0, 600'000.0);
    s.health.timeout_ms = std::clamp(ms(plan_.health.timeout), 1.0, 600'000.0);
    s.health.rise = static_cast<std::uint32_t>(std::clamp(plan_.health.rise, 1, 100));
    s.health.fall = static_cast<std::uint32_t>(std::clamp(plan_.health.fall, 1, 100));
    s.health.hold_ms = std::min(ms(plan_.failover.hold), 600'000.0);
    s.health.ramp_ms = std::min(ms(plan_.failover.ramp), 600'000.0);
    s.health.spill_below = plan_.failover.spill_below.value();
    // How times vary is in the time of a request already.
    s.jitter.shape = {.kind = Distribution::Kind::constant, .mean = 1};
  }

  void take_paths() {
    Scenario& s = scenario();
    s.paths = Grid<PathSpec>(n_, n_);
    for (std::size_t from = 0; from < n_; ++from) {
      for (std::size_t to = 0; to < n_; ++to) {
        PathSpec& path = s.paths(from, to);
        path.cost_per_gb = setting_.cost_per_gb(from, to);
        path.rtt_ms = rtt_of(from, to);
        const bool down =
            from < to && (!seen_.back().paths(from, to).up || !seen_.back().paths(to, from).up);
        if (!down) path.loss = loss_of(from, to);
        if (!down) continue;
        note("the path " + name(from) + ":" + name(to) + " is down now, and stays so");
        s.incidents.push_back({.kind = Incident::Kind::path_cut,
                               .regions = {static_cast<std::uint32_t>(from)},
                               .peers = {static_cast<std::uint32_t>(to)}});
      }
    }
  }

  double rtt_of(std::size_t from, std::size_t to) {
    for (const auto& [a, b] : {std::pair(from, to), std::pair(to, from)}) {
      std::vector<double> trips;
      for (const ServiceObservation& one : seen_) {
        if (one.paths(a, b).up && one.paths(a, b).rtt_ms > 0) {
          trips.push_back(one.paths(a, b).rtt_ms);
        }
      }
      if (!trips.empty()) return std::clamp(median(trips), k_rtt_least_ms, 60'000.0);
    }
    if (from == to) return k_rtt_least_ms;
    if (known(setting_.rtt_ms(from, to))) {
      return std::clamp(setting_.rtt_ms(from, to), k_rtt_least_ms, 60'000.0);
    }
    if (from < to) {
      note("the round trip " + name(from) + ":" + name(to) + " is not measured: taken as 100 ms");
    }
    return k_rtt_prior_ms;
  }

  double loss_of(std::size_t from, std::size_t to) const {
    double sum = 0;
    double count = 0;
    for (const ServiceObservation& one : seen_) {
      if (from == to || !(one.paths(from, to).loss >= 0 && one.paths(from, to).loss <= 1)) continue;
      sum += one.paths(from, to).loss;
      ++count;
    }
    return count > 0 ? std::clamp(sum / count, 0.0, 1.0) : 0;
  }

  Status take_demand() {
    double all = 0;
    for (std::size_t from = 0; from < n_; ++from) {
      const double rps = measured_.offered[from];
      if (!known(rps)) note(name(from) + " told of no requests: taken as none");
      scenario().demand.push_back({.rps = known(rps) ? std::min(rps, 1e6) : 0});
      all += scenario().demand.back().rps;
    }
    const double failed = measured_.failed_share();
    scenario().model.error_share = std::clamp(failed, 0.0, 1.0);
    if (all <= k_fit_rps_max) return {};
    return fail(Code::invalid_argument, setting_.service.value() + " has " +
                                            std::to_string(static_cast<std::uint64_t>(all)) +
                                            " requests a second; up to 40000 can be simulated");
  }

  void take_times() {
    Distribution& time = scenario().model.time;
    time.kind = Distribution::Kind::empirical;
    LatencyHistogram all;
    for (const LatencyHistogram& one : measured_.at_region) all.merge(one);
    speeds_.assign(n_, 1.0);
    const double middle = std::max(0.01, quantile_ms(all, 0.5));
    LatencyHistogram level;  // as if all regions were equally fast
    for (std::size_t to = 0; to < n_; ++to) {
      const LatencyHistogram& one = measured_.at_region[to];
      if (one.total() < k_answers_for_speed) continue;
      speeds_[to] = std::clamp(middle / std::max(0.01, quantile_ms(one, 0.5)), 0.05, 20.0);
      for (std::size_t i = 0; i < LatencyHistogram::k_buckets; ++i) {
        if (one.count(i) == 0) continue;
        const auto us = static_cast<double>(LatencyHistogram::lower_bound_us(i)) * speeds_[to];
        level.add(LatencyHistogram::bucket_of(static_cast<std::uint64_t>(us)), one.count(i));
      }
    }
    wanted_ = quantiles_of(level.total() > 0 ? level : all);
    set_times(wanted_);
  }

  static std::vector<double> quantiles_of(const LatencyHistogram& times) {
    std::vector<double> values(k_quantiles);
    for (std::size_t i = 0; i < k_quantiles; ++i) {
      const double share = std::clamp(static_cast<double>(i) / (k_quantiles - 1), 0.002, 0.998);
      values[i] = std::max(0.01, quantile_ms(times, share));
    }
    return values;
  }

  void set_times(std::vector<double> values) {
    for (std::size_t i = 1; i < values.size(); ++i) values[i] = std::max(values[i], values[i - 1]);
    Distribution& time = scenario().model.time;
    time.values = std::move(values);
    time.mean =
        std::clamp(std::accumulate(time.values.begin(), time.values.end(), 0.0) / k_quantiles,
                   0.001, 600'000.0);
    time.mean = Sampler(time).mean();
  }

  void take_servers() {
    const bool first = scenario().servers.empty();
    scenario().servers.resize(n_);
    fit_.capped.assign(n_, 0);
    for (std::size_t to = 0; to < n_; ++to) take_servers_of(to, first);
    if (!first) return;
    fit_.measured = Grid<char>(n_, n_);
    for (std::size_t i = 0; i < fit_.measured.cells().size(); ++i) {
      fit_.measured.cells()[i] = measured_.sent.cells()[i] > 0 ? 1 : 0;
    }
  }

  void take_servers_of(std::size_t to, bool first) {
    const ServedIn& served = setting_.served_in[to];
    Servers& servers = scenario().servers[to];
    servers.declares_concurrency = false;
    servers.speed = speeds_[to];
    servers.endpoints = static_cast<std::uint32_t>(std::clamp(served.endpoints, 0.0, 2048.0));
    if (servers.endpoints == 0) return;
    const double ready = seen_.back().servers[to].ready;
    if (known(ready) && ready >= 1) {
      servers.endpoints = static_cast<std::uint32_t>(std::min(ready, 2048.0));
    } else if (known(ready) && first) {
      note(name(to) + " has no server that is ready now, and stays so");
      scenario().incidents.push_back(
          {.kind = Incident::Kind::crash, .regions = {static_cast<std::uint32_t>(to)}});
    }
    const double each = servers.endpoints * servers.speed * 1000 / scenario().model.time.mean;
    const bool declared = known(served.declared_rps) && served.declared_rps > 0;
    double workers = 0;
    if (declared) {
      servers.declared_rps = served.declared_rps;
      fit_.capped[to] = 1;
      workers = std::round(served.declared_rps / each);
    } else {
      workers = std::max(4.0, std::ceil(k_headroom_prior * busiest_rps(to) / each));
    }
    servers.workers = static_cast<std::uint32_t>(std::clamp(workers, 1.0, 10'000.0));
    if (!first) return;
    if (!declared) {
      note("the capacity of " + name(to) + " is not known (policy.capacity): taken as " +
           std::to_string(static_cast<std::uint64_t>(servers.workers * each)) +
           " requests a second");
    }
    if (measured_.at_region[to].total() < k_answers_for_speed) {
      note(name(to) + " was hardly asked: its servers are taken to be as fast as the others'");
    }
  }

  double busiest_rps(std::size_t to) const {
    double most = 0;
    double sum = 0;
    std::vector<double> sent;
    for (const ServiceObservation& one : seen_) {
      double now = 0;
      for (std::size_t from = 0; from < n_; ++from) now += one.pairs(from, to).sent;
      sent.push_back(now);
      sum += now;
      if (sent.size() > k_busy_intervals) sum -= sent[sent.size() - 1 - k_busy_intervals];
      most = std::max(most, sum / k_busy_intervals);
    }
    return most * 1000 / setting_.interval_ms;
  }

  void take_shares() {
    const Grid<double> sent = shares_of(measured_.sent);
    const Grid<double>& last = seen_.back().in_force;
    fit_.shares = Grid<double>(n_, n_);
    for (std::size_t from = 0; from < n_; ++from) {
      const auto row = fit_.shares.row(from);
      for (const Grid<double>* one : {&last, &sent, &setting_.static_weights}) {
        if (one->rows() != n_ || one->columns() != n_) continue;
        std::ranges::copy(one->row(from), row.begin());
        if (std::accumulate(row.begin(), row.end(), 0.0) > 0) break;
      }
    }
  }

  /// A simulation wants something to ask for everybody; who has nobody then asks for nothing.
  void serve_everybody() {
    Scenario& s = scenario();
    for (std::size_t from = 0; from < n_; ++from) {
      const auto may = [&](std::size_t to) {
        return s.allowed(from, to) != 0 && s.servers[to].endpoints > 0;
      };
      bool any = false;
      for (std::size_t to = 0; to < n_; ++to) any = any || may(to);
      if (any) continue;
      note(name(from) + " has no region that may serve it: its requests are left out");
      s.demand[from].rps = 0;
      for (std::size_t to = 0; to < n_; ++to) s.allowed(from, to) = 1;
    }
  }

  /// Simulates what was in force and moves each quantile of the service time by what it came out
  /// too long or too short.
  Status correct(const StopAsked& stop) {
    Scenario s = scenario();
    double rps = 0;
    for (const SourceDemand& demand : s.demand) rps += demand.rps;
    s.duration_ms = std::clamp(k_correction_requests / std::max(rps, 1.0) * 1000, 5 * s.interval_ms,
                               k_correction_ms);
    s.warm_up_ms = 0;
    const Grid<double> rtt_ms = round_trips(s);
    Simulation simulation(s, 1, {.min_share = 0, .max_step = 1, .first_shares = fit_.shares});
    std::vector<ServiceObservation> shown;
    while (simulation.advance()) {
      if (stop()) return fail(Code::cancelled, "the fit was stopped");
      shown.push_back(simulation.seen());
    }
    const Measured came = measure(shown, s.interval_ms, rtt_ms);
    LatencyHistogram level;
    for (std::size_t to = 0; to < n_; ++to) {
      for (std::size_t i = 0; i < LatencyHistogram::k_buckets; ++i) {
        const std::uint64_t count = came.at_region[to].count(i);
        const auto us = static_cast<double>(LatencyHistogram::lower_bound_us(i)) * speeds_[to];
        if (count > 0)
          level.add(LatencyHistogram::bucket_of(static_cast<std::uint64_t>(us)), count);
      }
    }
    if (level.total() < k_answers_for_speed) return {};
    const std::vector<double> simulated = quantiles_of(level);
    std::vector<double> values = s.model.time.values;
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] *= std::clamp(wanted_[i] / simulated[i], 0.5, 2.0);
    }
    set_times(std::move(values));
    return {};
  }

  const ServiceSetting& setting_;
  const ServicePlan& plan_;
  const std::span<const ServiceObservation> seen_;
  const std::size_t n_;
  Fit fit_;
  Measured measured_;
  std::vector<double> speeds_;
  std::vector<double> wanted_;
};

}  // namespace

Result<Fit> fit(const ServiceSetting& setting, const ServicePlan& plan,
                std::span<const ServiceObservation> seen, const StopAsked& stop) {
  if (seen.size() < k_fit_intervals_min) {
    return fail(Code::failed_precondition,
                setting.service.value() + " was seen for " + std::to_string(seen.size()) +
                    " s; a fit needs 20: wait, or name a longer --replay");
  }
  return Fitter(setting, plan, seen).run(stop);
}

void follow_recording(std::span<const ServiceObservation> seen, Scenario& scenario) {
  for (std::size_t from = 0; from < scenario.size(); ++from) {
    SourceDemand& demand = scenario.demand[from];
    if (demand.rps <= 0) continue;
    DemandShape shape{.kind = DemandShape::Kind::trace, .step_ms = scenario.interval_ms};
    for (const ServiceObservation& one : seen) {
      const double rps = known(one.offered[from]) ? one.offered[from] : demand.rps;
      shape.values.push_back(std::clamp(rps / demand.rps, 0.0, 1000.0));
    }
    demand.shapes.push_back(std::move(shape));
  }
}

Grid<double> round_trips(const Scenario& scenario) {
  Grid<double> trips(scenario.size(), scenario.size());
  for (std::size_t i = 0; i < trips.cells().size(); ++i) {
    trips.cells()[i] = scenario.paths.cells()[i].rtt_ms;
  }
  return trips;
}

}  // namespace weir::controller
