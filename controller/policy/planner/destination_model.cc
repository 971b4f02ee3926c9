#include "controller/policy/planner/destination_model.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_service_guess = 0.15;  // of the objective, before anything was seen
constexpr double k_workers_guess = 4;     // of an endpoint nobody described
constexpr double k_workers_tau_s = 40;
constexpr double k_workers_congested_tau_s = 8;  // while a queue shows what they carry
constexpr double k_workers_beyond_belief = 0.5;  // log: reports that make workers out of nothing
constexpr double k_least_capacity_rps = 0.1;
constexpr double k_answers_well = 3;            // level: 95 % of what the model expects
constexpr double k_by_workers_variance = 0.02;  // of log capacity from workers and service time
constexpr double k_most_workers = 1e7;
constexpr double k_creep = 0.02;     // log capacity a second without any sign of waiting
constexpr double k_congested = 1.5;  // requests inside / busy workers that mean a queue
constexpr double k_few = 4;          // answers percentiles need to be taken in full

}  // namespace

DestinationModel::DestinationModel(const ServedIn& served, const TimeGrid& grid,
                                   const PlannerSettings& settings)
    : served_(served),
      settings_(settings),
      shape_(k_service_guess * grid.time(TimeGrid::k_steps)),
      sojourn_(grid, shape_),
      filter_({.capacity_drift = settings.capacity_drift,
               .level_drift = settings.level_drift,
               .level_tau_s = settings.level_tau_s}),
      workers_(std::max(1.0, served.endpoints) *
               (usable(served.concurrency) ? std::max(served.concurrency, 0.1) : k_workers_guess)),
      workers_seen_(usable(served.concurrency)),
      anchored_(workers_seen_ || usable_or(served.declared_rps, 0) > 0) {
  const double declared = usable_or(served.declared_rps, 0);
  const double guessed = workers_ / (shape_.mean_ms() / 1000);
  filter_.start(std::log(declared > 0 ? declared : guessed), declared > 0 ? 0.3 : 0.8);
}

double DestinationModel::capacity_rps() const {
  return std::max(std::exp(filter_.log_capacity()), k_least_capacity_rps);
}

QueueModel DestinationModel::queue_of(double backlog) const {
  const double capacity = capacity_rps();
  return {.capacity_rps = capacity,
          .backlog = backlog,
          .workers = std::max(1.0, workers_),
          .dispersion = dispersion_,
          .variability = shape_.variability(),
          .variance_scale = settings_.variance_scale,
          .pool_exponent = settings_.pool_exponent,
          .local_wait = settings_.local_wait};
}

void DestinationModel::observe(const DestinationEvidence& evidence, const TimeGrid& grid) {
  filter_.pass(evidence.dt_s);
  dispersion_ += gain_of(evidence.dt_s, 5) * (evidence.dispersion - dispersion_);
  const double latency_s = shape_.mean_ms() / 1000 + backlog_ / capacity_rps();
  const double before = std::min(0.9, latency_s / evidence.dt_s);
  load_met_ =
      started_ ? (1 - before) * evidence.arrived_rps + before * load_ : evidence.arrived_rps;
  load_ = evidence.arrived_rps;
  backlog_met_ = backlog_;
  std::ranges::rotate(answered_, answered_.end() - 1);
  answered_[0] = evidence.answered_rps;

  if (!started_) start(evidence);
  take_ready(evidence);
  learn_capacity(evidence);
  learn_shape(evidence, grid);
  take_floor(evidence);
  learn_backlog(evidence);
}

void DestinationModel::start(const DestinationEvidence& evidence) {
  if (!usable(evidence.p50_ms) || evidence.samples < 1) return;
  started_ = true;
  shape_.learn(evidence.p50_ms, evidence.p90_ms, evidence.p99_ms, 1);
  if (usable(served_.declared_rps) && served_.declared_rps > 0) {
    if (!workers_seen_) workers_ = served_.declared_rps * shape_.mean_ms() / 1000;
    return;
  }
  const double guessed = workers_ / (shape_.mean_ms() / 1000);
  filter_.start(std::log(std::max(guessed, 1.2 * evidence.answered_rps)),
                workers_seen_ ? 0.4 : 0.8);
}

void DestinationModel::take_ready(const DestinationEvidence& evidence) {
  const double ready = evidence.servers.ready;
  if (!usable(ready)) return;
  const double endpoints = usable_or(evidence.servers.endpoints, served_.endpoints);
  ready_share_ = endpoints > 0 ? std::min(1.0, ready / endpoints) : 1;
  const bool answers = evidence.answered_rps > 0.5 * (evidence.answered_rps + evidence.failed_rps);
  const bool was_down = down_;
  down_ = ready <= 0 && !answers;
  if (ready <= 0) return;
  if (was_down) filter_.start(filter_.log_capacity(), 0.5);
  if (usable(ready_) && ready_ > 0 && ready != ready_) {
    const double factor = std::clamp(std::log(ready / ready_), -2.0, 2.0);
    filter_.shift(factor);
    workers_ = std::clamp(workers_ * std::exp(factor), 0.1, k_most_workers);
  }
  ready_ = ready;
}

