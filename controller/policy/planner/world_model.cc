#include "controller/policy/planner/world_model.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_offset_low = -8;
constexpr double k_offset_high = 1.5;
constexpr double k_offset_variance_most = 2;
constexpr double k_pair_drift = 0.4;    // of the destination's drift
constexpr double k_may_recover = 0.15;  // drift per root second and logit below 0
constexpr double k_pair_patience = 2;   // pairs forget so much slower
constexpr double k_more_load = 1.03;    // to see how steep the chance falls with load
constexpr double k_steepest = 40;
constexpr double k_model_doubt = 0.2;  // logits the model is off by, whatever the load
constexpr double k_load_doubt = 0.05;  // and log load the answers may belong to besides
constexpr double k_hopeless = 2e-3;    // a pair nobody expects an answer from teaches nothing
constexpr double k_surprise_tau_s = 2;
constexpr double k_retries_tau_s = 1;
constexpr double k_least_trials = 0.01;  // less is no count
constexpr double k_few_answers = 3;
constexpr double k_doubt_s = 20;
constexpr double k_failing_tau_s = 1;
constexpr double k_failing_prior = 10;  // answers

double elapsed_s(double t_ms, double last_t_ms, double interval_ms) {
  const double elapsed = t_ms - last_t_ms;
  if (!usable(elapsed) || elapsed <= 0) return interval_ms / 1000;
  return std::clamp(elapsed, 0.2 * interval_ms, 10 * interval_ms) / 1000;
}

std::vector<double> service_medians(std::span<const DestinationModel> destinations) {
  std::vector<double> medians;
  for (const auto& destination : destinations) medians.push_back(destination.shape().p50_ms());
  return medians;
}

}  // namespace

double moved_chance(double chance, double logits) {
  const double factor = std::exp(logits);
  return chance * factor / (1 - chance + chance * factor);
}

WorldModel::WorldModel(const ServiceSetting& setting, const PlannerSettings& settings)
    : setting_(setting),
      settings_(settings),
      grid_(setting.slo_ms),
      paths_(setting),
      evidence_(setting),
      demand_(setting.size(),
              DemandForecast({.tau_s = settings.demand_tau_s, .trend_gain = settings.trend_gain})),
      offsets_(setting.size(), setting.size()),
      failing_(setting.size(), setting.size(), 0.0),
      surprise_(setting.size(), 0.0),
      retries_(setting.size(), 0.0),
      doubted_s_(setting.size(), 0.0) {
  for (const ServedIn& served : setting.served_in) {
    destinations_.emplace_back(served, grid_, settings);
  }
}

double WorldModel::answering(std::size_t to, double doubts) const {
  const auto& filter = destinations_[to].filter();
  return logistic(filter.level() - doubts * filter.level_deviation());
}

double WorldModel::offset(std::size_t from, std::size_t to, double doubts) const {
  const Offset& pair = offsets_(from, to);
  return pair.value - doubts * std::sqrt(pair.variance);
}

double WorldModel::learnt(std::size_t from, std::size_t to, double chance, double doubts) const {
  return moved_chance(chance * answering(to, doubts), offset(from, to, doubts));
}

void WorldModel::observe(const ServiceObservation& seen) {
  const double dt_s = elapsed_s(seen.t_ms, last_t_ms_, setting_.interval_ms);
  if (std::isfinite(seen.t_ms)) last_t_ms_ = seen.t_ms;
  const auto medians = service_medians(destinations_);
  paths_.observe(seen, medians, dt_s);
  evidence_.read(seen, paths_, medians, dt_s);
  learn_demand(dt_s);
  for (std::size_t d = 0; d < size(); ++d) {
    DestinationEvidence evidence = evidence_.destinations()[d];
    double arrived = 0;
    double burst = 0;
    double retried = 0;
    for (std::size_t s = 0; s < size(); ++s) {
      arrived += evidence_.pairs()(s, d).sent;
      retried += evidence_.pairs()(s, d).retried;
      burst += evidence_.pairs()(s, d).sent * demand_[s].dispersion();
    }
    evidence.dispersion = arrived > 0 ? std::clamp(burst / arrived, 0.7, 20.0) : 1;
    const double seconds = setting_.interval_ms / 1000;
    retries_[d] += gain_of(dt_s, k_retries_tau_s) * (retried / seconds - retries_[d]);
    destinations_[d].observe(evidence, grid_);
    hear_contradictions(d, dt_s);
    learn_answers(d, dt_s);
    learn_failing(d, dt_s);
  }
}

