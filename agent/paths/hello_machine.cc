#include "agent/paths/hello_machine.h"

#include <algorithm>
#include <array>

#include "agent/paths/rtt_estimate.h"
#include "agent/paths/token_bucket.h"

namespace weir::agent {

using Kind = HelloMessage::Kind;

struct HelloMachine::Peer {
  Peer(OverlayPeer peer, const Options& options)
      : who(std::move(peer)), replies(options.replies_per_second, options.replies_burst) {}

  OverlayPeer who;
  TokenBucket replies;
  RttEstimate rtt;

  // What we sent: the time of each of the last 128 messages, by sequence.
  std::uint32_t sequence = 0;
  std::array<Time, 128> sent_at{};
  Time next_hello{};

  // What we heard.
  bool heard = false;
  Time heard_at{};
  std::uint32_t heard_boot_id = 0;
  std::uint32_t heard_sequence = 0;
  Time heard_sequence_at{};
  std::uint32_t measured_sequence = 0;  // the last of ours whose round trip was counted

  // Up or down.
  bool up = false;
  bool ever_up = false;
  int downs = 0;
  int downs_before = 0;  // the last one
  Time down_since{};
  Time up_since{};
  std::optional<Time> good_since;
  int deaf_hellos = 0;  // in a row

  // Confirming.
  bool confirming = false;
  bool deaf = false;
  int echoes_sent = 0;
  std::uint32_t first_echo = 0;
  std::uint32_t next_echo = 0;
  Time next_echo_at{};
  Time verdict_at{};
  Time deaf_again_at{};  // a peer's word that it does not hear us is not weighed before
};

HelloMachine::HelloMachine(const Options& options, std::uint32_t boot_id, Time now)
    : options_(options), boot_id_(boot_id), next_wake_(now), alone_at_(now + options.alone_after) {}

HelloMachine::~HelloMachine() = default;

void HelloMachine::set_peers(std::span<const OverlayPeer> peers, Time now, HelloOutput& out) {
  if (peers_.empty() && !ever_up_) alone_at_ = now + options_.alone_after;
  std::unordered_map<IpAddress, std::unique_ptr<Peer>> before;
  for (auto& peer : peers_) before.emplace(peer->who.overlay, std::move(peer));
  peers_.clear();
  by_address_.clear();
  up_count_ = 0;
  for (const OverlayPeer& wanted : peers) {
    if (peers_.size() == k_peers_max || by_address_.contains(wanted.overlay)) continue;
    auto& known = before[wanted.overlay];
    if (!known || known->who != wanted) {
      known = std::make_unique<Peer>(wanted, options_);
      // Spread over the interval, so that many peers are not greeted in one burst.
      known->next_hello = now + options_.interval / 5 * (peers_.size() % 5);
      known->heard_at = now;
    }
    if (known->up) ++up_count_;
    by_address_.emplace(wanted.overlay, known.get());
    peers_.push_back(std::move(known));
  }
  next_wake_ = std::min(next_wake_, now);
  judge_isolation(now, out);
}

void HelloMachine::on_message(const IpAddress& from, const HelloMessage& message, Time now,
                              HelloOutput& out) {
  const auto found = by_address_.find(from);
  if (found == by_address_.end()) {
    ++refused_;
    return;
  }
  Peer& peer = *found->second;
  const bool newer = !peer.heard || message.boot_id != peer.heard_boot_id ||
                     static_cast<std::int32_t>(message.sequence - peer.heard_sequence) > 0;
  if (newer) learn(peer, message, now);
  peer.heard_at = now;
  if (peer.confirming && !peer.deaf) peer.confirming = false;

  if (message.kind == Kind::echo_request) {
    if (peer.replies.take(now)) {
      send(peer, Kind::echo_reply, message.age_or_echo, now, out);
    } else {
      ++refused_;
    }
  }
  const bool answers =
      message.kind == Kind::echo_reply && message.heard_boot_id == boot_id_ &&
      message.age_or_echo - peer.first_echo < static_cast<std::uint32_t>(peer.echoes_sent);
  if (answers && peer.confirming) {
    peer.confirming = false;
    peer.deaf_again_at = now + peer.rtt.smoothed().value_or(options_.interval);
  }
  if (newer) weigh_word(peer, message, now, out);
  judge_isolation(now, out);
}

/// Takes in what any message tells besides its kind: that the peer is there, and the round trip.
void HelloMachine::learn(Peer& peer, const HelloMessage& message, Time now) {
  peer.heard = true;
  peer.heard_boot_id = message.boot_id;
  peer.heard_sequence = message.sequence;
  peer.heard_sequence_at = now;
  // When we come late ourselves, the packet waited for us and would pass for a slow path.
  const bool on_time = now <= next_wake_ + options_.interval;
  if (message.kind != Kind::hello || message.heard_boot_id != boot_id_ || !on_time) return;
  const std::uint32_t behind = peer.sequence - message.heard_sequence;
  const bool measured_before =
      static_cast<std::int32_t>(message.heard_sequence - peer.measured_sequence) <= 0;
  if (behind >= peer.sent_at.size() || measured_before || message.heard_sequence == 0) return;
  peer.measured_sequence = message.heard_sequence;
  const Time sent = peer.sent_at[message.heard_sequence % peer.sent_at.size()];
  const Duration age = std::chrono::microseconds(message.age_or_echo);
  if (age < now - sent) peer.rtt.add(now - sent - age);
}

/// The peer's word on whether it hears us.
void HelloMachine::weigh_word(Peer& peer, const HelloMessage& message, Time now, HelloOutput& out) {
  const bool hears_us = message.hears_you && message.heard_boot_id == boot_id_;
  if (hears_us) {
    peer.deaf_hellos = 0;
    if (peer.confirming) peer.confirming = false;
    if (peer.up) return;
    if (!peer.good_since) peer.good_since = now;
    if (now - *peer.good_since >= hold_of(peer)) go_up(peer, now, out);
    return;
  }
  // One such hello may be two lost ones of ours; a run of good ones is broken by the second.
  if (++peer.deaf_hellos >= 2) peer.good_since.reset();
  if (peer.up && !peer.confirming && now >= peer.deaf_again_at) {
    start_confirming(peer, true, now, out);
  }
}

void HelloMachine::on_timer(Time now, HelloOutput& out) {
  const Duration late = now - next_wake_;
  if (late > options_.interval) excuse_stall(late, now);
  next_wake_ = now + options_.interval;
  for (auto& entry : peers_) {
    Peer& peer = *entry;
    const Duration silent = now - peer.heard_at;
    if (!peer.up && silent >= 3 * options_.interval + options_.slack) peer.good_since.reset();
    if (peer.up && !peer.confirming && silent >= 2 * options_.interval + options_.slack) {
      start_confirming(peer, false, now, out);
    }
    if (peer.confirming) confirm(peer, now, out);
    if (now >= peer.next_hello) {
      send(peer, Kind::hello, 0, now, out);
      peer.next_hello += options_.interval;
      if (peer.next_hello <= now) peer.next_hello = now + options_.interval;
    }
    next_wake_ = std::min(next_wake_, due(peer));
  }
  next_wake_ = std::max(next_wake_, now + std::chrono::milliseconds(1));
  judge_isolation(now, out);
}

/// Our own pause is not the peers' silence.
void HelloMachine::excuse_stall(Duration late, Time now) {
  ++stalls_;
  for (auto& peer : peers_) {
    peer->heard_at = std::min(peer->heard_at + late, now);
    // What began after the pause needs no excuse: never later than if it began now.
    peer->next_echo_at = std::min(peer->next_echo_at + late, now + options_.echo_gap);
    peer->verdict_at = std::min(peer->verdict_at + late, now + patience(*peer));
  }
}

Duration HelloMachine::patience(const Peer& peer) const {
  return std::min(peer.rtt.patience().value_or(options_.patience_unknown), options_.patience_max);
}

Time HelloMachine::due(const Peer& peer) const {
  if (peer.confirming) {
    const bool all_sent = peer.echoes_sent == options_.echoes;
    return std::min(peer.next_hello, all_sent ? peer.verdict_at : peer.next_echo_at);
  }
  if (!peer.up) return peer.next_hello;
  return std::min(peer.next_hello, peer.heard_at + 2 * options_.interval + options_.slack);
}

void HelloMachine::start_confirming(Peer& peer, bool deaf, Time now, HelloOutput& out) {
  peer.confirming = true;
  peer.deaf = deaf;
  peer.echoes_sent = 0;
  peer.first_echo = peer.next_echo;
  peer.next_echo_at = now;
  confirm(peer, now, out);
  next_wake_ = std::min(next_wake_, due(peer));
}

void HelloMachine::confirm(Peer& peer, Time now, HelloOutput& out) {
  if (peer.echoes_sent < options_.echoes) {
    if (now < peer.next_echo_at) return;
    send(peer, Kind::echo_request, peer.next_echo++, now, out);
    ++peer.echoes_sent;
    peer.next_echo_at = now + options_.echo_gap;
    const Duration patience =
        std::min(peer.rtt.patience().value_or(options_.patience_unknown), options_.patience_max);
    peer.verdict_at = now + patience;
    if (!peer.deaf) {
      peer.verdict_at = std::max(peer.verdict_at, peer.heard_at + 3 * options_.interval);
    }
    return;
  }
  if (now >= peer.verdict_at) go_down(peer, now, out);
}

void HelloMachine::go_up(Peer& peer, Time now, HelloOutput& out) {
  peer.up = true;
  peer.ever_up = true;
  peer.up_since = now;
  ++up_count_;
  ever_up_ = true;
  out.changes.push_back(
      {peer.who.agent, peer.who.region, true, "hellos in both directions", Duration(0), now});
}

void HelloMachine::go_down(Peer& peer, Time now, HelloOutput& out) {
  const auto forgiven = (now - peer.up_since) / options_.forgive;
  peer.downs_before = static_cast<int>(std::max<std::int64_t>(0, peer.downs - forgiven));
  peer.downs = peer.downs_before + 1;
  peer.down_since = now;
  peer.up = false;
  peer.confirming = false;
  peer.good_since.reset();
  --up_count_;
  const std::string cause = peer.deaf ? "the peer does not hear us" : "3 hellos missed";
  out.changes.push_back({peer.who.agent, peer.who.region, false,
                         cause + ", " + std::to_string(options_.echoes) + " echoes unanswered",
                         peer.deaf ? Duration(0) : now - peer.heard_at, now});
  // At once, so that a peer that still hears us learns that we do not hear it.
  send(peer, Kind::hello, 0, now, out);
}

Duration HelloMachine::hold_of(const Peer& peer) const {
  if (!peer.ever_up) return options_.first_up;
  const int doublings = std::clamp(peer.downs - 1, 0, 16);
  return std::min(options_.hold * (1 << doublings), options_.hold_max);
}

bool HelloMachine::hears(const Peer& peer, Time now) const {
  return peer.heard && now - peer.heard_at < 2 * options_.interval + options_.slack;
}

void HelloMachine::send(Peer& peer, Kind kind, std::uint32_t echo, Time now, HelloOutput& out) {
  HelloMessage message;
  message.kind = kind;
  message.boot_id = boot_id_;
  message.sequence = ++peer.sequence;
  message.heard_boot_id = peer.heard ? peer.heard_boot_id : 0;
  message.heard_sequence = peer.heard_sequence;
  message.age_or_echo = echo;
  if (kind == Kind::hello && peer.heard) {
    const auto age =
        std::chrono::duration_cast<std::chrono::microseconds>(now - peer.heard_sequence_at);
    message.age_or_echo =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(age.count(), 0, UINT32_MAX));
  }
  message.hears_you = hears(peer, now);
  message.up = peer.up;
  peer.sent_at[peer.sequence % peer.sent_at.size()] = now;
  out.sends.emplace_back(peer.who.overlay, message);
}

void HelloMachine::judge_isolation(Time now, HelloOutput& out) {
  const bool known = ever_up_ || now >= alone_at_;
  const bool alone = !peers_.empty() && up_count_ == 0 && known;
  if (alone == isolated_) return;
  isolated_ = alone;
  out.isolated = alone;
  if (alone) excuse_own_fault(now);
}

void HelloMachine::excuse_own_fault(Time now) {
  const auto just_lost = [&](const auto& peer) {
    return peer->ever_up && now - peer->down_since <= options_.together;
  };
  if (std::ranges::count_if(peers_, just_lost) < 2) return;
  for (auto& peer : peers_) {
    if (just_lost(peer)) peer->downs = peer->downs_before;
  }
}

bool HelloMachine::up(const IpAddress& peer) const {
  const auto found = by_address_.find(peer);
  return found != by_address_.end() && found->second->up;
}

std::optional<Duration> HelloMachine::round_trip(const IpAddress& peer) const {
  const auto found = by_address_.find(peer);
  return found == by_address_.end() ? std::nullopt : found->second->rtt.smoothed();
}

}  // namespace weir::agent
