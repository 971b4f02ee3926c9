#include "policy/training_case.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "common/sim/rng.h"

namespace weir::policy {
namespace {

using controller::Arrivals;
using controller::DemandShape;
using controller::Distribution;
using controller::Incident;
using controller::Scenario;

struct Place {
  double latitude;
  double longitude;
};

// Thirty cities, in whole degrees.
constexpr auto k_places = std::to_array<Place>(
    {{64, -22},  {60, 25},   {52, 21},  {50, 14},  {45, 9},   {41, 29},   {38, 24},   {39, -9},
     {34, -7},   {30, 31},   {6, 3},    {-1, 37},  {25, 55},  {24, 67},   {13, 80},   {24, 90},
     {14, 101},  {21, 106},  {23, 113}, {15, 121}, {43, 132}, {-32, 116}, {-41, 175}, {61, -150},
     {51, -114}, {40, -105}, {30, -95}, {19, -99}, {5, -74},  {-35, -58}});

constexpr double k_km_per_ms = 100;  // of round trip, in fibre
constexpr double k_earth_km = 6371;

double between(Rng& rng, double low, double high) { return low + (high - low) * rng.unit(); }

double km(const Place& a, const Place& b) {
  const auto radians = [](double degrees) { return degrees * std::numbers::pi / 180; };
  const double cosine = std::sin(radians(a.latitude)) * std::sin(radians(b.latitude)) +
                        std::cos(radians(a.latitude)) * std::cos(radians(b.latitude)) *
                            std::cos(radians(a.longitude - b.longitude));
  return k_earth_km * std::acos(std::clamp(cosine, -1.0, 1.0));
}

void draw_map(Scenario& scenario, Rng& rng) {
  const std::size_t n = 3 + rng.below(5);
  const bool near = rng.chance(0.5);  // half of the maps lie on one side of the world
  std::vector<Place> places;
  while (places.size() < n) {
    const auto& place = k_places[near ? rng.below(13) : rng.below(k_places.size())];
    if (std::ranges::any_of(places, [&](const Place& one) { return km(one, place) < 1; })) continue;
    places.push_back(place);
  }
  scenario.paths = Grid<controller::PathSpec>(n, n);
  for (std::size_t i = 0; i < n; ++i) {
    scenario.regions.emplace_back("r" + std::to_string(i));
    scenario.paths(i, i).rtt_ms = between(rng, 0.5, 2);
    for (std::size_t j = 0; j < i; ++j) {
      const double rtt = 2 + between(rng, 1.2, 1.9) * km(places[i], places[j]) / k_km_per_ms;
      scenario.paths(i, j).rtt_ms = scenario.paths(j, i).rtt_ms = rtt;
      scenario.paths(i, j).cost_per_gb = scenario.paths(j, i).cost_per_gb = 0.02;
    }
  }
}

void draw_service(Scenario& scenario, Rng& rng) {
  Distribution& time = scenario.model.time;
  time.mean = between(rng, 25, 80);
  time.cv = between(rng, 0.3, 1.2);
  const double kind = rng.unit();
  if (kind < 0.1) {
    time.kind = Distribution::Kind::exponential;
  } else if (kind < 0.2) {
    time.kind = Distribution::Kind::bimodal;
    time.slow_share = 0.1;
    time.slow_factor = 4;
  }
  scenario.model.kb_per_request = 10;
  scenario.model.queue_limit = 40 + static_cast<std::uint32_t>(rng.below(40));
  const bool declares = rng.chance(0.5);
  const bool describes = rng.chance(0.5);
  const auto workers = 2 + static_cast<std::uint32_t>(rng.below(5));
  for (std::size_t i = 0; i < scenario.size(); ++i) {
    controller::Servers servers{.endpoints = 2 + static_cast<std::uint32_t>(rng.below(7)),
                                .workers = workers,
                                .declares_concurrency = describes};
    const double rate = servers.endpoints * workers / (time.mean / 1000);
    if (declares) servers.declared_rps = rate * between(rng, 0.85, 1.15);
    scenario.servers.push_back(servers);
  }
  if (rng.chance(0.15)) scenario.model.discipline = controller::ServiceModel::Discipline::sharing;
}

void draw_objectives(Scenario& scenario, Rng& rng) {
  double nearest = 0;
  for (std::size_t i = 0; i < scenario.size(); ++i) {
    double least = 1e9;
    for (std::size_t j = 0; j < scenario.size(); ++j) {
      if (i != j) least = std::min(least, scenario.paths(i, j).rtt_ms);
    }
    nearest += least / static_cast<double>(scenario.size());
  }
  const double p99 = controller::Sampler(scenario.model.time).at(~0ULL / 100 * 99);
  scenario.objectives_ms = {p99 + 0.5 * nearest, p99 + 1.2 * nearest, p99 + 3 * nearest};
  const double which = rng.unit();
  scenario.objective = which < 0.2 ? 0U : which < 0.8 ? 1U : 2U;
}

void draw_demand(Scenario& scenario, Rng& rng) {
  const double load = between(rng, 0.5, 0.95);
  std::vector<double> parts;
  double sum = 0;
  for (const auto& servers : scenario.servers) {
    sum += parts.emplace_back(servers.endpoints * between(rng, 0.5, 1.5));
  }
  const double rate = load * controller::capacity_rps(scenario);
  for (const double part : parts) scenario.demand.push_back({.rps = rate * part / sum});
  if (rng.chance(0.25)) {
    scenario.arrivals.kind = Arrivals::Kind::mmpp;
    scenario.arrivals.burst = between(rng, 1.3, 2);
  }
}

void draw_happening(Scenario& scenario, Rng& rng) {
  const auto one = static_cast<std::uint32_t>(rng.below(scenario.size()));
  const double at_ms = between(rng, 15'000, 25'000);
  const double for_ms = between(rng, 15'000, 30'000);
  Incident incident{.at_ms = at_ms, .for_ms = for_ms, .regions = {one}};
  switch (rng.below(8)) {
    case 0:
      return;
    case 1:
      for (auto& demand : scenario.demand) {
        demand.shapes.push_back({.kind = DemandShape::Kind::sine,
                                 .amplitude = between(rng, 0.2, 0.6),
                                 .period_ms = between(rng, 40'000, 90'000),
                                 .phase_ms = between(rng, 0, 90'000)});
      }
      return;
    case 2:
      scenario.demand[one].shapes.push_back({.kind = DemandShape::Kind::surge,
                                             .level = between(rng, 1.5, 3),
                                             .at_ms = at_ms,
                                             .rise_ms = between(rng, 500, 5000),
                                             .hold_ms = for_ms,
                                             .fall_ms = 2000});
      return;
    case 3:
      incident.kind = Incident::Kind::brown_out;
      incident.share = between(rng, 0.3, 1);
      incident.factor = between(rng, 1.5, 4);
      break;
    case 4:
      incident.kind = Incident::Kind::noisy;
      incident.for_ms = 0;
      incident.share = between(rng, 0.2, 0.5);
      incident.factor = between(rng, 2, 4);
      incident.on_ms = incident.off_ms = between(rng, 3000, 10'000);
      for (std::uint32_t i = 0; i < scenario.size(); ++i) {
        if (i != one) incident.regions.push_back(i);
      }
      break;
    case 5:
      incident.kind = Incident::Kind::hardware;
      incident.for_ms = 0;
      incident.factor = rng.chance(0.7) ? between(rng, 1.2, 2) : between(rng, 0.6, 0.9);
      break;
    case 6:
      incident.kind = Incident::Kind::crash;
      incident.share = between(rng, 0.2, 0.6);
      incident.silent = rng.chance(0.5);
      break;
    default:
      incident.kind = Incident::Kind::path_change;
      incident.factor = between(rng, 1.5, 3);
      break;
  }
  scenario.incidents.push_back(std::move(incident));
}

void draw_telemetry(Scenario& scenario, Rng& rng) {
  Incident incident{.what = Incident::What::servers};
  for (std::uint32_t i = 0; i < scenario.size(); ++i) incident.regions.push_back(i);
  const double kind = rng.unit();
  if (kind < 0.33) {
    incident.kind = Incident::Kind::missing;
  } else if (kind < 0.58) {
    incident.kind = Incident::Kind::late;
    incident.intervals = 1 + static_cast<std::uint32_t>(rng.below(2));
    if (rng.chance(0.3)) incident.what = Incident::What::all;
  } else {
    return;
  }
  scenario.incidents.push_back(std::move(incident));
}

/// A measured world at another moment, in which something else happens.
Scenario varied(const Scenario& world, Rng& rng) {
  Scenario scenario = world;
  scenario.duration_ms = 60'000;
  scenario.warm_up_ms = 10'000;
  const double load = between(rng, 0.75, 1.33);
  const double phase = rng.unit();
  for (auto& demand : scenario.demand) {
    demand.rps *= load * between(rng, 0.85, 1.15);
    for (DemandShape& shape : demand.shapes) {
      shape.phase_ms = phase * shape.step_ms * static_cast<double>(shape.values.size());
    }
  }
  draw_happening(scenario, rng);
  draw_telemetry(scenario, rng);
  return scenario;
}

}  // namespace

controller::Scenario training_case(std::uint64_t number, bool validation,
                                   std::span<const controller::Scenario> worlds) {
  Rng rng(2 * number + (validation ? 1 : 0) + 0x7e1f);
  if (!worlds.empty() && number % 2 == 0) {
    return varied(worlds[number / 2 % worlds.size()], rng);
  }
  Scenario scenario;
  scenario.name = (validation ? "validation " : "training ") + std::to_string(number);
  scenario.duration_ms = 60'000;
  scenario.warm_up_ms = 10'000;
  draw_map(scenario, rng);
  draw_service(scenario, rng);
  draw_objectives(scenario, rng);
  draw_demand(scenario, rng);
  draw_happening(scenario, rng);
  draw_telemetry(scenario, rng);
  scenario.may_shed = rng.chance(0.2);
  return scenario;
}

}  // namespace weir::policy