void WorldModel::learn_demand(double dt_s) {
  for (std::size_t s = 0; s < size(); ++s) demand_[s].observe(evidence_.offered()[s], dt_s);
}

void WorldModel::hear_contradictions(std::size_t region, double dt_s) {
  double& left = doubted_s_[region];
  left = std::max(0.0, left - dt_s);
  double errors = 0;
  double ended = 0;
  for (std::size_t s = 0; s < size(); ++s) {
    if (s == region) continue;
    errors += evidence_.pairs()(s, region).errors;
    ended += evidence_.pairs()(s, region).ended;
  }
  const PairEvidence& own = evidence_.pairs()(region, region);
  const bool own_well = own.ended >= k_few_answers && own.answered >= 0.95 * own.ended;
  if (own_well && errors >= k_few_answers && errors >= 0.5 * ended) left = k_doubt_s;
}

WorldModel::Miss WorldModel::miss_of(std::size_t from, std::size_t to, const TimeGrid::Tail& met,
                                     const TimeGrid::Tail& more) const {
  const PairEvidence& pair = evidence_.pairs()(from, to);
  const double trials = pair.trials();
  if (trials < k_least_trials || (from == to && doubted(to))) return {};
  const auto left = grid_.place(setting_.slo_ms - paths_.rtt_ms(from, to));
  const double alone = 1 - TimeGrid::at(met, left);
  const double expected =
      std::clamp(learnt(from, to, alone, 0), k_least_chance, 1 - k_least_chance);
  // One imagined answer that is as expected keeps few of them from saying much.
  const double share = (pair.in_slo + expected) / (trials + 1);
  if (expected < k_hopeless && share < k_hopeless) return {};
  const double middle = 0.5 * (share + expected);
  // How much of the miss could be the destination's: a chance that is small anyway says little.
  const double answers = std::clamp(share / std::max(alone, k_least_chance), 0.0, 1.0);
  const double lost = 1 - 0.5 * (answers + answering(to, 0));
  return {.logits = logit(share) - logit(expected),
          .information = trials * middle * (1 - middle),
          .per_level = std::clamp(lost / (1 - middle), 0.0, 1.0),
          .per_log_capacity = std::clamp(
              (logit(alone) - logit(1 - TimeGrid::at(more, left))) / std::log(k_more_load), 0.0,
              k_steepest)};
}

