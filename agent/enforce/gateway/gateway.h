#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/enforce/gateway/traffic.h"
#include "agent/enforce/local_endpoints.h"
#include "agent/enforce/routing_table.h"
#include "common/async/clock.h"
#include "common/async/snapshot.h"
#include "common/base/result.h"
#include "common/model/ports.h"

namespace weir::agent {

struct GatewayOptions {
  IpAddress listen;   // of the listeners for clients; the ports are in the plans
  RegionName region;  // the own one
  unsigned workers = 1;
  std::uint16_t ingress_port = k_port_ingress;  // of the other agents
  // The ingress takes what comes in through this device only: a neighbour on the underlay could
  // reach the overlay address past the tunnel. Empty: any.
  std::string ingress_device;
  std::size_t connections_max = 20000;    // clients per worker; further ones are closed at once
  std::size_t idle_per_target_max = 256;  // pooled connections per worker and target
  std::chrono::milliseconds idle_client{60'000};    // a kept connection without a request
  std::chrono::milliseconds idle_upstream{15'000};  // a pooled one
  std::chrono::milliseconds head_timeout{10'000};   // from a head's first byte to its last
};

/// Moves real traffic: takes clients' requests at one listener per service, sends each where the
/// routing table says, and takes requests of other agents at the ingress for the servers here.
///
/// Owns `workers` threads, each with its own executor, listeners (SO_REUSEPORT), connection pools
/// and counters; a connection stays on its worker. All calls on the owner's thread.
class Gateway {
 public:
  using OnSignal = std::function<void(const EndpointSignal&)>;

  /// The snapshots and `clock` outlive the gateway. `on_signal` runs on `callbacks`: every failure
  /// (at most one per server and 10 ms) and the first success after one.
  Gateway(GatewayOptions options, const Snapshot<RoutingTable>& routes,
          const Snapshot<LocalEndpoints>& endpoints, Clock& clock,
          boost::asio::any_io_executor callbacks, OnSignal on_signal, std::uint64_t seed);
  /// Without `stop` before it, connections are cut.
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Starts the threads. Once.
  Status start();

  /// Listeners for exactly these services: new ones are opened, missing ones closed (what is
  /// already accepted ends with its request or its relay), others stay. Port 0 binds any.
  /// Errors: unavailable (each address and port that failed); the listeners that could be opened
  /// are open and all plans are in force, at the ingress as well.
  Status set_services(std::span<const ServicePlan> services);

  /// Tries again what `set_services` could not open. Errors: as there.
  Status open_listeners();
  std::size_t listeners_missing() const;

  /// Of the workers, for a watchdog; only while they run.
  std::vector<boost::asio::any_io_executor> executors() const;

  /// Binds the ingress, instead of an earlier one: the own overlay address and k_port_ingress.
  /// Errors: unavailable.
  Status set_ingress(const Endpoint& address);

  /// Where a service listens, where the ingress does; nullopt when not open.
  std::optional<Endpoint> listener(const ServiceName& service) const;
  std::optional<Endpoint> ingress() const;

  /// The snapshots have new values: the workers take them over and give up attempts that are in
  /// vain (path or server down), which are retried where that is safe. They look by themselves
  /// every 20 ms too.
  void refresh();

  /// Blocks until the workers have done everything given to them so far; they must be started.
  void settle();

  /// Everything since the last call; in-flight numbers are of now. O(services x regions).
  GatewayTraffic collect();

  /// Accepts nothing more, lets requests in flight end for at most `patience`, cuts the rest and
  /// ends the threads.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds patience);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::agent
