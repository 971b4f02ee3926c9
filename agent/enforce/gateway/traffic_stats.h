#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "agent/enforce/gateway/traffic.h"
#include "common/base/time.h"

namespace weir::agent {

/// The counters of one worker, per service and destination. The worker counts, the owner collects;
/// a short lock, nearly always free, guards each count.
class TrafficStats {
 public:
  /// How an attempt ended. `dropped`: the client went away, which says nothing about the server.
  enum class End { ok, error, timeout, dropped };

  /// Opaque to everybody else but for its region; lives as long as the stats.
  struct Row {
    RegionName region;            // constant
    DestinationTraffic counts;    // in flight apart
    std::uint32_t in_flight = 0;  // written by the worker alone, which may read it without the lock
  };

  /// The row of this destination, made when new. Worker's thread.
  Row& row(const ServiceName& service, const RegionName& region);

  void started(Row& row);
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
  std::mutex mu_;  // guards everything below
  std::map<Key, std::unique_ptr<Row>> rows_;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t bad_ = 0;
};

}  // namespace weir::agent
