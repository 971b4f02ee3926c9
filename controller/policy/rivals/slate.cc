#include "controller/policy/rivals/slate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir::controller {
namespace {

constexpr double k_kb_per_gb = 1e6;

/// `rows` scaled to a sum of 1 each; a row of zeros stays.
Grid<double> as_shares(Grid<double> rows) {
  for (std::size_t from = 0; from < rows.rows(); ++from) {
    double sum = 0;
    for (const double value : rows.row(from)) sum += value;
    if (sum <= 0) continue;
    for (double& value : rows.row(from)) value /= sum;
  }
  return rows;
}

bool differ(const Grid<double>& a, const Grid<double>& b, double tolerance) {
  if (a.empty() != b.empty()) return true;
  for (std::size_t i = 0; i < a.cells().size(); ++i) {
    if (std::abs(a.cells()[i] - b.cells()[i]) > tolerance) return true;
  }
  return false;
}

CapacitySource capacity_source(const SlateOptions& options) {
  return options.profile.continuous ? CapacitySource::learned : CapacitySource::declared;
}

}  // namespace

Slate::Slate(const ServiceSetting& setting, std::string_view name, const SlateOptions& options)
    : name_(name),
      options_(options),
      view_(setting),
      book_(capacity_source(options), options.learn_tau_s, setting.size()),
      profile_(options.profile, setting.size()),
      demand_(setting.size()),
      climbs_(setting.size(), HillClimb(options.climb)),
      latency_sum_(setting.size(), setting.size()),
      latency_count_(setting.size(), setting.size()) {}

ServiceWish Slate::observe(const ServiceObservation& seen) {
  view_.see(seen);
  book_.learn(view_);
  profile_.learn(view_, book_);
  take_latencies();
  for (std::size_t i = 0; i < view_.size(); ++i) {
    demand_[i].add(view_.demand(i), options_.demand_weight);
  }
  since_period_s_ += view_.elapsed_s();
  const bool due = since_period_s_ + view_.interval_s() / 2 >= options_.period_s;
  if (!known(since_period_s_) || due) {
    end_period();
    since_period_s_ = 0;
  }
  Grid<double> shares(view_.size(), view_.size());
  for (std::size_t from = 0; from < view_.size(); ++from) {
    for (const std::size_t to : view_.nearest(from)) {
      shares(from, to) = climbs_[from].shares()[to];
    }
  }
  return view_.wish(std::move(shares));
}

void Slate::take_latencies() {
  for (std::size_t from = 0; from < view_.size(); ++from) {
    double sum = 0;
    double count = 0;
    for (std::size_t to = 0; to < view_.size(); ++to) {
      const PairSeen& pair = view_.pair(from, to);
      if (!known(pair.latency_mean_ms) || pair.ok <= 0) continue;
      latency_sum_(from, to) += pair.ok * pair.latency_mean_ms;
      latency_count_(from, to) += pair.ok;
      sum += pair.ok * pair.latency_mean_ms;
      count += pair.ok;
    }
    if (count > 0) climbs_[from].sample(sum / count);
  }
}

FlowProgram Slate::program() const {
  const std::size_t n = view_.size();
  const ServiceSetting& setting = view_.setting();
  FlowProgram program{.demand = std::vector<double>(n, 0),
                      .fixed_ms = Grid<double>(n, n, std::numeric_limits<double>::infinity()),
                      .curves = {},
                      .limits = {}};
  for (std::size_t from = 0; from < n; ++from) {
    // A source without demand is asked where its first request would go.
    program.demand[from] = std::max(1e-3, demand_[from].value_or(0));
    for (const std::size_t to : view_.nearest(from)) {
      double fixed = view_.rtt_ms(from, to);
      if (setting.goal == Goal::cost && !setting.cost_per_gb.empty() &&
          setting.cost_per_gb(from, to) > 0) {
        const double each = setting.kb_per_request / k_kb_per_gb * setting.cost_per_gb(from, to);
        fixed += options_.ms_per_millionth * each * 1e6;
      }
      program.fixed_ms(from, to) = fixed;
    }
  }
  for (std::size_t to = 0; to < n; ++to) {
    program.curves.push_back(profile_.curve(view_, to));
    program.limits.push_back(options_.limit * book_.capacity(view_, to));
  }
  return program;
}

void Slate::end_period() {
  const std::size_t n = view_.size();
  const FlowProgram wanted = program();
  const Grid<double> optimum = as_shares(solve_flows(wanted, optimum_));
  const bool climbing = options_.climb.step > 0;
  if (!climbing || differ(optimum, optimum_, options_.different)) {
    adopt(optimum);
  } else {
    std::vector<double> loads(n, 0);
    for (std::size_t from = 0; from < n; ++from) {
      for (std::size_t to = 0; to < n; ++to) {
        loads[to] += wanted.demand[from] * climbs_[from].shares()[to];
      }
    }
    for (std::size_t from = 0; from < n; ++from) {
      std::vector<double> expected(n, k_unknown);
      std::vector<double> observed(n, k_unknown);
      for (const std::size_t to : view_.nearest(from)) {
        expected[to] = view_.rtt_ms(from, to) + wanted.curves[to].at(loads[to]);
        if (latency_count_(from, to) <= 0) continue;
        observed[to] = latency_sum_(from, to) / latency_count_(from, to);
      }
      climbs_[from].end_period(expected, observed);
    }
  }
  latency_sum_ = Grid<double>(n, n);
  latency_count_ = Grid<double>(n, n);
}

void Slate::adopt(const Grid<double>& optimum) {
  optimum_ = optimum;
  for (std::size_t from = 0; from < view_.size(); ++from) climbs_[from].restart(optimum.row(from));
}

}  // namespace weir::controller
