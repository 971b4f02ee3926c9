#include "agent/paths/path_loop.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/base/assert.h"

namespace weir::agent {

namespace {

constexpr int k_packets_per_round = 256;
constexpr std::size_t k_jobs_max = 16;
constexpr Duration k_bind_again = std::chrono::milliseconds(250);
constexpr Duration k_report_every = std::chrono::seconds(1);
constexpr double k_replies_per_second = 250;  // twice the highest setting of one path, and pings
constexpr double k_replies_burst = 100;
constexpr std::uint32_t k_udp_header = 8;

/// As much of UDP's content as makes an IP packet of `mtu` bytes.
std::size_t content_of(std::uint32_t mtu, const IpAddress& address) {
  const std::uint32_t headers = (address.is_v4() ? 20 : 40) + k_udp_header;
  return mtu < headers + k_stamp_size ? 0 : std::min<std::uint32_t>(mtu, 65'535) - headers;
}

}  // namespace

PathLoop::PathLoop(PathOptions options, Clock& clock, PathService::Callbacks callbacks)
    : options_(std::move(options)),
      clock_(clock),
      callbacks_(std::move(callbacks)),
      stamp_interval_(Duration(std::chrono::seconds(1)) /
                      std::clamp(options_.stamp_per_second, 1, 100)),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      hellos_(HelloMachine::Options{}, options_.boot_id, clock.now()),
      reflector_(k_replies_per_second, k_replies_burst),
      full_size_(content_of(options_.mtu, options_.address)) {
  WEIR_ASSERT(wake_fd_ >= 0, "eventfd");
  polled_.reserve(16);
  pings_.reserve(8);
}

PathLoop::~PathLoop() {
  stop();
  ::close(wake_fd_);
}

void PathLoop::start() {
  WEIR_ASSERT(!thread_.joinable(), "started twice");
  thread_ = std::thread([this] { run(); });
}

void PathLoop::stop() {
  {
    const std::lock_guard lock(mu_);
    stopping_ = true;
  }
  ::eventfd_write(wake_fd_, 1);
  if (thread_.joinable()) thread_.join();
  for (auto& command : std::exchange(new_pings_, {})) {
    command.done(fail(Code::cancelled, "the agent stops"));
  }
}

bool PathLoop::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mu_);
    if (new_jobs_.size() == k_jobs_max) return false;
    new_jobs_.push_back(std::move(job));
  }
  ::eventfd_write(wake_fd_, 1);
  return true;
}

void PathLoop::set_peers(PathService::Peers peers) {
  {
    const std::lock_guard lock(mu_);
    new_peers_ = std::move(peers);
  }
  ::eventfd_write(wake_fd_, 1);
}

PathService::Counters PathLoop::counters() const {
  return {realtime_, bound_, refused_ + machines_refused_, send_failures_, stalls_};
}

void PathLoop::run() {
  ::pthread_setname_np(::pthread_self(), "weir-paths");
  ask_for_realtime();
  for (;;) {
    {
      const std::lock_guard lock(mu_);
      if (stopping_) break;
    }
    take_commands();
    if (!bound_ && clock_.now() >= next_bind_) open_sockets(clock_.now());
    read_hellos();
    read_stamp_requests();
    read_stamp_replies();
    read_size_replies();
    for (auto& ping : pings_) read_ping(*ping);
    // Timers last: what has arrived speaks first.
    const Time now = clock_.now();
    run_hello_timer(now);
    send_stamps(now);
    send_size_probes(now);
    drive_pings(now);
    if (now >= next_report_) report_windows(now);
    if (std::exchange(gone_, false)) close_sockets("the overlay address is gone", now);
    wait_for_work();
  }
  for (auto& ping : std::exchange(pings_, {})) {
    ping->done(fail(Code::cancelled, "the agent stops"));
  }
}

void PathLoop::ask_for_realtime() {
  if (options_.realtime_priority <= 0) return;
  const sched_param wanted{.sched_priority = options_.realtime_priority};
  realtime_ = ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &wanted) == 0;
}

void PathLoop::take_commands() {
  PathService::Peers peers;
  std::vector<PingCommand> pings;
  std::vector<std::function<void()>> jobs;
  {
    const std::lock_guard lock(mu_);
    peers.swap(new_peers_);
    pings.swap(new_pings_);
    jobs.swap(new_jobs_);
  }
  const Time now = clock_.now();
  if (peers) adopt_peers(*peers, now);
  for (auto& job : jobs) job();
  for (auto& ping : pings) start_ping(std::move(ping), now);
}

