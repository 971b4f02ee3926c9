#include "controller/simulate/world.h"

#include <algorithm>
#include <utility>

namespace weir::controller {
namespace {

/// Seeds of streams that have nothing to do with each other.
std::uint64_t stream(std::uint64_t seed, std::uint64_t number) {
  return Rng(seed ^ (number * 0xd1342543de82ef95U)).next();
}

GuardedWeights::Limits limits_of(const Scenario& scenario, const SimulationOptions& options) {
  return {.min_share = options.min_share.value_or(scenario.min_share),
          .max_step = options.max_step.value_or(scenario.max_step)};
}

/// The table, or none when it has another size.
Grid<double> whole(const Grid<double>& table, std::size_t regions) {
  return table.rows() == regions && table.columns() == regions ? table : Grid<double>();
}

std::span<const double> row_or_nothing(const Grid<double>& table, std::size_t row) {
  return table.empty() ? std::span<const double>() : table.row(row);
}

}  // namespace

Simulation::World::World(Scenario spec, std::uint64_t seed, const SimulationOptions& options,
                         RequestPolicy* by_request)
    : scenario_(std::move(spec)),
      regions_(scenario_.size()),
      end_(to_ticks(scenario_.duration_ms)),
      interval_(to_ticks(scenario_.interval_ms)),
      warm_up_(to_ticks(scenario_.warm_up_ms)),
      timeout_(to_ticks(scenario_.model.request_timeout_ms)),
      may_limit_(options.limits),
      by_request_(by_request),
      work_(scenario_.model.time),
      network_(scenario_),
      fleet_(scenario_, queue_, requests_, Rng(stream(seed, 1))),
      recorder_(scenario_),
      reporting_(scenario_),
      weights_(setting_of(scenario_), limits_of(scenario_, options), options.first_shares),
      rng_(stream(seed, 2)),
      arrival_pending_(regions_, 0),
      busy_before_(regions_),
      deployments_(scenario_.incidents.size()),
      scalers_(regions_) {
  sources_.reserve(regions_);
  for (std::size_t i = 0; i < regions_; ++i) {
    sources_.emplace_back(scenario_, i, weights_.weights().row(i), stream(seed, 100 + i));
    await_arrival(i);
  }
  for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
    if (fleet_.server(i).state != Server::State::absent) watch(i);
  }
  for (std::size_t i = 0; i < scenario_.incidents.size(); ++i) {
    const Incident& incident = scenario_.incidents[i];
    push(to_ticks(incident.at_ms), EventKind::begin, i);
    if (incident.for_ms > 0) push(to_ticks(incident.at_ms + incident.for_ms), EventKind::end, i);
  }
  for (std::size_t i = 0; scenario_.autoscaling.on && i < regions_; ++i) {
    push(to_ticks(scenario_.autoscaling.period_ms), EventKind::scale, i);
  }
  if (by_request_ == nullptr) return;
  fleet_.remember_answers();
  for (std::size_t from = 0; from < regions_; ++from) {
    for (std::size_t to = 0; to < regions_; ++to) tell_members(from, to);
  }
}

void Simulation::World::advance() {
  for (std::size_t i = 0; i < regions_; ++i) busy_before_[i] = fleet_.busy_ticks(now_, i);
  began_ = now_;
  run_until(std::min(end_, (now_ / interval_ + 1) * interval_));
  ServiceObservation seen = ServiceObservation::blank(regions_);
  recorder_.report(now_, seen);
  report_servers(seen);
  report_paths(seen);
  reporting_.take(std::move(seen));
  weights_.observe(reporting_.seen().offered);
}

void Simulation::World::report_servers(ServiceObservation& seen) {
  for (std::size_t i = 0; i < regions_; ++i) {
    ServersSeen& servers = seen.servers[i];
    const auto up = static_cast<double>(fleet_.region(i).up.size());
    servers.ready = up;
    servers.endpoints = static_cast<double>(fleet_.known(i));
    const double could = up * fleet_.workers(i) * static_cast<double>(now_ - began_);
    const double did = fleet_.busy_ticks(now_, i) - busy_before_[i];
    servers.utilization = did <= 0 ? 0 : (did < could ? did / could : 1);
    servers.in_flight = fleet_.region(i).in_flight;
    servers.queue = fleet_.waiting(i);
  }
}

/// As measurements would have it: five trips for the time, twenty for the loss.
void Simulation::World::report_paths(ServiceObservation& seen) {
  constexpr int k_trips = 5;
  constexpr int k_packets = 20;
  for (std::size_t from = 0; from < regions_; ++from) {
    for (std::size_t to = 0; to < regions_; ++to) {
      PathSeen& path = seen.paths(from, to);
      path.up = sources_[from].path_up(to);
      path.loss = 1;
      if (!network_.up(from, to)) continue;
      double sum = 0;
      for (int n = 0; n < k_trips; ++n) sum += network_.sampled_rtt_ms(from, to, rng_.next());
      path.rtt_ms = sum / k_trips;
      const double loss = network_.loss(from, to);
      int lost = 0;
      for (int n = 0; loss > 0 && n < k_packets; ++n) lost += rng_.chance(loss) ? 1 : 0;
      path.loss = static_cast<double>(lost) / k_packets;
    }
  }
}

