#pragma once

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/enforce/gateway/buffer.h"
#include "agent/enforce/gateway/in_flight.h"
#include "common/base/ids.h"
#include "common/base/time.h"
#include "common/net/ip.h"
#include "common/routing/two_choices.h"
#include "common/sim/rng.h"

namespace weir::agent {

/// A connection to a server or to an ingress.
struct Upstream {
  explicit Upstream(boost::asio::ip::tcp::socket open)
      : socket(std::move(open)), buffer(k_relay_buffer) {}

  boost::asio::ip::tcp::socket socket;
  Buffer buffer;  // what it sent and nobody has taken yet
  Time idle_since{};
  bool reused = false;

  /// Still there: a server may close a kept connection at any time, and one that speaks unasked is
  /// broken.
  bool open_and_silent();
};

/// Where requests of one service can be sent: a server of this cluster, or another agent's ingress.
/// Worker's thread only, as everything it holds but the count.
struct Target {
  ServiceName service;
  Endpoint address;
  bool ingress = false;
  bool usable = true;                           // server: healthy; ingress: its path is up
  bool serves = true;                           // ingress: has healthy servers as far as known
  SharedCount in_flight;                        // from all workers
  std::vector<std::unique_ptr<Upstream>> idle;  // the longest idle first

  bool troubled = false;  // its last signal was a failure
  Time last_signal{};

  /// A kept connection that is still open and silent, the youngest; null when there is none.
  std::unique_ptr<Upstream> take_idle();
  /// Keeps the connection for later, closing the oldest when there are `most`.
  void keep(std::unique_ptr<Upstream> upstream, Time now, std::size_t most);
  void close_idle_since(Time when);
};

using TargetList = std::vector<std::shared_ptr<Target>>;

/// The less busy of two drawn at random, among those that `allowed` admits; null when none is.
/// O(n).
template <typename Allowed>
std::shared_ptr<Target> less_busy_of_two(const TargetList& targets, Rng& rng, Allowed allowed) {
  std::size_t count = 0;
  for (const auto& target : targets) count += allowed(*target) ? 1 : 0;
  if (count == 0) return nullptr;
  const auto nth = [&](std::size_t n) {
    return std::ranges::find_if(targets,
                                [&](const auto& target) { return allowed(*target) && n-- == 0; });
  };
  const auto in_flight = [&nth](std::size_t n) { return (*nth(n))->in_flight; };
  return *nth(weir::less_busy_of_two(count, rng, in_flight));
}

boost::asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint);
Endpoint from_asio(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace weir::agent