void WorldModel::learn_answers(std::size_t to, double dt_s) {
  DestinationModel& destination = destinations_[to];
  const QueueModel queue = destination.queue_met();
  const Sojourn& sojourn = destination.sojourn();
  const double load = destination.load_met_rps();
  const auto spent = [&](double rate) {
    const auto wait = wait_over(grid_, queue, rate, 0.5 * dt_s);
    return stretched(grid_, sojourn.with_wait(wait), queue.stretch(rate));
  };
  const auto met = spent(load);
  const auto more = spent(k_more_load * load);

  std::vector<Miss> misses;
  Miss all;  // sums, then the mean; `information` is that of the weighted mean
  double weights = 0;
  double trials = 0;
  double in_slo = 0;
  double expected = 0;
  for (std::size_t s = 0; s < size(); ++s) {
    const Miss& miss = misses.emplace_back(miss_of(s, to, met, more));
    // Pairs count by how much of their miss could be the destination's at all.
    const double weight = miss.information * (miss.per_level + miss.per_log_capacity / k_steepest);
    weights += weight;
    all.logits += weight * miss.logits;
    all.per_level += weight * miss.per_level;
    all.per_log_capacity += weight * miss.per_log_capacity;
    if (miss.information > 0) all.information += weight * weight / miss.information;
    const PairEvidence& pair = evidence_.pairs()(s, to);
    trials += pair.trials();
    in_slo += pair.in_slo;
    const double left = setting_.slo_ms - paths_.rtt_ms(s, to);
    expected += pair.trials() * learnt(s, to, 1 - grid_.at(met, left), 0);
  }
  const double surprise = trials > 0 ? (in_slo - expected) / (trials + 5) : 0;
  surprise_[to] += gain_of(dt_s, k_surprise_tau_s) * (surprise - surprise_[to]);

  Miss moved;
  double believed = 1;
  if (weights > 0) {
    all.information = weights * weights / all.information;
    CapacityFilter& filter = destination.filter();
    const double level = filter.level();
    const double capacity = filter.log_capacity();
    believed = std::min(1.0, settings_.evidence_limit / all.information);
    const double steep = all.per_log_capacity / weights;
    const double doubt =
        k_model_doubt * k_model_doubt + k_load_doubt * steep * k_load_doubt * steep;
    filter.see_answers(all.logits / weights, 1 / (believed * all.information) + doubt,
                       all.per_level / weights, steep);
    moved.per_level = filter.level() - level;
    moved.per_log_capacity = filter.log_capacity() - capacity;
  }
  learn_offsets(to, dt_s, misses, moved, believed);
}

void WorldModel::learn_offsets(std::size_t to, double dt_s, std::span<const Miss> misses,
                               const Miss& moved, double believed) {
  const double kept = std::exp(-dt_s / (k_pair_patience * settings_.level_tau_s));
  const double drift = k_pair_drift * settings_.level_drift;
  for (std::size_t s = 0; s < size(); ++s) {
    const Miss& miss = misses[s];
    Offset& offset = offsets_(s, to);
    offset.value *= kept;
    const double failed = k_may_recover * std::max(0.0, -offset.value);
    offset.variance =
        std::min(offset.variance * kept * kept + (drift * drift + failed * failed) * dt_s,
                 k_offset_variance_most);
    const double information = believed * miss.information;
    if (information <= 0) {
      // What the destination got better by as others see it, a pair nobody uses is credited with:
      // the fault may have been the destination's all along.
      if (offset.value < 0)
        offset.value = std::min(0.0, offset.value + std::max(0.0, moved.per_level));
      continue;
    }
    const double rest = miss.logits - miss.per_level * moved.per_level -
                        miss.per_log_capacity * moved.per_log_capacity;
    const double doubt = k_model_doubt * k_model_doubt;
    const double gain = offset.variance / (offset.variance + 1 / information + doubt);
    offset.value = std::clamp(offset.value + gain * rest, k_offset_low, k_offset_high);
    offset.variance = std::max(1e-4, offset.variance * (1 - gain));
  }
}

void WorldModel::learn_failing(std::size_t to, double dt_s) {
  double failed = 0;
  double ended = 0;
  for (std::size_t s = 0; s < size(); ++s) {
    const PairEvidence& pair = evidence_.pairs()(s, to);
    if (s == to && doubted(to)) continue;
    failed += pair.ended - pair.answered + pair.overdue;
    ended += pair.trials();
  }
  const double pace = gain_of(dt_s, k_failing_tau_s);
  for (std::size_t s = 0; s < size(); ++s) {
    const PairEvidence& pair = evidence_.pairs()(s, to);
    // The pair's own answers, filled up with those of the destination.
    const double own = pair.ended - pair.answered + pair.overdue;
    const double pooled = ended > 0 ? failed / ended : 0;
    const double share = (own + k_failing_prior * pooled) / (pair.trials() + k_failing_prior);
    const double counted = ended / (ended + k_failing_prior);
    failing_(s, to) += pace * counted * (share - failing_(s, to));
  }
}

}  // namespace weir::controller
