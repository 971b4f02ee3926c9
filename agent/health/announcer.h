#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/health/announce_message.h"
#include "common/async/clock.h"
#include "common/async/task_group.h"
#include "common/model/observation.h"
#include "common/model/ports.h"

namespace weir::agent {

/// Tells the other agents which share of our servers works, and hears the same from them.
///
/// The whole list goes out at once when it changes (3 copies 20 ms apart) and every 250 ms. What
/// one agent says replaces all it said before. Everything on the executor's thread.
class Announcer {
 public:
  struct Options {
    IpAddress address;          // our overlay address
    std::string interface;      // bound to this device as well; empty: any
    std::uint64_t boot_id = 0;  // grows from one start of the agent to the next: unix ms will do
    std::uint16_t port = k_port_announce;
    std::chrono::milliseconds interval{250};
    std::chrono::milliseconds forget_after{5000};
  };
  /// All that `agent` says now; empty once it has been silent for `forget_after` or is no peer any
  /// more: then nothing is known about its servers. Called when the content changes.
  using Report = std::function<void(const AgentId& agent, const std::vector<RegionHealth>&)>;
  using Peers = std::shared_ptr<const std::vector<OverlayPeer>>;

  /// `clock` outlives the announcer.
  Announcer(boost::asio::any_io_executor executor, Clock& clock, Options options, Report report);
  /// `stop()` and `join()` come first.
  ~Announcer();

  /// Opens the socket, again every 250 ms until the address exists, and starts to talk.
  void start();
  void set_peers(Peers peers);
  /// What the other agents shall know of us.
  void set_local(std::vector<ServiceHealth> services);
  /// Datagrams refused so far: malformed, from no peer, or from an older start of a peer.
  std::uint64_t refused() const;

  void stop();
  boost::asio::awaitable<void> join();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::agent
