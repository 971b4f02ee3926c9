#pragma once

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
/// (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.) O(n).
template <typename Allowed>
std::shared_ptr<Target> less_busy_of_two(const TargetList& targets, Rng& rng, Allowed allowed) {
  std::size_t count = 0;
  for (const auto& target : targets) count += allowed(*target) ? 1 : 0;
  if (count == 0) return nullptr;
  const auto nth = [&](std::uint64_t n) {
    for (const auto& target : targets) {
      if (allowed(*target) && n-- == 0) return target;
    }
    return std::shared_ptr<Target>();
  };
  if (count == 1) return nth(0);
  const std::uint64_t first = rng.below(count);
  std::uint64_t second = rng.below(count - 1);
  if (second >= first) ++second;
  auto one = nth(first);
  auto other = nth(second);
  return other->in_flight < one->in_flight ? other : one;
}

boost::asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint);
Endpoint from_asio(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace weir::agent