void PathLoop::adopt_peers(const std::vector<OverlayPeer>& peers, Time now) {
  hellos_.set_peers(peers, now, out_);
  reflector_.set_peers(peers);
  std::vector<std::unique_ptr<Path>> before = std::exchange(paths_, {});
  std::unordered_map<IpAddress, std::unique_ptr<Path>> known;
  for (auto& path : before) known.emplace(path->peer.overlay, std::move(path));
  by_address_.clear();
  // A window's packets, those not settled yet, and some room for a late thread.
  const auto kept = static_cast<std::size_t>(std::chrono::seconds(13) / stamp_interval_);
  for (const OverlayPeer& peer : peers) {
    if (paths_.size() == HelloMachine::k_peers_max || by_address_.contains(peer.overlay)) continue;
    auto& path = known[peer.overlay];
    if (!path || path->peer != peer) {
      const Duration phase = stamp_interval_ / 10 * (paths_.size() % 10);
      path = std::make_unique<Path>(
          Path{peer, PathEstimator({.packets = kept}), now + phase, SizeProbe(now + 10 * phase)});
    }
    by_address_.emplace(peer.overlay, path.get());
    paths_.push_back(std::move(path));
  }
  flush_hellos();
}

void PathLoop::open_sockets(Time now) {
  next_bind_ = now + k_bind_again;
  const auto open = [this](UdpSocket& socket, std::uint16_t port) -> Status {
    auto opened = UdpSocket::open({options_.address, port}, options_.interface);
    if (!opened) return fail(std::move(opened).error());
    socket = std::move(*opened);
    return {};
  };
  Status status = open(hello_socket_, options_.hello_port);
  if (status) status = open(reflector_socket_, options_.stamp_port);
  if (status) status = open(sender_socket_, 0);
  if (status) status = open(size_socket_, 0);
  if (!status) {
    close_sockets(status.error().message(), now);
    return;
  }
  bound_ = true;
  bind_problem_.store(std::make_shared<const std::string>());
}

void PathLoop::close_sockets(const std::string& why, Time now) {
  hello_socket_ = {};
  reflector_socket_ = {};
  sender_socket_ = {};
  size_socket_ = {};
  bound_ = false;
  next_bind_ = now + k_bind_again;
  if (*bind_problem_.load() != why) bind_problem_.store(std::make_shared<const std::string>(why));
}

void PathLoop::wait_for_work() {
  polled_.clear();
  polled_.push_back({wake_fd_, POLLIN, 0});
  for (const UdpSocket* socket :
       {&hello_socket_, &reflector_socket_, &sender_socket_, &size_socket_}) {
    if (socket->is_open()) polled_.push_back({socket->fd(), POLLIN, 0});
  }
  for (const auto& ping : pings_) polled_.push_back({ping->socket.fd(), POLLIN, 0});
  const Duration left = std::max(next_moment() - clock_.now(), Duration(0));
  const timespec timeout{.tv_sec = left / std::chrono::seconds(1),
                         .tv_nsec = (left % std::chrono::seconds(1)).count()};
  ::ppoll(polled_.data(), polled_.size(), &timeout, nullptr);
  if ((polled_[0].revents & POLLIN) != 0) {
    eventfd_t count = 0;
    ::eventfd_read(wake_fd_, &count);
  }
}

Time PathLoop::next_moment() const {
  Time next = std::min(hellos_.next_wake(), next_report_);
  if (!bound_) return std::min(next, next_bind_);
  for (const auto& path : paths_) {
    next = std::min(next, path->next_stamp);
    if (!full_size_.empty()) next = std::min(next, path->size.next());
  }
  for (const auto& ping : pings_) next = std::min(next, ping->next_at);
  return next;
}

void PathLoop::read_hellos() {
  for (int i = 0; bound_ && i < k_packets_per_round; ++i) {
    const auto received = hello_socket_.receive(buffer_);
    if (!received) break;
    const auto message = parse_hello(ByteView(buffer_).first(received->size));
    // Only the peer's own detector speaks from that port.
    if (!message || received->from.port != hello_socket_.local().port) {
      ++refused_;
      continue;
    }
    hellos_.on_message(received->from.address, *message, clock_.now(), out_);
    flush_hellos();
  }
}

void PathLoop::run_hello_timer(Time now) {
  if (now < hellos_.next_wake()) return;
  hellos_.on_timer(now, out_);
  stalls_ = hellos_.stalls();
  machines_refused_ = hellos_.refused() + reflector_.refused();
  flush_hellos();
}

void PathLoop::flush_hellos() {
  for (const auto& [to, message] : out_.sends) {
    if (bound_) count_send(hello_socket_.send({to, options_.hello_port}, encode_hello(message)));
  }
  for (const PathEvent& change : out_.changes) callbacks_.path_changed(change);
  if (out_.isolated) callbacks_.isolation_changed(*out_.isolated);
  out_.clear();
}

