#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "agent/enforce/gateway/in_flight.h"
#include "agent/enforce/gateway/traffic.h"
#include "common/base/time.h"

namespace weir::agent {

/// The counters of one worker, per service and destination. The worker counts, the owner collects;
/// a short lock, nearly always free, guards each count.
class TrafficStats {
 public:
  /// `shared` outlives the stats.
  explicit TrafficStats(InFlightCounts& shared) : shared_(shared) {}

  /// How an attempt ended. `dropped`: for a reason that says nothing about the destination, such as
  /// a client that went away. `closed`: what was counted by `opened` is over; `cut`: before its
  /// time.
  enum class End { ok, error, timeout, dropped, closed, cut };

  /// Opaque to everybody else but for its region; lives as long as the stats.
  struct Row {
    RegionName region;            // constant
    DestinationTraffic counts;    // in flight apart
    std::uint32_t in_flight = 0;  // of this worker
    SharedCount load;             // of all workers
    std::uint32_t unanswered = 0;
    SharedCount waiting;  // unanswered of all workers
  };

  /// The row of this destination, made when new. Worker's thread.
  Row& row(const ServiceName& service, const RegionName& region);

  /// `chosen`: whom the weights had chosen for it; null for a retry.
  void started(Row& row, Row* chosen);
  /// A relay or tunnel stands: its answer is good, and what follows is no latency. It stays in
  /// flight until `ended`.
  void opened(Row& row, Duration took, Duration objective);
  void ended(Row& row, End end, Duration took, Duration objective);
  void retried(Row& row);
  void client_accepted();
  void client_refused();
  void bad_request();

  using Key = std::pair<ServiceName, RegionName>;
  struct Collected {
    std::map<Key, DestinationTraffic> rows;
    GatewayTraffic totals;  // without destinations and endpoints
  };
  /// Adds everything since the last call to `into` and starts again; in flight stays.
  void collect(Collected& into);

 private:
  InFlightCounts& shared_;
  std::mutex mu_;  // guards everything below
  std::map<Key, std::unique_ptr<Row>> rows_;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t bad_ = 0;
};

}  // namespace weir::agent
