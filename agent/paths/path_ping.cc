// `PathService::ping`: a few STAMP packets of their own, on a socket of their own.

#include <sys/eventfd.h>

#include <algorithm>

#include "agent/paths/path_loop.h"
#include "common/base/text.h"

namespace weir::agent {

namespace {

constexpr std::size_t k_pings_max = 8;
constexpr int k_ping_packets_max = 100;
constexpr Duration k_ping_gap = std::chrono::milliseconds(100);
constexpr Duration k_ping_patience = std::chrono::seconds(1);

}  // namespace

void PathLoop::ping(const AgentId& agent, int count, PathService::PingDone done) {
  if (count < 1 || count > k_ping_packets_max) {
    done(fail(Code::invalid_argument, "a ping has 1 to 100 packets, not " + std::to_string(count)));
    return;
  }
  std::unique_lock lock(mu_);
  if (stopping_) {
    lock.unlock();
    done(fail(Code::cancelled, "the agent stops"));
    return;
  }
  if (new_pings_.size() >= k_pings_max) {
    lock.unlock();
    done(fail(Code::resource_exhausted, "8 pings are under way, try again in a moment"));
    return;
  }
  new_pings_.push_back({agent, count, std::move(done)});
  lock.unlock();
  ::eventfd_write(wake_fd_, 1);
}

void PathLoop::start_ping(PingCommand command, Time now) {
  const auto path = std::ranges::find_if(
      paths_, [&](const auto& known) { return known->peer.agent == command.agent; });
  if (path == paths_.end()) {
    command.done(
        fail(Code::not_found, "there is no path to an agent " + in_quotes(command.agent.value())));
    return;
  }
  if (pings_.size() >= k_pings_max) {
    command.done(fail(Code::resource_exhausted, "8 pings are under way, try again in a moment"));
    return;
  }
  auto socket = UdpSocket::open({options_.address, 0}, options_.interface);
  if (!socket) {
    command.done(fail(Code::unavailable, socket.error().message()));
    return;
  }
  auto run = std::make_unique<PingRun>();
  run->to = {(*path)->peer.overlay, options_.stamp_port};
  run->socket = std::move(*socket);
  run->result.rtt.resize(static_cast<std::size_t>(command.count));
  run->sent.reserve(run->result.rtt.size());
  run->next_at = now;
  run->done = std::move(command.done);
  pings_.push_back(std::move(run));
}

void PathLoop::read_ping(PingRun& run) {
  while (const auto received = run.socket.receive(buffer_)) {
    const auto reply = parse_stamp_reply(ByteView(buffer_).first(received->size));
    if (!reply || received->from != run.to || reply->sender_sequence >= run.sent.size()) {
      ++refused_;
      continue;
    }
    auto& rtt = run.result.rtt[reply->sender_sequence];
    if (rtt) continue;
    ++run.answered;
    rtt = std::chrono::duration_cast<std::chrono::microseconds>(
        round_trip(*received, *reply, run.sent[reply->sender_sequence]));
  }
}

void PathLoop::drive_pings(Time now) {
  for (auto& run : pings_) {
    const std::size_t wanted = run->result.rtt.size();
    if (run->sent.size() < wanted && now >= run->next_at) {
      StampRequest request;
      request.error = own_error_estimate();
      request.sequence = static_cast<std::uint32_t>(run->sent.size());
      run->sent.push_back(clock_.now());
      request.sent = to_ntp(clock_.wall_now());
      count_send(run->socket.send(run->to, encode_stamp_request(request)));
      run->next_at = now + (run->sent.size() < wanted ? k_ping_gap : k_ping_patience);
    }
    const bool over = run->sent.size() == wanted && now >= run->next_at;
    if (run->answered == wanted || over) {
      run->done(std::move(run->result));
      run->done = nullptr;
    }
  }
  std::erase_if(pings_, [](const auto& run) { return run->done == nullptr; });
}

}  // namespace weir::agent
