#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/model/observation.h"
#include "common/model/ports.h"
#include "common/net/ip.h"

namespace weir::agent {

class PathLoop;

/// What `PathService::ping` brings back: one entry per packet, none where no answer came.
struct PingResult {
  std::vector<std::optional<std::chrono::microseconds>> rtt;
};

/// Settings of the paths module; the defaults are what the failover promises are made of.
struct PathOptions {
  IpAddress address;          // our overlay address: both sockets are bound to it
  std::string interface;      // bound to this device as well; empty: any
  std::uint32_t boot_id = 0;  // differs from one start of the agent to the next
  int stamp_per_second = 10;  // packets per path, 1 to 100
  std::uint32_t mtu = 0;  // of the interface: packets of that size are tried now and then; 0: not
  int realtime_priority = 10;  // SCHED_FIFO, when the system permits; 0: never ask
  std::uint16_t hello_port = k_port_hello;
  std::uint16_t stamp_port = k_port_stamp;
};

/// Measures every path of this agent and notices within milliseconds when one breaks.
///
/// Owns one thread with one poll loop: hellos, echoes, STAMP sender and reflector for all peers.
/// The thread takes no lock that others hold long, writes no log and touches no disk. A path
/// starts down; its first event is "up".
///
///   cost    per peer 20 hellos and 10 STAMP packets a second each way, 28 and 44 bytes;
///           one packet of the interface's size in 5 s
///   limit   4096 peers; what is beyond is ignored
class PathService {
 public:
  struct Callbacks {
    /// On the paths thread; must only post.
    std::function<void(const PathEvent&)> path_changed;
    /// True when there are peers and not one of them can be heard: then the fault is likely ours.
    /// On the paths thread; must only post.
    std::function<void(bool isolated)> isolation_changed;
  };
  using PingDone = std::function<void(Result<PingResult>)>;
  using Peers = std::shared_ptr<const std::vector<OverlayPeer>>;

  /// Numbers for metrics and `status`; each only grows, except `realtime` and `bound`.
  struct Counters {
    bool realtime = false;              // SCHED_FIFO was granted
    bool bound = false;                 // the sockets are open
    std::uint64_t refused_packets = 0;  // malformed, from no peer, or above a rate cap
    std::uint64_t send_failures = 0;
    std::uint64_t stalls = 0;  // times the thread woke more than one interval late
  };

  /// `clock` outlives the service.
  PathService(PathOptions options, Clock& clock, Callbacks callbacks);
  /// Stops and joins.
  ~PathService();
  PathService(const PathService&) = delete;
  PathService& operator=(const PathService&) = delete;

  /// Starts the thread. The address need not exist yet: binding is tried again every 250 ms.
  void start();
  /// Ends the thread and waits for it; pings under way end with `cancelled`. Idempotent.
  void stop();

  /// Replaces the set of peers; known ones keep their state. Any thread.
  void set_peers(Peers peers);

  /// The windows of all paths, remade once a second. Any thread.
  std::vector<PathWindow> windows() const;
  Counters counters() const;
  /// Why the sockets are not open; empty when they are. Any thread.
  std::string bind_problem() const;

  /// Sends `count` (1 to 100) STAMP packets 100 ms apart and calls `done` when all are answered or
  /// 1 s after the last, on the paths thread; must only post. Any thread.
  /// Errors: not_found (no such peer), invalid_argument, unavailable (sockets not open),
  /// resource_exhausted (8 pings under way), cancelled.
  void ping(const AgentId& agent, int count, PingDone done);

  /// Has the thread do a short job at its next round, as a sign of life. False when 16 wait
  /// already. Any thread.
  bool post(std::function<void()> job);

 private:
  std::unique_ptr<PathLoop> loop_;
};

}  // namespace weir::agent