void Simulation::World::wish(const ServiceWish& wish) {
  const GuardedWeights::Change change = weights_.take(wish);
  limits_ = may_limit_ ? whole(wish.in_flight_limits, regions_) : Grid<double>();
  overflow_ = whole(wish.overflow_weights, regions_);
  if (over()) return;
  recorder_.set_control(now_, change.churn, change.guarded);
  push(now_ + to_ticks(scenario_.publish_ms), EventKind::publish, 0);
}

void Simulation::World::publish() {
  for (std::size_t i = 0; i < regions_; ++i) {
    sources_[i].set_weights(weights_.weights().row(i));
    sources_[i].shed = weights_.shed()[i];
    sources_[i].set_limits(row_or_nothing(limits_, i), row_or_nothing(overflow_, i));
  }
}

void Simulation::World::run_until(Ticks end) {
  while (!queue_.empty() && queue_.top().at < end) {
    const EventQueue::Entry entry = queue_.pop();
    now_ = entry.at;
    ++events_;
    trace_ =
        (trace_ ^ (entry.at + (static_cast<std::uint64_t>(entry.what) << 40U))) * 0x100000001b3U;
    handle(entry);
  }
  now_ = end;
}

void Simulation::World::drain() {
  // Nobody waits longer than for all attempts; servers and checks go on by themselves.
  while (requests_.oldest_open() != k_none && !queue_.empty()) {
    run_until(now_ + interval_);
  }
}

void Simulation::World::handle(const EventQueue::Entry& entry) {
  const std::uint32_t number = number_of(entry.what);
  switch (kind_of(entry.what)) {
    case EventKind::arrival:
      return on_arrival(number);
    case EventKind::at_region:
      return on_region(number);
    case EventKind::finished:
      return on_finished(number);
    case EventKind::due:
      return on_due(number);
    case EventKind::answered:
      return on_answered(number);
    case EventKind::timeout:
      return on_timeout();
    case EventKind::probe:
      return on_probe(number);
    case EventKind::probed:
      return on_probed(number);
    case EventKind::publish:
      return publish();
    case EventKind::pair:
      return look(number / regions_, number % regions_);
    case EventKind::members:
      return on_members(number / regions_, number % regions_);
    case EventKind::path:
      return on_path(number / regions_, number % regions_);
    case EventKind::check:
      return on_check(number);
    case EventKind::checked:
      return judge(number, false);
    case EventKind::started:
      return on_started(number);
    case EventKind::warmer:
      return on_warmer(number);
    case EventKind::noise:
      return on_noise(number);
    case EventKind::begin:
      return on_begin(number);
    case EventKind::end:
      return on_end(number);
    case EventKind::restart:
      return on_restart(number);
    case EventKind::scale:
      return on_scale(number);
    case EventKind::add:
      return on_add(number);
  }
}

Truth Simulation::World::truth() const {
  Truth truth;
  truth.t_ms = to_ms(now_);
  truth.rtt_ms = Grid<double>(regions_, regions_);
  truth.loss = Grid<double>(regions_, regions_);
  truth.service_ms = work_.mean();
  truth.service_cv2 = work_.cv2();
  for (std::size_t i = 0; i < regions_; ++i) {
    const auto& region = fleet_.region(i);
    Truth::Region& row = truth.regions.emplace_back();
    for (const Server& server : fleet_.servers_of(i)) {
      if (server.state != Server::State::running) continue;
      ++row.running;
      row.workers += fleet_.workers(i);
      row.service_rps += fleet_.workers(i) * server.speed * 1000 / work_.mean();
    }
    row.believed_up = static_cast<double>(region.up.size());
    row.in_flight = region.in_flight;
    row.waiting = fleet_.waiting(i);
    row.error_share = region.error_share;
    truth.demand_rps.push_back(sources_[i].arrivals.rate_at(now_));
    for (std::size_t to = 0; to < regions_; ++to) {
      truth.rtt_ms(i, to) = network_.rtt_ms(i, to);
      truth.loss(i, to) = network_.up(i, to) ? network_.loss(i, to) : 1;
    }
  }
  return truth;
}

SimulationResult Simulation::World::result() const {
  SimulationResult result = recorder_.result();
  result.scenario = scenario_.name;
  result.events = events_;
  result.trace = trace_;
  return result;
}

}  // namespace weir::controller
