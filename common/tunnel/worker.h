#pragma once

#include <poll.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "common/async/clock.h"
#include "common/os/fd.h"
#include "common/tunnel/busy_poll.h"
#include "common/tunnel/device.h"
#include "common/tunnel/engine.h"
#include "common/tunnel/inner_queue.h"
#include "common/tunnel/link_monitor.h"
#include "common/tunnel/packet_batch.h"
#include "common/tunnel/route_monitor.h"
#include "common/tunnel/timestamp_floor.h"
#include "common/tunnel/tun.h"
#include "common/tunnel/udp.h"

namespace weir {

/// The thread of a tunnel: waits for the kernel, feeds the engine, sends what comes out.
///
///   link monitor ─▶ up, down, MTU        calls of other threads ─▶ between two batches
///   UDP, 4 x 8 runs ─▶ engine      TUN ─▶ fair queue ─▶ engine      timers ─▶ engine
///
/// Public calls from any thread; each waits until the worker has done it.
class TunnelWorker {
 public:
  struct Settings {
    std::uint32_t mtu = 1420;
    Duration busy_poll{0};
  };

  /// Starts the thread. `wake` is an eventfd. `on_end` runs on the thread, once, if the interface
  /// is removed.
  TunnelWorker(std::unique_ptr<TunDevice> tun, LinkMonitor monitor, UdpPort udp, Fd wake,
               RouteMonitor routes, TimestampFloor timestamps, Settings settings, EndReport on_end);
  ~TunnelWorker();
  TunnelWorker(const TunnelWorker&) = delete;
  TunnelWorker& operator=(const TunnelWorker&) = delete;

  Status apply(const DeviceConfig& config);
  Status change(const UapiSet& set);
  Result<TunnelState> state();
  TunnelCounters counters() const;
  /// Hands a short job to the worker and does not wait; false when it has ended or
  /// `k_jobs_max` jobs are waiting.
  bool post(std::function<void()> job);

 private:
  static constexpr std::size_t k_jobs_max = 16;

  struct Call {
    const std::function<void()>* work;
    bool done = false;
  };

  /// Runs `work` on the worker. Errors: unavailable (it has ended).
  Status call(const std::function<void()>& work);

  // On the worker.
  void run();
  void wait();
  bool look_for_packets(std::span<pollfd> fds, Time since);
  void look_at_link();
  void follow_routes();
  void run_calls();
  void receive_datagrams(std::array<bool, 2> waiting);
  bool fill_queue();
  void send_packets();
  void run_timers();
  void flush();
  void end(const std::string& why);
  Status apply_here(const DeviceConfig& config);
  Status change_here(const UapiSet& set);
  /// Opens the port and mark asked for and starts using them; the old port, for the way back.
  Result<std::optional<UdpPort>> switch_port(std::optional<std::uint16_t> port, std::uint32_t mark);

  struct Counters {
    std::atomic<std::uint64_t> packets_from_tun{0};
    std::atomic<std::uint64_t> packets_without_room{0};
    std::atomic<std::uint64_t> packets_to_tun{0};
    std::atomic<std::uint64_t> datagrams_received{0};
    std::atomic<std::uint64_t> datagrams_sent{0};
    std::atomic<std::uint64_t> packets_refused_by_tun{0};
    std::atomic<std::uint64_t> datagrams_refused{0};
  };

  // Constant after construction.
  const SystemClock clock_;
  const EndReport on_end_;
  const std::unique_ptr<TunDevice> tun_;
  const Fd wake_;

  // Worker only.
  LinkMonitor monitor_;
  RouteMonitor routes_;
  UdpPort udp_;
  std::uint32_t mark_ = 0;
  LinkView link_;
  SystemKeySource keys_;
  TimestampFloor timestamps_;
  Engine engine_;
  PacketBatch batch_;
  InnerQueue inner_;
  bool over_ = false;
  BusyPoll busy_poll_;
  std::size_t packets_of_turn_ = 0;

  // Any thread.
  Counters counters_;
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call*> calls_;                 // guarded by mutex_
  std::vector<std::function<void()>> jobs_;  // guarded by mutex_
  bool ended_ = false;                       // guarded by mutex_

  std::thread thread_;  // last: starts when all else is there
};

}  // namespace weir