void PathLoop::read_stamp_requests() {
  for (int i = 0; bound_ && i < k_packets_per_round; ++i) {
    const auto received = reflector_socket_.receive(buffer_);
    if (!received) break;
    const WallTime wall = clock_.wall_now();
    const StampReflector::Arrival arrival{received->from, ByteView(buffer_).first(received->size),
                                          received->ttl,
                                          std::min(received->stamped.value_or(wall), wall)};
    const auto answer = reflector_.reflect(arrival, wall, clock_.now());
    if (answer) count_send(reflector_socket_.send(received->from, *answer));
  }
}

void PathLoop::send_stamps(Time now) {
  if (!bound_) return;
  for (auto& path : paths_) {
    if (now < path->next_stamp) continue;
    path->next_stamp += stamp_interval_;
    if (path->next_stamp <= now) path->next_stamp = now + stamp_interval_;
    StampRequest request;
    request.error = own_error_estimate();
    request.sequence = path->estimator.sent(clock_.now());
    request.sent = to_ntp(clock_.wall_now());
    count_send(sender_socket_.send({path->peer.overlay, options_.stamp_port},
                                   encode_stamp_request(request)));
  }
}

void PathLoop::read_stamp_replies() {
  for (int i = 0; bound_ && i < k_packets_per_round; ++i) {
    const auto received = sender_socket_.receive(buffer_);
    if (!received) break;
    const auto path = by_address_.find(received->from.address);
    const auto reply = parse_stamp_reply(ByteView(buffer_).first(received->size));
    if (path == by_address_.end() || !reply || received->from.port != options_.stamp_port ||
        !reply->held()) {
      ++refused_;
      continue;
    }
    PathEstimator& estimator = path->second->estimator;
    const auto sent = estimator.sent_at(reply->sender_sequence, clock_.now());
    if (!sent) continue;  // a duplicate, or too late
    estimator.answered(reply->sender_sequence, reply->sequence,
                       round_trip(*received, *reply, *sent));
  }
}

void PathLoop::send_size_probes(Time now) {
  if (!bound_ || full_size_.empty()) return;
  for (auto& path : paths_) {
    if (now < path->size.next()) continue;
    if (!hellos_.up(path->peer.overlay)) {
      path->size.pause(now);
      continue;
    }
    const auto sequence = path->size.due(now);
    if (!sequence) continue;
    StampRequest request;
    request.error = own_error_estimate();
    request.sequence = *sequence;
    request.sent = to_ntp(clock_.wall_now());
    const auto head = encode_stamp_request(request);
    std::ranges::copy(head, full_size_.begin());
    count_send(size_socket_.send({path->peer.overlay, options_.stamp_port}, full_size_));
  }
}

void PathLoop::read_size_replies() {
  for (int i = 0; bound_ && i < k_packets_per_round; ++i) {
    const auto received = size_socket_.receive(buffer_);
    if (!received) break;
    const auto path = by_address_.find(received->from.address);
    const auto reply = parse_stamp_reply(ByteView(buffer_).first(received->size));
    if (path == by_address_.end() || !reply || received->from.port != options_.stamp_port) {
      ++refused_;
      continue;
    }
    path->second->size.answered(reply->sender_sequence, clock_.now());
  }
}

Duration PathLoop::round_trip(const UdpSocket::Received& received, const StampReply& reply,
                              Time sent) const {
  Duration waited{0};
  if (received.stamped) {
    // Both readings are of the wall clock, moments apart; a jump between them is cut off.
    waited = std::clamp(clock_.wall_now() - *received.stamped, Duration(0),
                        Duration(std::chrono::seconds(1)));
  }
  const Duration total = clock_.now() - sent - waited;
  return std::max(total - reply.held().value_or(Duration(0)), Duration(0));
}

void PathLoop::report_windows(Time now) {
  auto windows = std::make_shared<std::vector<PathWindow>>();
  windows->reserve(paths_.size());
  for (auto& path : paths_) {
    PathWindow window = path->estimator.report(now);
    window.to = path->peer.agent;
    window.to_region = path->peer.region;
    window.up = hellos_.up(path->peer.overlay);
    if (path->size.ever_sent()) window.full_size_bytes = options_.mtu;
    window.full_size_lost = path->size.lost();
    windows->push_back(std::move(window));
  }
  windows_.store(std::move(windows));
  next_report_ = now + k_report_every;
}

void PathLoop::count_send(UdpSocket::Sent sent) {
  if (sent == UdpSocket::Sent::yes) return;
  ++send_failures_;
  if (sent == UdpSocket::Sent::gone) gone_ = true;
}

}  // namespace weir::agent
