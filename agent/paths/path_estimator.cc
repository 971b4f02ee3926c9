#include "agent/paths/path_estimator.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weir::agent {

namespace {

std::chrono::microseconds to_us(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

/// Nearest rank: the smallest value that at least this share of the values does not exceed.
std::chrono::microseconds at_share(const std::vector<Duration>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return to_us(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

}  // namespace

PathEstimator::PathEstimator(const Options& options)
    : options_(options), packets_(std::bit_ceil(options.packets)) {}

std::uint32_t PathEstimator::sent(Time now) {
  if (next_ - first_ == packets_.size()) ++first_;
  packets_[next_ % packets_.size()] = Packet{.sent = now};
  return next_++;
}

std::optional<Time> PathEstimator::sent_at(std::uint32_t sequence, Time now) const {
  if (sequence - first_ >= next_ - first_) return std::nullopt;
  const Packet& packet = packets_[sequence % packets_.size()];
  if (answered(packet) || now - packet.sent >= options_.loss_after) return std::nullopt;
  return packet.sent;
}

void PathEstimator::answered(std::uint32_t sequence, std::uint32_t reflector_sequence,
                             Duration round_trip) {
  if (sequence - first_ >= next_ - first_) return;
  Packet& packet = packets_[sequence % packets_.size()];
  if (answered(packet)) return;
  packet.round_trip = std::max(round_trip, Duration(0));
  packet.reflector_sequence = reflector_sequence;
  since_start_.record(packet.round_trip);
}

PathWindow PathEstimator::report(Time now) {
  drop_old(now);
  PathWindow window;
  for (std::uint32_t i = first_; i != next_; ++i) {
    Packet& packet = packets_[i % packets_.size()];
    if (!settled(packet, now) || packet.reported) continue;
    packet.reported = true;
    ++window.sent;
    if (answered(packet)) ++window.received;
  }
  fill_round_trips(window);
  fill_loss(window, now);
  window.since_start = since_start_;
  return window;
}

void PathEstimator::drop_old(Time now) {
  // Packets stay until they are settled and out of the window.
  const Duration keep = std::max(options_.window, options_.loss_after + std::chrono::seconds(1));
  while (first_ != next_ && now - packets_[first_ % packets_.size()].sent > keep) ++first_;
}

void PathEstimator::fill_round_trips(PathWindow& window) const {
  std::vector<Duration> round_trips;
  Duration steps{0};
  for (std::uint32_t i = first_; i != next_; ++i) {
    const Packet& packet = packets_[i % packets_.size()];
    if (!answered(packet)) continue;
    if (!round_trips.empty()) {
      steps +=
          std::max(packet.round_trip - round_trips.back(), round_trips.back() - packet.round_trip);
    }
    round_trips.push_back(packet.round_trip);
  }
  if (round_trips.empty()) return;
  if (round_trips.size() > 1) {
    window.jitter = to_us(steps / static_cast<std::int64_t>(round_trips.size() - 1));
  }
  std::ranges::sort(round_trips);
  window.rtt_min = to_us(round_trips.front());
  window.rtt_p50 = at_share(round_trips, 0.50);
  window.rtt_p95 = at_share(round_trips, 0.95);
  window.rtt_p99 = at_share(round_trips, 0.99);
}

void PathEstimator::fill_loss(PathWindow& window, Time now) const {
  std::uint32_t counted = 0;
  std::uint32_t lost = 0;
  std::optional<std::uint32_t> first;
  std::uint32_t last = 0;
  std::uint32_t answers = 0;
  for (std::uint32_t i = first_; i != next_; ++i) {
    const Packet& packet = packets_[i % packets_.size()];
    if (settled(packet, now)) {
      ++counted;
      if (!answered(packet)) ++lost;
    }
    if (!answered(packet)) continue;
    ++answers;
    if (!first) first = i;
    last = i;
  }
  if (counted > 0) window.loss = Ratio(static_cast<double>(lost) / counted);
  if (!first || last == *first) return;

  const std::uint32_t went = last - *first;  // requests after the first answered one
  const std::uint32_t arrived = packets_[last % packets_.size()].reflector_sequence -
                                packets_[*first % packets_.size()].reflector_sequence;
  // A reflector that started anew, reordering at the edges, or a stateless one that copies our
  // sequence while answers are missing, gives a count that cannot be.
  if (arrived > went || arrived < answers - 1 || arrived == 0) return;
  window.loss_out = 1.0 - static_cast<double>(arrived) / went;
  window.loss_back = 1.0 - static_cast<double>(answers - 1) / arrived;
}

}  // namespace weir::agent
