#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

#include "agent/enforce/gateway/traffic.h"

namespace weir::agent {

/// How many requests are under way to one place, from all workers together. A handle: copies count
/// the same. Read and written by any thread, without a lock; a reader may be a request behind.
class SharedCount {
 public:
  SharedCount() : count_(std::make_shared<std::atomic<std::uint32_t>>(0)) {}

  SharedCount& operator++() {
    count_->fetch_add(1, std::memory_order_relaxed);
    return *this;
  }
  SharedCount& operator--() {
    count_->fetch_sub(1, std::memory_order_relaxed);
    return *this;
  }
  operator std::uint32_t() const { return count_->load(std::memory_order_relaxed); }
  /// Nobody but the asker holds it.
  bool alone() const { return count_.use_count() == 1; }

 private:
  std::shared_ptr<std::atomic<std::uint32_t>> count_;
};

/// The counts of one gateway, by what they count: one limit and one measure of load however many
/// workers there are. A lock guards the maps, taken when tables change, never per request.
class InFlightCounts {
 public:
  SharedCount of_target(const ServiceName& service, const Endpoint& address, bool ingress);
  SharedCount of_region(const ServiceName& service, const RegionName& region);
  /// Without open relays and tunnels.
  SharedCount unanswered_of_region(const ServiceName& service, const RegionName& region);
  /// Of the servers of this cluster. Forgets what nobody holds any more.
  std::vector<EndpointTraffic> servers();

 private:
  std::mutex mu_;  // guards everything below
  std::map<std::tuple<ServiceName, Endpoint, bool>, SharedCount> targets_;
  std::map<std::pair<ServiceName, RegionName>, SharedCount> regions_;
  std::map<std::pair<ServiceName, RegionName>, SharedCount> unanswered_;
};

}  // namespace weir::agent
