#include "netlab/relay.h"

#include <sched.h>
#include <sys/prctl.h>

#include <algorithm>
#include <type_traits>

#include "common/base/text.h"

namespace weir::netlab {
namespace {

constexpr int k_priority = 20;
constexpr int k_packets_per_turn = 64;  // of one node, so that none starves the others' due times
constexpr Duration k_idle = std::chrono::seconds(1);

/// Timers that wake on time. Without the permission for SCHED_FIFO the lab works, less exactly.
void ask_for_precise_timers() {
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  sched_param priority{};
  priority.sched_priority = k_priority;
  static_cast<void>(::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority));
}

timespec as_timespec(Duration duration) {
  const auto ns = std::max<std::int64_t>(duration.count(), 0);
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

}  // namespace

Relay::Relay(Topology topology, std::vector<TunNode> nodes, Clock& clock)
    : hub_(std::move(topology)), nodes_(std::move(nodes)), clock_(clock), buffer_(65536) {
  captured_.assign(hub_.link_count(), false);
}

Result<std::unique_ptr<Relay>> Relay::create(Topology topology, std::vector<TunNode> nodes,
                                             const std::string& socket, Clock& clock) {
  std::unique_ptr<Relay> relay(new Relay(std::move(topology), std::move(nodes), clock));
  auto control = ControlServer::listen(
      socket, [self = relay.get()](std::string_view line) { return self->answer(line); });
  if (!control) return fail(std::move(control).error());
  relay->control_.emplace(std::move(*control));
  return relay;
}

Status Relay::run(int stop_fd) {
  ask_for_precise_timers();
  Status ended;
  while (!down_ && ended) {
    wait(stop_fd);
    if (polled_[nodes_.size()].revents != 0) break;
    ended = read_nodes();
    deliver_due();
    control_->serve(clock_.now());
  }
  static_cast<void>(end_capture());
  control_->flush();
  return ended;
}

void Relay::wait(int stop_fd) {
  polled_.clear();
  for (const TunNode& node : nodes_) polled_.push_back({node.fd(), POLLIN, 0});
  polled_.push_back({stop_fd, POLLIN, 0});
  control_->add_poll(polled_);

  const auto due = hub_.next_due();
  const Duration pause = due ? std::min<Duration>(*due - clock_.now(), k_idle) : k_idle;
  const timespec timeout = as_timespec(pause);
  if (::ppoll(polled_.data(), polled_.size(), &timeout, nullptr) < 0) {
    for (pollfd& entry : polled_) entry.revents = 0;  // interrupted: nothing was found
  }
}

Status Relay::read_nodes() {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    const int found = polled_[node].revents;
    if ((found & POLLIN) != 0) {
      read_node(node);
      deliver_due();
    } else if (found != 0) {
      // The device is gone, and poll would say so at once for ever, at a real-time priority.
      return fail(Code::unavailable, "the device of node " +
                                         in_quotes(hub_.topology().nodes[node].name) +
                                         " was taken away: the lab ends");
    }
  }
  return {};
}

void Relay::read_node(std::size_t node) {
  for (int i = 0; i < k_packets_per_turn; ++i) {
    const ByteView packet = nodes_[node].receive(buffer_);
    if (packet.empty()) return;
    const auto link = hub_.accept(node, packet, clock_.now());
    if (capture_ && link && captured_[*link]) capture_->write(packet, clock_.wall_now());
  }
}

void Relay::deliver_due() {
  const Time now = clock_.now();
  while (const auto delivery = hub_.take_due(now)) {
    if (!nodes_[delivery->node].deliver(delivery->packet)) hub_.refuse(*delivery);
  }
}

std::string Relay::answer(std::string_view line) {
  const auto command = parse_command(line);
  const auto done = command ? execute(*command) : fail(command.error());
  if (!done) return "error " + done.error().message();
  return done->empty() ? "ok" : "ok " + *done;
}

Result<std::string> Relay::execute(const Command& command) {
  return std::visit(
      [this](const auto& chosen) -> Result<std::string> {
        using Chosen = std::decay_t<decltype(chosen)>;
        if constexpr (std::is_same_v<Chosen, ShowCommand>) {
          return show_json(hub_);
        } else if constexpr (std::is_same_v<Chosen, DownCommand>) {
          down_ = true;
        } else if constexpr (std::is_same_v<Chosen, CaptureCommand>) {
          WEIR_TRY(start_capture(chosen));
        } else if constexpr (std::is_same_v<Chosen, ReleaseCommand>) {
          WEIR_TRY(end_capture());
        } else {
          WEIR_TRY(hub_.apply(chosen));
        }
        return std::string();
      },
      command);
}

Status Relay::start_capture(const CaptureCommand& command) {
  if (capture_) return fail(Code::failed_precondition, "a capture is running; release it first");
  std::vector<bool> chosen(hub_.link_count(), command.all);
  if (!command.all) {
    WEIR_ASSIGN(links, hub_.links_between(command.ends));
    for (const std::size_t link : links) chosen[link] = true;
  }
  auto file = CaptureFile::create(command.file);
  if (!file) return fail(std::move(file).error());
  captured_ = std::move(chosen);
  capture_.emplace(std::move(*file));
  return {};
}

Status Relay::end_capture() {
  if (!capture_) return fail(Code::failed_precondition, "no capture is running");
  const Status finished = capture_->finish();
  capture_.reset();
  return finished;
}

}  // namespace weir::netlab
