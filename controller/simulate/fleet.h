#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "common/sim/rng.h"
#include "controller/simulate/event_queue.h"
#include "controller/simulate/recent_answers.h"
#include "controller/simulate/request_pool.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// One server. Its number is the same all through a simulation; slots for those an autoscaler may
/// add are `absent` at first.
struct Server {
  enum class State : std::uint8_t {
    absent,    // a free slot
    starting,  // no process yet that listens: connections are refused
    running,
    draining,  // finishes what it has; its agent sends nothing new
    crashed,   // connections are refused
    silent,    // the machine is gone: connections get no answer at all
  };
  std::uint32_t region = 0;
  State state = State::absent;
  bool believed_up = false;  // by its agent
  bool watched = false;      // checks are under way
  bool leaving = false;      // draining for good
  bool joining = false;      // new, and never yet believed up
  std::uint8_t streak = 0;   // checks in a row that speak against that belief

  std::uint32_t in_flight = 0;  // working on and waiting
  std::uint32_t busy = 0;       // workers; sharing: requests, at most the workers
  std::uint32_t queue_head = k_none;
  std::uint32_t queue_tail = k_none;

  double slow = 1;  // product of everything that makes it slow
  double warm = 1;  // share of its speed, while warming up
  double speed = 1;

  Ticks due = UINT64_MAX;  // sharing: when its next event comes
  Ticks served_until = 0;  // sharing: when `service` was brought up to date
  double service = 0;      // sharing: work each request that was there all along got, in ticks
};

/// The servers of all regions: choice inside a region, queues, workers, and whether they are up.
///
/// `accept` counts a request at the server that its region's agent picks, the less busy of two
/// among those it believes up; the agent goes on to another when one refuses the connection.
class Fleet {
 public:
  /// All outlive the fleet.
  Fleet(const Scenario& scenario, EventQueue& queue, RequestPool& requests, Rng rng);

  struct RegionState {
    std::uint32_t first = 0;  // its servers' numbers, without a gap
    std::uint32_t slots = 0;
    std::vector<std::uint32_t> up;  // servers believed up, by number
    std::uint32_t busy = 0;         // workers
    std::uint32_t in_flight = 0;
    double busy_ticks = 0;  // integral of `busy` up to `counted_to`
    Ticks counted_to = 0;
    double error_share = 0;  // of the answers
    double error_time = 1;   // of the service time, for those
  };

  RegionState& region(std::size_t index) { return regions_[index]; }
  const RegionState& region(std::size_t index) const { return regions_[index]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(servers_.size()); }
  std::span<const Server> servers_of(std::size_t region) const {
    return std::span(servers_).subspan(regions_[region].first, regions_[region].slots);
  }
  const Server& server(std::uint32_t number) const { return servers_[number]; }
  std::uint32_t workers(std::size_t region) const { return scenario_.servers[region].workers; }

  enum class Accepted { yes, refused, silent };

  // Requests.
  /// `silent`: after a while without an answer as good as refused. The request's `endpoint`, when
  /// given, is the wanted slot in its region.
  Accepted accept(Ticks now, std::uint32_t request);
  /// The request's worker is done; the next in the queue begins.
  void finish(Ticks now, std::uint32_t request);
  /// Sharing: the requests that are done by now, appended.
  void take_due(Ticks now, std::uint32_t server, std::vector<std::uint32_t>& done);
  /// A probe's answer.
  double recent_latency_ms(std::uint32_t server) const {
    return recent_[server].near(servers_[server].in_flight);
  }
  void remember_answers() { recent_.resize(servers_.size()); }

  // Conditions.
  void set_slow(Ticks now, std::uint32_t server, double factor);  // multiplies
  void set_warm(Ticks now, std::uint32_t server, double share);
  Server& edit(std::uint32_t server) { return servers_[server]; }
  /// Everything at it is lost; the requests, appended to `lost`, are the caller's to answer.
  void crash(Ticks now, std::uint32_t server, bool silent, std::vector<std::uint32_t>& lost);
  void believe(std::uint32_t server, bool up);

  /// Integral of busy workers up to `now`, in ticks.
  double busy_ticks(Ticks now, std::size_t region);
  std::uint32_t waiting(std::size_t region) const {
    return regions_[region].in_flight - regions_[region].busy;
  }
  /// Servers that belong to the region, up or not; without those that join or leave.
  std::size_t known(std::size_t region) const;

 private:
  bool sharing() const { return scenario_.model.discipline == ServiceModel::Discipline::sharing; }
  std::uint32_t pick(RegionState& region);
  Accepted admit(Ticks now, std::uint32_t server, std::uint32_t request);
  void begin(Ticks now, std::uint32_t server, std::uint32_t request);
  void begin_next(Ticks now, std::uint32_t server);
  void leave(std::uint32_t server, const Request& request, Ticks now);
  void add_busy(Ticks now, RegionState& region, std::int32_t change);
  void serve_shared(Ticks now, std::uint32_t server);
  double shared_rate(std::uint32_t server) const;
  void plan_due(Ticks now, std::uint32_t number);
  void set_speed(Ticks now, std::uint32_t server);
  double work_of(const Request& request) const;

  const Scenario& scenario_;
  EventQueue& queue_;
  RequestPool& requests_;
  Rng rng_;
  std::vector<RegionState> regions_;
  std::vector<Server> servers_;
  using Job = std::pair<double, std::uint32_t>;  // `service` at which it is done, request
  std::vector<std::vector<Job>> jobs_;           // sharing: a heap for each server
  std::vector<RecentAnswers> recent_;            // empty unless somebody probes
};

}  // namespace weir::controller
