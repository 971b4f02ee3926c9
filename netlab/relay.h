#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/async/clock.h"
#include "netlab/capture_file.h"
#include "netlab/control_server.h"
#include "netlab/hub.h"
#include "netlab/tun_node.h"

namespace weir::netlab {

/// Moves the packets of a lab: reads every node's device, asks the hub, writes at the due times,
/// and answers the control socket. One thread, the caller's.
///
/// Timing: waits in ppoll with nanoseconds, timer slack 1 ns and, where permitted, SCHED_FIFO.
class Relay {
 public:
  /// `nodes` are the devices of the topology's nodes, in its order; `clock` outlives the relay.
  /// Errors: as ControlServer::listen.
  static Result<std::unique_ptr<Relay>> create(Topology topology, std::vector<TunNode> nodes,
                                               const std::string& socket, Clock& clock);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Until `stop_fd` is readable or a client says `down`. Errors: unavailable (names the node whose
  /// device was taken away).
  Status run(int stop_fd);

 private:
  Relay(Topology topology, std::vector<TunNode> nodes, Clock& clock);

  void wait(int stop_fd);
  Status read_nodes();
  void deliver_due();
  void read_node(std::size_t node);

  std::string answer(std::string_view line);
  Result<std::string> execute(const Command& command);
  Status start_capture(const CaptureCommand& command);
  Status end_capture();

  Hub hub_;
  std::vector<TunNode> nodes_;
  Clock& clock_;
  std::optional<ControlServer> control_;
  bool down_ = false;

  std::vector<pollfd> polled_;  // nodes, the stop descriptor, then the control server's
  ByteVector buffer_;
  std::optional<CaptureFile> capture_;
  std::vector<bool> captured_;  // by link
};

}  // namespace weir::netlab
