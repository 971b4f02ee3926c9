#pragma once

#include <cstdint>
#include <vector>

#include "controller/simulate/event_kind.h"
#include "controller/simulate/event_queue.h"
#include "controller/simulate/fleet.h"
#include "controller/simulate/guarded_weights.h"
#include "controller/simulate/network.h"
#include "controller/simulate/recorder.h"
#include "controller/simulate/reporting.h"
#include "controller/simulate/request_pool.h"
#include "controller/simulate/simulation.h"
#include "controller/simulate/source.h"

namespace weir::controller {

/// The parts of a simulation and the loop that gives each event to the part it concerns.
///
///   arrival ─▶ choose a region ─▶ trip ─▶ at_region ─▶ queue, worker ─▶ finished ─▶ trip ─▶
///   answered
///                  ▲                          │ refused                                   │
///                  └──────── retry ◀──────────┴───────────────────────────────────────────┘
class Simulation::World {
 public:
  World(Scenario spec, std::uint64_t seed, const SimulationOptions& options,
        RequestPolicy* by_request);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  const Scenario& scenario() const { return scenario_; }
  Ticks now() const { return now_; }
  const ServiceObservation& seen() const { return reporting_.seen(); }
  bool over() const { return now_ >= end_; }
  Grid<double> shares() const { return weights_.shares(); }

  void advance();
  void wish(const ServiceWish& wish);
  Truth truth() const;
  void drain();
  SimulationResult result() const;

 private:
  void run_until(Ticks end);
  void handle(const EventQueue::Entry& entry);
  void publish();
  void report_servers(ServiceObservation& seen);
  void report_paths(ServiceObservation& seen);
  void push(Ticks at, EventKind kind, std::size_t number) {
    queue_.push(at, event(kind, static_cast<std::uint32_t>(number)));
  }
  std::size_t pair_number(std::size_t from, std::size_t to) const { return from * regions_ + to; }

  // Requests (world_requests.cc).
  void await_arrival(std::size_t source);
  void scale_demand(std::size_t source, double scale);
  void on_arrival(std::uint32_t source);
  std::size_t with_room(std::size_t source, std::size_t chosen, std::uint64_t tried);
  void send(std::uint32_t request);
  void on_region(std::uint32_t request);
  void answer(std::uint32_t request, Ticks after = 0);
  void on_finished(std::uint32_t request);
  void on_due(std::uint32_t server);
  void on_answered(std::uint32_t request);
  void on_timeout();
  void end_attempt(std::uint32_t request, Recorder::End end, bool may_retry);
  void retry(std::uint32_t request);
  void fail_open(std::size_t from, std::size_t to);
  void lose(std::uint32_t request);
  void await_timeout();

  // Choice by request (world_probes.cc).
  RequestTarget choose_by_request(std::uint32_t source, std::uint64_t tried);
  void send_probes(std::uint32_t source);
  void on_probe(std::uint32_t probe);
  void on_probed(std::uint32_t probe);
  void tell_members(std::size_t source, std::size_t region);

  // Servers and paths (world_health.cc).
  void watch(std::uint32_t server);
  void on_check(std::uint32_t server);
  void judge(std::uint32_t server, bool passed);
  void set_believed(std::uint32_t server, bool up);
  void announce(std::size_t region);
  void on_members(std::size_t from, std::size_t to);
  void on_path(std::size_t from, std::size_t to);
  void look(std::size_t from, std::size_t to);
  void start(std::uint32_t server);
  void on_started(std::uint32_t server);
  void on_warmer(std::uint32_t server);
  void on_scale(std::uint32_t region);
  void on_add(std::uint32_t region);

  // Incidents (world_incidents.cc).
  void on_begin(std::uint32_t incident);
  void on_end(std::uint32_t incident);
  void slow_servers(const Incident& incident, double factor, double share);
  void change_paths(const Incident& incident, bool begins);
  void crash_servers(const Incident& incident);
  void revive_servers(const Incident& incident);
  void cut_region(const Incident& incident, bool begins);
  void change_errors(const Incident& incident, bool begins);
  void begin_noise(std::uint32_t incident);
  void end_noise(std::uint32_t incident);
  void on_noise(std::uint32_t index);
  void begin_deploy(std::uint32_t incident);
  void on_restart(std::uint32_t incident);
  template <typename Visit>
  void each_server(const Incident& incident, double share, Visit visit);
  template <typename Visit>
  void each_path(const Incident& incident, Visit visit);

  struct Probe {
    std::uint32_t source = 0;
    RequestTarget target;
    Ticks sent = 0;
    double in_flight = 0;
    double latency_ms = 0;
  };
  struct Noise {
    std::uint32_t incident = 0;
    std::uint32_t server = 0;
    bool on = false;
    bool over = false;
    Rng rng;
  };
  struct Deployment {
    std::vector<std::uint32_t> waiting;  // servers still to restart, the last first
    std::vector<std::uint32_t> current;
    std::size_t batch = 1;
  };
  struct Scaler {
    double busy_ticks = 0;  // at the last look
    std::uint32_t coming = 0;
    Ticks high_since = 0;  // when the need was last as high as what runs
  };

  // Constant after construction.
  const Scenario scenario_;
  const std::size_t regions_;
  const Ticks end_;
  const Ticks interval_;
  const Ticks warm_up_;
  const Ticks timeout_;
  const bool may_limit_;
  RequestPolicy* const by_request_;
  const Sampler work_;

  Ticks now_ = 0;
  EventQueue queue_;
  RequestPool requests_;
  Network network_;
  Fleet fleet_;
  std::vector<Source> sources_;
  Recorder recorder_;
  Reporting reporting_;
  GuardedWeights weights_;
  Grid<double> limits_;    // on what sources have in flight; empty: none
  Grid<double> overflow_;  // where those without room rather go
  Rng rng_;                // health checks' phases, incidents

  std::vector<char> arrival_pending_;  // by source
  bool timeout_pending_ = false;
  std::uint64_t events_ = 0;
  std::uint64_t trace_ = 0xcbf29ce484222325U;

  std::vector<Probe> probes_;
  std::vector<std::uint32_t> free_probes_;
  std::vector<RequestTarget> wanted_probes_;
  std::vector<char> ready_;
  std::vector<std::uint32_t> done_;
  std::vector<std::uint32_t> lost_;

  Ticks began_ = 0;  // the interval
  std::vector<double> busy_before_;

  std::vector<Noise> noises_;
  std::vector<Deployment> deployments_;  // by incident
  std::vector<Scaler> scalers_;
};

}  // namespace weir::controller
