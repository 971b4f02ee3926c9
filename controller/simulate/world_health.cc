#include <algorithm>
#include <cmath>

#include "controller/simulate/world.h"

namespace weir::controller {
namespace {

constexpr int k_warm_steps = 10;
/// A need within a tenth of what is there moves nothing.
constexpr double k_scale_tolerance = 0.1;

}  // namespace

void Simulation::World::watch(std::uint32_t number) {
  Server& server = fleet_.edit(number);
  if (server.watched) return;
  server.watched = true;
  push(now_ + to_ticks(scenario_.health.interval_ms * rng_.unit()), EventKind::check, number);
}

void Simulation::World::on_check(std::uint32_t number) {
  switch (fleet_.server(number).state) {
    case Server::State::absent:
      fleet_.edit(number).watched = false;
      return;
    case Server::State::draining:
      break;
    case Server::State::running:
      judge(number, true);
      break;
    case Server::State::silent:
      push(now_ + to_ticks(scenario_.health.timeout_ms), EventKind::checked, number);
      break;
    case Server::State::starting:
    case Server::State::crashed:
      judge(number, false);
      break;
  }
  push(now_ + to_ticks(scenario_.health.interval_ms), EventKind::check, number);
}

void Simulation::World::judge(std::uint32_t number, bool passed) {
  Server& server = fleet_.edit(number);
  if (server.state == Server::State::absent || server.state == Server::State::draining) return;
  if (passed == server.believed_up) {
    server.streak = 0;
    return;
  }
  const std::uint32_t needed = passed ? scenario_.health.rise : scenario_.health.fall;
  if (++server.streak >= needed) set_believed(number, passed);
}

void Simulation::World::set_believed(std::uint32_t number, bool up) {
  if (fleet_.server(number).believed_up == up) return;
  fleet_.believe(number, up);
  announce(fleet_.server(number).region);
}

/// Agents tell each other at once; news takes as long as a packet.
void Simulation::World::announce(std::size_t region) {
  for (std::size_t from = 0; from < regions_; ++from) {
    const auto trip = network_.trip(region, from, static_cast<std::uint32_t>(rng_.next()));
    if (trip) push(now_ + *trip, EventKind::members, pair_number(from, region));
  }
}

void Simulation::World::on_members(std::size_t from, std::size_t to) {
  const auto known = static_cast<double>(fleet_.known(to));
  const auto up = static_cast<double>(fleet_.region(to).up.size());
  sources_[from].set_ready_share(to, known > 0 ? up / known : 0);
  look(from, to);
  if (by_request_ != nullptr) tell_members(from, to);
}

void Simulation::World::on_path(std::size_t from, std::size_t to) {
  const bool up = network_.up(from, to) && network_.up(to, from);
  if (sources_[from].path_up(to) == up) return;
  sources_[from].set_path(to, up);
  look(from, to);
  if (!up) return fail_open(from, to);
  on_members(from, to);
}

void Simulation::World::look(std::size_t from, std::size_t to) {
  const auto again = sources_[from].look(to, now_);
  if (again) push(*again, EventKind::pair, pair_number(from, to));
}

void Simulation::World::start(std::uint32_t number) {
  fleet_.edit(number).state = Server::State::starting;
  watch(number);
  push(now_ + to_ticks(scenario_.start.cold_ms), EventKind::started, number);
}

void Simulation::World::on_started(std::uint32_t number) {
  Server& server = fleet_.edit(number);
  if (server.state != Server::State::starting) return;
  server.state = Server::State::running;
  if (scenario_.start.warm_ms <= 0) return;
  fleet_.set_warm(now_, number, scenario_.start.warm_speed);
  push(now_ + to_ticks(scenario_.start.warm_ms / k_warm_steps), EventKind::warmer, number);
}

void Simulation::World::on_warmer(std::uint32_t number) {
  const Server& server = fleet_.server(number);
  if (server.state != Server::State::running || server.warm >= 1) return;
  const double step = (1 - scenario_.start.warm_speed) / k_warm_steps;
  fleet_.set_warm(now_, number, std::min(1.0, server.warm + step));
  push(now_ + to_ticks(scenario_.start.warm_ms / k_warm_steps), EventKind::warmer, number);
}

void Simulation::World::on_scale(std::uint32_t region) {
  const Autoscaling& spec = scenario_.autoscaling;
  const Ticks period = to_ticks(spec.period_ms);
  push(now_ + period, EventKind::scale, region);
  Scaler& scaler = scalers_[region];
  std::uint32_t there = scaler.coming;
  std::uint32_t running = 0;
  const std::uint32_t first = fleet_.region(region).first;
  for (std::uint32_t i = 0; i < fleet_.region(region).slots; ++i) {
    Server& server = fleet_.edit(first + i);
    if (server.leaving && server.in_flight == 0) {
      server.leaving = false;
      server.state = Server::State::absent;
    }
    there += server.state != Server::State::absent && !server.leaving ? 1 : 0;
    running += server.state == Server::State::running ? 1 : 0;
  }
  const double busy = fleet_.busy_ticks(now_, region);
  const double used = (busy - scaler.busy_ticks) / static_cast<double>(period) /
                      fleet_.workers(region) / std::max(1.0, static_cast<double>(running));
  scaler.busy_ticks = busy;
  const double initial = scenario_.servers[region].endpoints;
  if (initial <= 0) return;
  const double need =
      std::clamp(std::ceil(running * used / spec.target),
                 std::max(1.0, std::floor(initial * spec.least)), std::floor(initial * spec.most));
  const auto needed = static_cast<std::uint32_t>(need);
  if (std::abs(used / spec.target - 1) <= k_scale_tolerance || needed >= there) {
    scaler.high_since = now_;
  }
  for (; std::abs(used / spec.target - 1) > k_scale_tolerance && there < needed; ++there) {
    ++scaler.coming;
    push(now_ + to_ticks(spec.delay_ms), EventKind::add, region);
  }
  if (needed >= there || now_ - scaler.high_since < to_ticks(spec.calm_ms)) return;
  for (std::uint32_t i = fleet_.region(region).slots; i-- > 0 && there > needed;) {
    Server& server = fleet_.edit(first + i);
    if (server.state != Server::State::running) continue;
    server.state = Server::State::draining;
    server.leaving = true;
    set_believed(first + i, false);
    --there;
  }
}

void Simulation::World::on_add(std::uint32_t region) {
  --scalers_[region].coming;
  const std::uint32_t first = fleet_.region(region).first;
  for (std::uint32_t i = 0; i < fleet_.region(region).slots; ++i) {
    if (fleet_.server(first + i).state != Server::State::absent) continue;
    fleet_.edit(first + i).joining = true;
    return start(first + i);
  }
}

}  // namespace weir::controller
