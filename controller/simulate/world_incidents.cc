#include <algorithm>
#include <cmath>
#include <numeric>

#include "controller/simulate/world.h"

namespace weir::controller {
namespace {

constexpr Ticks k_restart_look = 250'000'000;

}  // namespace

/// The first `share` of the servers each region began with: the same ones each time.
template <typename Visit>
void Simulation::World::each_server(const Incident& incident, double share, Visit visit) {
  for (const std::uint32_t r : incident.regions) {
    const auto& region = fleet_.region(r);
    const auto count =
        share >= 1
            ? region.slots
            : static_cast<std::uint32_t>(std::ceil(share * scenario_.servers[r].endpoints - 1e-9));
    for (std::uint32_t i = 0; i < std::min(count, region.slots); ++i) visit(region.first + i);
  }
}

/// Both directions of every path between `regions` and `peers`, each once; never inside a region.
template <typename Visit>
void Simulation::World::each_path(const Incident& incident, Visit visit) {
  Grid<char> visited(regions_, regions_);
  std::vector<std::uint32_t> peers = incident.peers;
  if (peers.empty()) {
    peers.resize(regions_);
    std::iota(peers.begin(), peers.end(), 0U);
  }
  for (const std::uint32_t from : incident.regions) {
    for (const std::uint32_t to : peers) {
      if (from == to || visited(from, to) != 0) continue;
      visited(from, to) = visited(to, from) = 1;
      visit(from, to);
      visit(to, from);
    }
  }
}

void Simulation::World::on_begin(std::uint32_t index) {
  const Incident& incident = scenario_.incidents[index];
  reporting_.begin(index);
  switch (incident.kind) {
    case Incident::Kind::brown_out:
      return slow_servers(incident, incident.factor, incident.share);
    case Incident::Kind::hardware:
      return slow_servers(incident, incident.factor, 1);
    case Incident::Kind::noisy:
      return begin_noise(index);
    case Incident::Kind::crash:
      return crash_servers(incident);
    case Incident::Kind::region_cut:
      return cut_region(incident, true);
    case Incident::Kind::path_change:
    case Incident::Kind::path_loss:
    case Incident::Kind::path_cut:
      return change_paths(incident, true);
    case Incident::Kind::deploy:
      return begin_deploy(index);
    case Incident::Kind::errors:
    case Incident::Kind::rogue:
      return change_errors(incident, true);
    case Incident::Kind::late:
    case Incident::Kind::missing:
    case Incident::Kind::wrong:
      return;
  }
}

void Simulation::World::on_end(std::uint32_t index) {
  const Incident& incident = scenario_.incidents[index];
  reporting_.end(index);
  switch (incident.kind) {
    case Incident::Kind::brown_out:
      return slow_servers(incident, 1 / incident.factor, incident.share);
    case Incident::Kind::hardware:
      return slow_servers(incident, 1 / incident.factor, 1);
    case Incident::Kind::noisy:
      return end_noise(index);
    case Incident::Kind::crash:
      return revive_servers(incident);
    case Incident::Kind::region_cut:
      return cut_region(incident, false);
    case Incident::Kind::path_change:
    case Incident::Kind::path_loss:
    case Incident::Kind::path_cut:
      return change_paths(incident, false);
    case Incident::Kind::errors:
    case Incident::Kind::rogue:
      return change_errors(incident, false);
    case Incident::Kind::deploy:  // ends when all have restarted
    case Incident::Kind::late:
    case Incident::Kind::missing:
    case Incident::Kind::wrong:
      return;
  }
}

void Simulation::World::slow_servers(const Incident& incident, double factor, double share) {
  each_server(incident, share,
              [&](std::uint32_t server) { fleet_.set_slow(now_, server, factor); });
}

void Simulation::World::change_paths(const Incident& incident, bool begins) {
  each_path(incident, [&](std::size_t from, std::size_t to) {
    if (incident.kind == Incident::Kind::path_change) {
      network_.lengthen(from, to, begins ? incident.factor : 1 / incident.factor);
    } else if (incident.kind == Incident::Kind::path_loss) {
      network_.add_loss(from, to, begins ? incident.share : -incident.share);
    } else {
      begins ? network_.cut(from, to) : network_.mend(from, to);
      push(now_ + to_ticks(scenario_.health.path_detect_ms), EventKind::path,
           pair_number(from, to));
    }
  });
}

void Simulation::World::crash_servers(const Incident& incident) {
  each_server(incident, incident.share, [&](std::uint32_t server) {
    const Server::State state = fleet_.server(server).state;
    if (state == Server::State::absent) return;
    lost_.clear();
    fleet_.crash(now_, server, incident.silent, lost_);
    for (const std::uint32_t index : lost_) {
      std::uint32_t answered = index;
      if (requests_[index].working) {  // its event is still to come
        answered = requests_.take();
        const Request copy = requests_[index];
        requests_[answered] = copy;
        if (copy.open) requests_.replace(index, answered);
        requests_[index].open = false;
        requests_[index].ghost = true;
        requests_[answered].working = false;
      }
      if (incident.silent) {
        lose(answered);
        continue;
      }
      requests_[answered].refused = true;
      answer(answered);
    }
  });
}

void Simulation::World::revive_servers(const Incident& incident) {
  each_server(incident, incident.share, [&](std::uint32_t server) {
    const Server::State state = fleet_.server(server).state;
    if (state == Server::State::crashed || state == Server::State::silent) start(server);
  });
}

void Simulation::World::cut_region(const Incident& incident, bool begins) {
  change_paths(incident, begins);
  for (const std::uint32_t region : incident.regions) {
    std::size_t nearest = regions_;
    for (std::size_t to = 0; to < regions_; ++to) {
      if (std::ranges::find(incident.regions, to) != incident.regions.end()) continue;
      if (nearest == regions_ || network_.rtt_ms(region, to) < network_.rtt_ms(region, nearest)) {
        nearest = to;
      }
    }
    scale_demand(region, begins ? 0 : 1);
    if (!incident.clients_move || nearest == regions_) continue;
    const double there = scenario_.demand[nearest].rps;
    const double moved = there > 0 ? scenario_.demand[region].rps / there : 0;
    const double scale = sources_[nearest].arrivals.scale();
    scale_demand(nearest, scale + (begins ? moved : -moved));
  }
}

void Simulation::World::change_errors(const Incident& incident, bool begins) {
  for (const std::uint32_t region : incident.regions) {
    fleet_.region(region).error_share = begins ? incident.share : scenario_.model.error_share;
    fleet_.region(region).error_time = begins ? incident.factor : 1;
  }
}

void Simulation::World::begin_noise(std::uint32_t index) {
  const Incident& incident = scenario_.incidents[index];
  each_server(incident, incident.share, [&](std::uint32_t server) {
    noises_.push_back({.incident = index, .server = server, .rng = rng_.fork()});
    Noise& noise = noises_.back();
    // As if it had gone on for ever: on with its share of the time.
    const bool on = noise.rng.chance(incident.on_ms / (incident.on_ms + incident.off_ms));
    if (on) return on_noise(static_cast<std::uint32_t>(noises_.size() - 1));
    push(now_ + to_ticks(noise.rng.exponential(incident.off_ms)), EventKind::noise,
         noises_.size() - 1);
  });
}

void Simulation::World::on_noise(std::uint32_t index) {
  Noise& noise = noises_[index];
  if (noise.over) return;
  const Incident& incident = scenario_.incidents[noise.incident];
  noise.on = !noise.on;
  fleet_.set_slow(now_, noise.server, noise.on ? incident.factor : 1 / incident.factor);
  push(now_ + to_ticks(noise.rng.exponential(noise.on ? incident.on_ms : incident.off_ms)),
       EventKind::noise, index);
}

void Simulation::World::end_noise(std::uint32_t index) {
  for (Noise& noise : noises_) {
    if (noise.incident != index || noise.over) continue;
    noise.over = true;
    if (noise.on) fleet_.set_slow(now_, noise.server, 1 / scenario_.incidents[index].factor);
  }
}

void Simulation::World::begin_deploy(std::uint32_t index) {
  const Incident& incident = scenario_.incidents[index];
  Deployment& deployment = deployments_[index];
  each_server(incident, 1, [&](std::uint32_t server) {
    if (fleet_.server(server).state == Server::State::running) {
      deployment.waiting.push_back(server);
    }
  });
  const auto count = static_cast<double>(deployment.waiting.size());
  deployment.batch =
      static_cast<std::size_t>(std::max(1.0, std::floor(incident.share * count + 1e-9)));
  std::ranges::reverse(deployment.waiting);
  on_restart(index);
}

/// A batch drains, restarts and has to be believed up before the next one begins.
void Simulation::World::on_restart(std::uint32_t index) {
  Deployment& deployment = deployments_[index];
  for (const std::uint32_t server : deployment.current) {
    const Server& state = fleet_.server(server);
    if (state.state == Server::State::draining && state.in_flight == 0 && !state.leaving) {
      start(server);
    }
  }
  std::erase_if(deployment.current, [&](std::uint32_t server) {
    const Server& state = fleet_.server(server);
    return state.leaving || (state.state == Server::State::running && state.believed_up) ||
           state.state == Server::State::absent;
  });
  while (deployment.current.empty() && !deployment.waiting.empty()) {
    for (std::size_t n = 0; n < deployment.batch && !deployment.waiting.empty(); ++n) {
      const std::uint32_t server = deployment.waiting.back();
      deployment.waiting.pop_back();
      if (fleet_.server(server).state != Server::State::running) continue;
      fleet_.edit(server).state = Server::State::draining;
      set_believed(server, false);
      deployment.current.push_back(server);
    }
  }
  if (!deployment.current.empty()) push(now_ + k_restart_look, EventKind::restart, index);
}

}  // namespace weir::controller
