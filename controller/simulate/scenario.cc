#include "controller/simulate/scenario.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

constexpr std::size_t k_regions_max = 64;
constexpr std::uint32_t k_endpoints_max = 2048;
constexpr double k_time_max_ms = 7 * 86'400'000.0;

/// Collects what is wrong.
class Checker {
 public:
  void rule(bool holds, const std::string& where, const std::string& what) {
    if (!holds) all_ += (all_.empty() ? "" : "\n") + where + ": " + what;
  }
  void between(double value, double low, double high, const std::string& where) {
    rule(value >= low && value <= high, where,
         "must lie between " + short_text(low) + " and " + short_text(high));
  }
  Status status() const {
    if (all_.empty()) return {};
    return fail(Code::invalid_argument, all_);
  }

 private:
  static std::string short_text(double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

  std::string all_;
};

std::string numbered(const char* name, std::size_t index) {
  return std::string(name) + "[" + std::to_string(index) + "]";
}

void check_shape(const DemandShape& shape, const std::string& where, Checker& checker) {
  using Kind = DemandShape::Kind;
  if (shape.kind == Kind::constant || shape.kind == Kind::surge) {
    checker.between(shape.level, 0, 100, where + ".level");
  }
  if (shape.kind == Kind::sine) {
    checker.between(shape.amplitude, 0, 1, where + ".amplitude");
    checker.between(shape.period_ms, 1, k_time_max_ms, where + ".period");
  }
  if (shape.kind == Kind::surge) {
    for (const double ms : {shape.at_ms, shape.rise_ms, shape.hold_ms, shape.fall_ms}) {
      checker.between(ms, 0, k_time_max_ms, where + ": a time");
    }
  }
  if (shape.kind == Kind::piecewise) {
    checker.rule(!shape.points.empty(), where + ".points", "at least one is needed");
    checker.rule(std::ranges::is_sorted(shape.points, {}, &DemandShape::Point::t_ms),
                 where + ".points", "their times must not fall");
    for (const auto& point : shape.points) checker.between(point.factor, 0, 100, where + ".points");
  }
  if (shape.kind == Kind::trace) {
    checker.rule(!shape.values.empty(), where + ".values", "at least one is needed");
    checker.between(shape.step_ms, 1, k_time_max_ms, where + ".step");
    for (const double value : shape.values) checker.between(value, 0, 1000, where + ".values");
  }
}

void check_incident(const Incident& incident, std::size_t regions, const std::string& where,
                    Checker& checker) {
  checker.between(incident.at_ms, 0, k_time_max_ms, where + ".at");
  checker.between(incident.for_ms, 0, k_time_max_ms, where + ".for");
  checker.between(incident.share, 0, 1, where + ".share");
  checker.between(incident.factor, 0.001, 1000, where + ".factor");
  checker.between(incident.on_ms, 1, k_time_max_ms, where + ".on");
  checker.between(incident.off_ms, 1, k_time_max_ms, where + ".off");
  checker.between(incident.intervals, 1, 60, where + ".intervals");
  checker.rule(!incident.regions.empty(), where + ".regions", "at least one is needed");
  for (const auto* list : {&incident.regions, &incident.peers}) {
    for (const std::uint32_t region : *list) {
      checker.rule(region < regions, where + ".regions", "there is no such region");
    }
  }
}

void check_map(const Scenario& s, Checker& checker) {
  const std::size_t n = s.size();
  checker.between(static_cast<double>(n), 1, k_regions_max, "regions");
  checker.rule(s.paths.rows() == n && s.paths.columns() == n, "paths", "one for each pair");
  for (const PathSpec& path : s.paths.cells()) {
    checker.between(path.rtt_ms, 0.001, 60'000, "paths.rtt");
    checker.between(path.loss, 0, 1, "paths.loss");
    checker.between(path.cost_per_gb, 0, 1000, "paths.cost_per_gb");
  }
  checker.rule(s.servers.size() == n, "servers", "one entry for each region");
  bool any = false;
  for (const Servers& servers : s.servers) {
    any = any || servers.endpoints > 0;
    checker.between(servers.endpoints, 0, k_endpoints_max, "servers.endpoints");
    checker.between(servers.workers, 1, 10'000, "servers.workers");
    checker.between(servers.speed, 0.001, 1000, "servers.speed");
  }
  checker.rule(any, "servers", "at least one region must serve");
  checker.rule(s.allowed.empty() || (s.allowed.rows() == n && s.allowed.columns() == n), "allowed",
               "one for each pair, or none");
  checker.rule(
      s.static_weights.empty() || (s.static_weights.rows() == n && s.static_weights.columns() == n),
      "static_weights", "one for each pair, or none");
  for (const double weight : s.static_weights.cells()) {
    checker.between(weight, 0, 10'000, "static_weights");
  }
}

void check_model(const Scenario& s, Checker& checker) {
  for (const auto& [name, distribution] :
       {std::pair("service.time", &s.model.time), std::pair("jitter", &s.jitter.shape)}) {
    const std::string wrong = complaint(*distribution);
    checker.rule(wrong.empty(), name, wrong);
    checker.between(distribution->mean, 0.001, 600'000, name);
  }
  checker.between(s.jitter.retransmit_ms, 0.1, 60'000, "jitter.retransmit");
  checker.between(s.model.queue_limit, 0, 1'000'000, "service.queue_limit");
  checker.between(s.model.error_share, 0, 1, "service.error_share");
  checker.between(s.model.kb_per_request, 0, 1e6, "service.kb_per_request");
  checker.between(s.model.request_timeout_ms, 1, 600'000, "service.request_timeout");
  checker.between(s.retries.most, 0, 10, "retries.most");
  checker.between(s.retries.budget, 0, 10, "retries.budget");
  checker.between(s.retries.budget_most, 0, 1e6, "retries.budget_most");
  checker.between(s.health.interval_ms, 10, 600'000, "health.interval");
  checker.between(s.health.timeout_ms, 1, 600'000, "health.timeout");
  checker.between(s.health.rise, 1, 100, "health.rise");
  checker.between(s.health.fall, 1, 100, "health.fall");
  checker.between(s.health.path_detect_ms, 1, 600'000, "health.path_detect");
  checker.between(s.health.hold_ms, 0, 600'000, "health.hold");
  checker.between(s.health.ramp_ms, 0, 600'000, "health.ramp");
  checker.between(s.health.spill_below, 0, 1, "health.spill_below");
  checker.between(s.start.cold_ms, 0, 600'000, "start.cold");
  checker.between(s.start.warm_ms, 0, 600'000, "start.warm");
  checker.between(s.start.warm_speed, 0.01, 1, "start.warm_speed");
  checker.between(s.autoscaling.target, 0.05, 1, "autoscaling.target");
  checker.between(s.autoscaling.period_ms, 100, 3'600'000, "autoscaling.period");
  checker.between(s.autoscaling.delay_ms, 0, 3'600'000, "autoscaling.delay");
  checker.between(s.autoscaling.calm_ms, 0, 3'600'000, "autoscaling.calm");
  checker.between(s.autoscaling.least, 0, 1, "autoscaling.least");
  checker.between(s.autoscaling.most, 1, 8, "autoscaling.most");
}

}  // namespace

Status check(const Scenario& s) {
  Checker checker;
  checker.between(s.duration_ms, 1, k_time_max_ms, "duration");
  checker.between(s.warm_up_ms, 0, s.duration_ms, "warm_up");
  checker.between(s.interval_ms, 10, 3'600'000, "interval");
  checker.rule(s.duration_ms / s.interval_ms <= 1e6, "interval", "too short for the duration");
  checker.between(s.publish_ms, 0, s.interval_ms, "publish");
  check_map(s, checker);
  check_model(s, checker);
  checker.rule(s.demand.size() == s.size(), "demand", "one entry for each region");
  for (std::size_t i = 0; i < s.demand.size(); ++i) {
    checker.between(s.demand[i].rps, 0, 1e6, numbered("demand", i) + ".rps");
    for (const DemandShape& shape : s.demand[i].shapes) {
      check_shape(shape, numbered("demand", i) + ".shapes", checker);
    }
  }
  checker.between(s.arrivals.cv2, 0.1, 100, "arrivals.cv2");
  checker.between(s.arrivals.burst, 1, 100, "arrivals.burst");
  checker.between(s.arrivals.burst_share, 0.001, 0.999, "arrivals.burst_share");
  checker.rule(s.arrivals.burst * s.arrivals.burst_share <= 1 + 1e-9 ||
                   s.arrivals.kind != Arrivals::Kind::mmpp,
               "arrivals.burst", "times burst_share must not be above 1");
  checker.between(s.arrivals.burst_ms, 1, k_time_max_ms, "arrivals.burst_length");
  for (std::size_t i = 0; i < s.incidents.size(); ++i) {
    check_incident(s.incidents[i], s.size(), numbered("incidents", i), checker);
  }
  for (const double objective : s.objectives_ms) {
    checker.between(objective, 0.001, 600'000, "objectives");
  }
  checker.rule(s.objective < k_objectives, "objective", "must be tight, middle or wide");
  checker.between(s.keep_in_slo, 0, 1, "keep_in_objective");
  checker.between(s.min_share, 0, 1, "guards.min_share");
  checker.between(s.max_step, 0, 1, "guards.max_step");
  WEIR_TRY(checker.status());
  const ServiceSetting setting = setting_of(s);
  for (std::size_t from = 0; from < s.size(); ++from) {
    const auto row = setting.allowed.row(from);
    checker.rule(std::ranges::any_of(row, [](char may) { return may != 0; }), "allowed",
                 "no region that serves is allowed for " + s.regions[from].value());
  }
  return checker.status();
}

ServiceSetting setting_of(const Scenario& s) {
  const std::size_t n = s.size();
  ServiceSetting setting;
  setting.service = s.model.service;
  setting.regions = s.regions;
  setting.interval_ms = s.interval_ms;
  setting.slo_ms = s.objectives_ms[s.objective];
  setting.goal = s.goal;
  setting.keep_in_slo = s.keep_in_slo;
  setting.kb_per_request = s.model.kb_per_request;
  setting.may_shed = s.may_shed;
  setting.rtt_ms = Grid<double>(n, n);
  setting.cost_per_gb = Grid<double>(n, n);
  setting.allowed = Grid<char>(n, n);
  setting.static_weights = Grid<double>(n, n);
  for (std::size_t from = 0; from < n; ++from) {
    for (std::size_t to = 0; to < n; ++to) {
      const bool served = s.servers[to].endpoints > 0;
      const bool allowed = served && (s.allowed.empty() || s.allowed(from, to) != 0);
      setting.rtt_ms(from, to) = s.paths(from, to).rtt_ms;
      setting.cost_per_gb(from, to) = s.paths(from, to).cost_per_gb;
      setting.allowed(from, to) = allowed ? 1 : 0;
      const double weight =
          s.static_weights.empty() ? (from == to ? 130 : 100) : s.static_weights(from, to);
      setting.static_weights(from, to) = allowed ? weight : 0;
    }
  }
  for (const Servers& servers : s.servers) {
    setting.served_in.push_back(
        {.endpoints = static_cast<double>(servers.endpoints),
         .declared_rps = servers.declared_rps,
         .concurrency = servers.declares_concurrency ? servers.workers : k_unknown});
  }
  setting.min_share = s.min_share;
  setting.max_step = s.max_step;
  setting.max_cost_per_hour = s.max_cost_per_hour;
  return setting;
}

double capacity_rps(const Scenario& s) {
  double sum = 0;
  for (const Servers& servers : s.servers) {
    sum += static_cast<double>(servers.endpoints) * servers.workers * servers.speed;
  }
  return sum * 1000 / s.model.time.mean;
}

}  // namespace weir::controller
