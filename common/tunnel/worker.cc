#include "common/tunnel/worker.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

constexpr int k_receive_batches = 4;
/// Some hundred handshakes.
constexpr std::size_t k_behind_bytes = 256 << 10;

void add(std::atomic<std::uint64_t>& counter, std::uint64_t count) {
  if (count != 0) counter.fetch_add(count, std::memory_order_relaxed);
}

bool readable(const pollfd& fd) { return (fd.revents & (POLLIN | POLLERR | POLLHUP)) != 0; }

std::uint64_t random_number(KeySource& keys) {
  std::array<std::uint8_t, 8> bytes{};
  keys.fill(bytes);
  return load_le64(bytes.data());
}

Engine::Options engine_options(std::uint32_t mtu, const TimestampFloor& timestamps) {
  Engine::Options options;
  options.mtu = mtu;
  options.timestamp_floor_ns = timestamps.ns();
  return options;
}

}  // namespace

TunnelWorker::TunnelWorker(std::unique_ptr<TunDevice> tun, LinkMonitor monitor, UdpPort udp,
                           Fd wake, RouteMonitor routes, TimestampFloor timestamps,
                           Settings settings, EndReport on_end)
    : on_end_(std::move(on_end)),
      tun_(std::move(tun)),
      wake_(std::move(wake)),
      monitor_(std::move(monitor)),
      routes_(std::move(routes)),
      udp_(std::move(udp)),
      timestamps_(std::move(timestamps)),
      engine_(engine_options(settings.mtu, timestamps_), keys_,
              [this] { return clock_.wall_now(); }),
      batch_(*tun_, udp_),
      inner_(random_number(keys_)),
      busy_poll_(settings.busy_poll),
      thread_([this] { run(); }) {
  ::pthread_setname_np(thread_.native_handle(), "weir-tunnel");
}

TunnelWorker::~TunnelWorker() {
  stopping_.store(true);
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

Status TunnelWorker::apply(const DeviceConfig& config) {
  Status result;
  WEIR_TRY(call([&] { result = apply_here(config); }));
  return result;
}

Status TunnelWorker::change(const UapiSet& set) {
  Status result;
  WEIR_TRY(call([&] { result = change_here(set); }));
  return result;
}

Result<TunnelState> TunnelWorker::state() {
  TunnelState state;
  WEIR_TRY(call([&] {
    state.device = engine_.state();
    state.public_key = engine_.public_key();
    state.listen_port = udp_.port();
    state.fwmark = mark_;
    state.mtu = link_.mtu;
    state.up = link_.up;
    state.engine = engine_.counters();
  }));
  return state;
}

TunnelCounters TunnelWorker::counters() const {
  constexpr auto order = std::memory_order_relaxed;
  return {.packets_from_tun = counters_.packets_from_tun.load(order),
          .packets_to_tun = counters_.packets_to_tun.load(order),
          .datagrams_received = counters_.datagrams_received.load(order),
          .datagrams_sent = counters_.datagrams_sent.load(order),
          .packets_refused_by_tun = counters_.packets_refused_by_tun.load(order),
          .datagrams_refused = counters_.datagrams_refused.load(order),
          .packets_without_room = counters_.packets_without_room.load(order)};
}

Status TunnelWorker::call(const std::function<void()>& work) {
  Call mine{&work};
  std::unique_lock lock(mutex_);
  if (!ended_) {
    calls_.push_back(&mine);
    ::eventfd_write(wake_.get(), 1);
    changed_.wait(lock, [&] { return mine.done || ended_; });
  }
  if (mine.done) return {};
  return fail(Code::unavailable, "the tunnel has ended: its interface was removed");
}

bool TunnelWorker::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_ || jobs_.size() >= k_jobs_max) return false;
    jobs_.push_back(std::move(job));
  }
  ::eventfd_write(wake_.get(), 1);
  return true;
}