void DestinationModel::learn_capacity(const DestinationEvidence& evidence) {
  const double workers_known =
      usable(served_.concurrency) ? usable_or(ready_, served_.endpoints) * served_.concurrency : 0;
  const auto seen = reported_.observe(evidence.answered_rps, evidence.servers, workers_known,
                                      evidence.dt_s, settings_.report_doubt);
  believed_ = seen.has_value();
  if (!seen) return;
  const double implied = seen->log_capacity + std::log(shape_.mean_ms() / 1000);
  if (!workers_seen_ && started_) {
    workers_seen_ = true;
    workers_ = std::exp(implied);
  }
  const double odd = implied - std::log(workers_);
  if (started_ && odd > k_workers_beyond_belief) {
    // Slower answers and yet more capacity: the sources' view counts, and the servers' slowly.
    believed_ = false;
    filter_.see_capacity(seen->log_capacity - odd, 0.04);
  } else {
    filter_.see_capacity(seen->log_capacity, seen->variance);
  }
  if (!started_) return;
  // More workers than were thought are believed only while the answers are what they should be.
  const double step = gain_of(evidence.dt_s, k_workers_tau_s) * std::clamp(odd, -0.5, 0.5);
  if (step < 0 || filter_.level() > k_answers_well) workers_ *= std::exp(step);
  if (usable(served_.concurrency) && served_.concurrency > 0) {
    const double known = std::max(1.0, usable_or(ready_, served_.endpoints)) * served_.concurrency;
    workers_ = std::clamp(workers_, 0.5 * known, 1.3 * known);
  }
}

double DestinationModel::wait_measured(const DestinationEvidence& evidence) const {
  if (!believed_ || !usable(evidence.servers.queue) || evidence.answered_rps < 1) return k_unknown;
  return 1000 * evidence.servers.queue / evidence.answered_rps;  // Little, of those that wait
}

void DestinationModel::learn_shape(const DestinationEvidence& evidence, const TimeGrid& grid) {
  if (!usable(evidence.p50_ms) || evidence.samples <= 0) return;
  // The model's own wait at this load is taken off, as a factor, percentile by percentile; where
  // the servers report their queue, its size sets how much of it.
  const auto wait = wait_over(grid, queue_met(), load_met_, 0.5 * evidence.dt_s);
  const auto with = sojourn_.with_wait(wait);
  const double stretch = queue_met().stretch(load_met_);
  const auto& without = sojourn_.without_wait();
  double part = 1;
  if (const double measured = wait_measured(evidence); known(measured)) {
    const double modelled = grid.mean(wait);
    part = modelled > 0.01 * shape_.mean_ms() ? std::clamp(measured / modelled, 0.0, 2.0) : 0;
  }
  const auto factor = [&](double chance) {
    const double alone = grid.quantile(without, chance);
    if (alone <= 0) return 1.0;
    const double longer = 1 + part * (grid.quantile(with, chance) / alone - 1);
    return std::clamp(longer * stretch, 1.0, 30.0);
  };
  // A latency that is mostly waiting says little of the service.
  const double waiting = factor(0.5) - 1;
  const double trust =
      known(wait_measured(evidence)) ? 1 / (1 + 3 * waiting) : 1 / (1 + 60 * waiting * waiting);
  const double counted = evidence.samples / (evidence.samples + k_few);
  const double gain = shape_seen_ ? gain_of(evidence.dt_s, settings_.service_tau_s) : 0.7;
  const double mean_before = shape_.mean_ms();
  shape_.learn(evidence.p50_ms / factor(0.5), evidence.p90_ms / factor(0.1),
               evidence.p99_ms / factor(0.01), gain * trust * counted);
  sojourn_ = Sojourn(grid, shape_);
  shape_seen_ = true;
  // As many workers, slower: less capacity. Reports of utilization show it themselves.
  if (!believed_) filter_.shift(-std::log(shape_.mean_ms() / mean_before));
}

void DestinationModel::take_floor(const DestinationEvidence& evidence) {
  const double proven = std::ranges::min(answered_);
  if (proven > 1) filter_.raise_to(std::log(0.98 * proven));
  if (believed_ || !started_) return;
  // Nobody reports: as many workers as before, at the pace now seen.
  filter_.see_capacity(std::log(workers_ / (shape_.mean_ms() / 1000)), k_by_workers_variance);
  if (!usable(evidence.inside)) return;
  const double busy = evidence.answered_rps * shape_.mean_ms() / 1000;
  const double noise = 2 * std::sqrt(evidence.inside + 1);
  if (evidence.inside > k_congested * busy + noise && evidence.arrived_rps > 0) {
    // A queue stands: what comes out is what it carries.
    if (evidence.answered_rps <= 0.5) return;
    filter_.see_capacity(std::log(evidence.answered_rps), 0.005);
    learn_workers(evidence.dt_s);
  } else if (!anchored_ && evidence.inside < busy + noise && load_met_ > 0.8 * capacity_rps()) {
    filter_.shift(k_creep * evidence.dt_s);
    learn_workers(evidence.dt_s);
  }
}

void DestinationModel::learn_workers(double dt_s) {
  const double implied = filter_.log_capacity() + std::log(shape_.mean_ms() / 1000);
  workers_ *= std::exp(gain_of(dt_s, k_workers_congested_tau_s) *
                       std::clamp(implied - std::log(workers_), -0.5, 0.5));
}

void DestinationModel::learn_backlog(const DestinationEvidence& evidence) {
  const double most = 30 * capacity_rps();
  const double told = evidence.servers.queue;
  double counted = k_unknown;
  if (usable(evidence.inside)) {
    counted = evidence.inside - evidence.answered_rps * shape_.mean_ms() / 1000;
  }
  if (usable(told)) {
    backlog_ = told;
    if (known(counted)) {
      backlog_ = std::max(backlog_, counted - 2 * std::sqrt(evidence.inside + 1));
    }
  } else if (known(counted)) {
    backlog_ = counted - std::sqrt(evidence.inside + 1);
  } else {
    backlog_ += (evidence.arrived_rps - capacity_rps()) * evidence.dt_s;
  }
  backlog_ = std::clamp(backlog_, 0.0, most);
}

}  // namespace weir::controller
