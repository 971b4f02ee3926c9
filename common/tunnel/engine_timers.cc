#include "common/tunnel/engine_core.h"

/// Section 6 of the whitepaper, in seconds:
///
///     session  0 ── 120 initiator renews when it sends ── 165 when it receives ── 180 unusable
///     no new session for 540: all keys forgotten
///     initiation without response: again after 5 (+ up to 0.334), given up after 90
///     data received, nothing sent for 10: keepalive
///     data sent, nothing received for 15: new handshake
namespace weir {
namespace {

constexpr Duration k_retry_after = std::chrono::seconds(5);
constexpr Duration k_attempt_time = std::chrono::seconds(90);
constexpr Duration k_keepalive_timeout = std::chrono::seconds(10);
constexpr Duration k_forget_after = 3 * k_reject_after_time;
constexpr std::uint64_t k_jitter_max_ms = 334;

}  // namespace

Duration Engine::Core::jitter() {
  std::array<std::uint8_t, 8> drawn{};
  keys_.fill(drawn);
  return std::chrono::milliseconds(load_le64(drawn.data()) % k_jitter_max_ms);
}

void Engine::Core::bring_up(Time now, EngineOutput& out) {
  if (up_) return;
  up_ = true;
  tick(now);
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer == nullptr || peer->persistent_keepalive == std::chrono::seconds(0)) continue;
    queue_.arm(*peer, PeerTimer::persistent, now_ + peer->persistent_keepalive);
    send_keepalive(*peer, now_, out);
  }
}

void Engine::Core::take_down() {
  up_ = false;
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer == nullptr) continue;
    drop_staged(*peer);
    queue_.disarm_all(*peer);
    forget_sessions(*peer);
    peer->jar.clear();
    peer->last_handshake_sent.reset();
  }
}

void Engine::Core::on_timer(Time now, EngineOutput& out) {
  tick(now);
  while (const auto due = queue_.take_due(now_)) {
    Peer& peer = *due->peer;
    switch (due->timer) {
      case PeerTimer::retransmit:
        retransmit(peer, now_, out);
        break;
      case PeerTimer::keepalive: {
        const bool another = std::exchange(peer.another_keepalive, false);
        send_keepalive(peer, now_, out);
        if (another) queue_.arm(peer, PeerTimer::keepalive, now_ + k_keepalive_timeout);
        break;
      }
      case PeerTimer::new_handshake:
        peer.path = peer.path->without_local();  // our own address may be what is wrong
        start_handshake(peer, Attempt::first, now_, out);
        break;
      case PeerTimer::forget_keys:
        // Late after a long sleep, a new attempt may be under way already.
        peer.sessions.clear();
        if (!peer.timers.armed(PeerTimer::retransmit)) peer.pending.reset();
        break;
      case PeerTimer::persistent:
        // Armed again by the packet; without one, for lack of an endpoint, here.
        queue_.arm(peer, PeerTimer::persistent, now_ + peer.persistent_keepalive);
        send_keepalive(peer, now_, out);
        break;
    }
  }
}

void Engine::Core::retransmit(Peer& peer, Time now, EngineOutput& out) {
  if (now - peer.attempt_started < k_attempt_time) {
    if (peer.path) peer.path = peer.path->without_local();
    start_handshake(peer, Attempt::again, now, out);
    return;
  }
  queue_.disarm(peer, PeerTimer::keepalive);
  drop_staged(peer);
  if (!peer.timers.armed(PeerTimer::forget_keys)) {
    queue_.arm(peer, PeerTimer::forget_keys, now + k_forget_after);
  }
}

void Engine::Core::session_made(Peer& peer, Time now) {
  queue_.arm(peer, PeerTimer::forget_keys, now + k_forget_after);
}

void Engine::Core::authenticated_sent(Peer& peer, std::size_t bytes, Time now) {
  peer.tx_bytes += bytes;
  peer.another_keepalive = false;
  queue_.disarm(peer, PeerTimer::keepalive);
  if (peer.persistent_keepalive > std::chrono::seconds(0)) {
    queue_.arm(peer, PeerTimer::persistent, now + peer.persistent_keepalive);
  }
}

void Engine::Core::authenticated_received(Peer& peer, std::size_t bytes, Time now) {
  peer.rx_bytes += bytes;
  queue_.disarm(peer, PeerTimer::new_handshake);
  if (peer.persistent_keepalive > std::chrono::seconds(0)) {
    queue_.arm(peer, PeerTimer::persistent, now + peer.persistent_keepalive);
  }
}

void Engine::Core::data_sent(Peer& peer, Time now) {
  if (peer.timers.armed(PeerTimer::new_handshake)) return;
  queue_.arm(peer, PeerTimer::new_handshake, now + k_keepalive_timeout + k_retry_after + jitter());
}

void Engine::Core::data_received(Peer& peer, Time now) {
  if (peer.timers.armed(PeerTimer::keepalive)) {
    peer.another_keepalive = true;
  } else {
    queue_.arm(peer, PeerTimer::keepalive, now + k_keepalive_timeout);
  }
}

void Engine::Core::forget_sessions(Peer& peer) {
  peer.pending.reset();
  peer.sessions.clear();
}

}  // namespace weir
