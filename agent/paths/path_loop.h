#pragma once

#include <sys/poll.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "agent/paths/hello_machine.h"
#include "agent/paths/path_estimator.h"
#include "agent/paths/path_service.h"
#include "agent/paths/size_probe.h"
#include "agent/paths/stamp_reflector.h"
#include "agent/paths/udp_socket.h"
#include "common/async/snapshot.h"

namespace weir::agent {

/// The thread behind `PathService`: sockets in, machines, sockets out.
///
///   poll until the next moment of a machine
///     -> commands of other threads (peers, pings, stop)
///     -> all packets that wait, at most 256 per socket
///     -> moments that have come: hellos and verdicts, STAMP packets, the windows of the second
class PathLoop {
 public:
  PathLoop(PathOptions options, Clock& clock, PathService::Callbacks callbacks);
  ~PathLoop();

  // Any thread.
  void start();
  void stop();
  void set_peers(PathService::Peers peers);
  void ping(const AgentId& agent, int count, PathService::PingDone done);
  bool post(std::function<void()> job);
  std::shared_ptr<const std::vector<PathWindow>> windows() const { return windows_.load(); }
  PathService::Counters counters() const;
  std::string bind_problem() const { return *bind_problem_.load(); }

 private:
  struct Path {
    OverlayPeer peer;
    PathEstimator estimator;
    Time next_stamp;
    SizeProbe size;
  };
  struct PingCommand {
    AgentId agent;
    int count;
    PathService::PingDone done;
  };
  struct PingRun {
    Endpoint to;
    UdpSocket socket;
    std::vector<Time> sent;
    PingResult result;
    std::size_t answered = 0;
    Time next_at;  // of the next packet, or of giving up after the last
    PathService::PingDone done;
  };

  // The paths thread only, from here on.
  void run();
  void ask_for_realtime();
  void take_commands();
  void adopt_peers(const std::vector<OverlayPeer>& peers, Time now);
  void open_sockets(Time now);
  void close_sockets(const std::string& why, Time now);
  void wait_for_work();
  Time next_moment() const;

  void read_hellos();
  void read_stamp_requests();
  void read_stamp_replies();
  void read_size_replies();
  void run_hello_timer(Time now);
  void flush_hellos();
  void send_stamps(Time now);
  void send_size_probes(Time now);
  void report_windows(Time now);
  void count_send(UdpSocket::Sent sent);

  void start_ping(PingCommand command, Time now);
  void read_ping(PingRun& run);
  void drive_pings(Time now);
  /// The round trip of `reply`, sent at `sent`, without the time it waited for us in the socket.
  Duration round_trip(const UdpSocket::Received& received, const StampReply& reply,
                      Time sent) const;

  const PathOptions options_;
  Clock& clock_;
  const PathService::Callbacks callbacks_;
  const Duration stamp_interval_;
  std::thread thread_;
  int wake_fd_;

  std::mutex mu_;  // guards the next four
  PathService::Peers new_peers_;
  std::vector<PingCommand> new_pings_;
  std::vector<std::function<void()>> new_jobs_;
  bool stopping_ = false;

  HelloMachine hellos_;
  HelloOutput out_;
  StampReflector reflector_;
  std::vector<std::unique_ptr<Path>> paths_;
  std::unordered_map<IpAddress, Path*> by_address_;
  std::vector<std::unique_ptr<PingRun>> pings_;
  UdpSocket hello_socket_;
  UdpSocket reflector_socket_;
  UdpSocket sender_socket_;
  UdpSocket size_socket_;  // of its own: the far end counts the packets of each port
  std::vector<pollfd> polled_;
  std::array<std::uint8_t, 2048> buffer_{};
  ByteVector full_size_;  // a request, padded; empty: no such probes
  Time next_bind_{};
  Time next_report_{};
  bool gone_ = false;  // a socket's address or device vanished

  Snapshot<std::vector<PathWindow>> windows_;
  Snapshot<std::string> bind_problem_;
  std::atomic<bool> realtime_ = false;
  std::atomic<bool> bound_ = false;
  std::atomic<std::uint64_t> refused_ = 0;  // counted here; the machines' own are added
  std::atomic<std::uint64_t> machines_refused_ = 0;
  std::atomic<std::uint64_t> send_failures_ = 0;
  std::atomic<std::uint64_t> stalls_ = 0;
};

}  // namespace weir::agent