void TunnelWorker::run() {
  look_at_link();
  while (!over_ && !stopping_.load()) wait();
  flush();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
}

void TunnelWorker::wait() {
  std::array<pollfd, 6> fds = {pollfd{monitor_.poll_fd(), POLLIN, 0},
                               pollfd{routes_.poll_fd(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0},
                               pollfd{tun_->poll_fd(), POLLIN, 0}};
  std::size_t count = 4;
  for (const int fd : udp_.poll_fds()) fds[count++] = pollfd{fd, POLLIN, 0};

  timespec patience{};
  const auto due = engine_.next_timer();
  const bool waiting = !inner_.empty();
  if (due && !waiting) {
    const auto left = std::max(*due - clock_.now(), Duration(0));
    patience.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
    patience.tv_nsec = (left % std::chrono::seconds(1)).count();
  }
  const Time since = busy_poll_.enabled() ? clock_.now() : Time();
  if (waiting || !look_for_packets(std::span(fds).first(count), since)) {
    ::ppoll(fds.data(), count, due || waiting ? &patience : nullptr, nullptr);
  }

  const Duration waited = busy_poll_.enabled() ? clock_.now() - since : Duration(0);

  if (readable(fds[0])) look_at_link();
  if (readable(fds[1])) follow_routes();
  if (readable(fds[2])) run_calls();
  if (over_) return;
  packets_of_turn_ = 0;
  receive_datagrams({readable(fds[4]), count > 5 && readable(fds[5])});
  if (readable(fds[3]) && !fill_queue()) {
    end("its interface was removed");
    return;
  }
  send_packets();
  if (packets_of_turn_ != 0 && !waiting) busy_poll_.waited(waited, packets_of_turn_);
  run_timers();
  flush();
}

/// True when something came before it was time to sleep.
bool TunnelWorker::look_for_packets(std::span<pollfd> fds, Time since) {
  constexpr timespec k_at_once{};
  const Duration patience = busy_poll_.patience();
  if (patience == Duration(0)) return false;
  while (clock_.now() - since < patience) {
    if (::ppoll(fds.data(), fds.size(), &k_at_once, nullptr) > 0) return true;
    ::sched_yield();  // whoever has work goes first
  }
  return false;
}

void TunnelWorker::look_at_link() {
  const auto seen = monitor_.look();
  if (!seen) {
    end("its interface was removed");
    return;
  }
  if (seen->mtu != link_.mtu) engine_.set_mtu(seen->mtu);
  const bool was_up = std::exchange(link_, *seen).up;
  if (link_.up && !was_up) engine_.bring_up(clock_.now(), batch_);
  if (!link_.up && was_up) engine_.take_down();
  flush();
}

void TunnelWorker::follow_routes() {
  for (const IpPrefix& prefix : routes_.take_changes()) engine_.forget_locals(prefix);
}

void TunnelWorker::run_calls() {
  eventfd_t ignored = 0;
  ::eventfd_read(wake_.get(), &ignored);
  std::vector<Call*> calls;
  std::vector<std::function<void()>> jobs;
  {
    const std::lock_guard lock(mutex_);
    calls.swap(calls_);
    jobs.swap(jobs_);
  }
  for (const auto& job : jobs) job();
  for (Call* one : calls) (*one->work)();
  flush();
  {
    const std::lock_guard lock(mutex_);
    for (Call* one : calls) one->done = true;
  }
  changed_.notify_all();
}

/// In turns, so that a flood of one address family does not starve the other.
void TunnelWorker::receive_datagrams(std::array<bool, 2> waiting) {
  for (int round = 0; round < k_receive_batches; ++round) {
    for (std::size_t which = 0; which < waiting.size(); ++which) {
      if (!waiting[which]) continue;
      const auto batch = udp_.receive(which);
      waiting[which] = batch.size() == UdpIo::k_receive_max;
      const Time now = clock_.now();
      std::size_t count = 0;
      for (const ReceivedDatagrams& run : batch) {
        engine_.on_datagrams(run.bytes, run.size, run.path, now, batch_);
        count += run.count();
      }
      add(counters_.datagrams_received, count);
      packets_of_turn_ += count;
      flush();
    }
  }
  const bool more = waiting[0] || waiting[1];
  engine_.set_behind(more && udp_.waiting_bytes() > k_behind_bytes);
}

/// False when the interface is gone.
bool TunnelWorker::fill_queue() {
  // The first packet may be quicker than the news that the interface is up.
  if (!engine_.is_up()) look_at_link();
  if (!inner_.fill(*tun_)) return false;
  add(counters_.packets_without_room, inner_.take_dropped());
  return true;
}

/// One vector: what has come meanwhile may be more urgent than the rest.
void TunnelWorker::send_packets() {
  const auto packets = inner_.take();
  if (packets.empty()) return;
  engine_.on_inner_packets(packets, clock_.now(), batch_);
  std::size_t count = 0;
  for (const SegmentedPacket& packet : packets) count += packet.count();
  add(counters_.packets_from_tun, count);
  packets_of_turn_ += count;
  flush();
}

void TunnelWorker::run_timers() {
  const auto due = engine_.next_timer();
  const Time now = clock_.now();
  if (due && *due <= now) engine_.on_timer(now, batch_);
}

void TunnelWorker::flush() {
  timestamps_.sending(engine_.timestamp_sent_ns());
  batch_.flush();
  const PacketBatch::Report report = batch_.take_report();
  add(counters_.datagrams_sent, report.datagrams_sent);
  add(counters_.datagrams_refused, report.datagrams_refused);
  add(counters_.packets_to_tun, report.packets_delivered);
  add(counters_.packets_refused_by_tun, report.packets_refused);
  for (const IpAddress& local : report.lost_locals) engine_.forget_local(local);
}

void TunnelWorker::end(const std::string& why) {
  if (std::exchange(over_, true)) return;
  if (on_end_) on_end_(why);
}

Status TunnelWorker::apply_here(const DeviceConfig& config) {
  const std::uint32_t old_mark = mark_;
  const auto port = config.listen_port == 0 ? std::nullopt : std::optional(config.listen_port);
  auto old_port = switch_port(port, config.fwmark);
  if (!old_port) return fail(std::move(old_port).error());
  Status applied = engine_.apply(config, clock_.now(), batch_);
  if (applied) return {};
  // Nothing of a refused configuration stays.
  if (*old_port) {
    flush();
    udp_ = **std::move(old_port);
  } else if (mark_ != old_mark) {
    WEIR_TRY(udp_.set_mark(old_mark));
  }
  mark_ = old_mark;
  return applied;
}

Status TunnelWorker::change_here(const UapiSet& set) {
  const Time now = clock_.now();
  const auto old_port = switch_port(set.listen_port, set.fwmark.value_or(mark_));
  if (!old_port) return fail(old_port.error());
  if (set.private_key) {
    const bool none = set.private_key->is_zero();
    engine_.set_private_key(none ? std::nullopt : set.private_key, now, batch_);
  }
  if (set.replace_peers) engine_.remove_all_peers();
  for (const PeerUpdate& peer : set.peers) WEIR_TRY(engine_.update_peer(peer, now, batch_));
  return {};
}

Result<std::optional<UdpPort>> TunnelWorker::switch_port(std::optional<std::uint16_t> port,
                                                         std::uint32_t mark) {
  std::optional<UdpPort> old;
  if (port && *port != udp_.port()) {
    auto opened = UdpPort::open(*port, mark, udp_.options());
    if (!opened) return fail(std::move(opened).error());
    flush();
    old.emplace(std::exchange(udp_, std::move(*opened)));
  } else if (mark != mark_) {
    WEIR_TRY(udp_.set_mark(mark));
  }
  mark_ = mark;
  return old;
}

}  // namespace weir
