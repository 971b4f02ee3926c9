#include <algorithm>

#include "common/tunnel/engine_core.h"

/// Messages 1 to 3. What a stranger can make us do, in the order of its price:
///
///     length and type      nothing
///     mac1                 one hash: only who knows our public key goes on
///     under load: mac2     one hash, a cookie reply smaller than the question
///     under load: bucket   20 a second from one source
///     static key           one X25519: only then do we know who claims to speak
///     timestamp            one AEAD: only the peer itself, and only once, changes our state
namespace weir {
namespace {

constexpr Duration k_rekey_timeout = std::chrono::seconds(5);
constexpr Duration k_initiation_spacing = std::chrono::milliseconds(20);

ByteView noise_of_initiation(ByteView message) {
  return message.subspan(wire::k_initiation_noise, wire::k_initiation_noise_size);
}

ByteView noise_of_response(ByteView message) {
  return message.subspan(wire::k_response_noise, wire::k_response_noise_size);
}

}  // namespace

/// True when the message may cost us a handshake.
bool Engine::Core::admit(ByteView message, const UdpPath& from, Time now, EngineOutput& out) {
  if (!checker_ || !checker_->mac1_holds(message)) {
    ++counters_.dropped_mac1;
    return false;
  }
  if (!load_.count(now, behind_)) return true;
  if (!checker_->mac2_holds(message, from.remote, now)) {
    ++counters_.dropped_mac2;
    ++counters_.cookies_sent;
    const auto reply = checker_->reply(message, from.remote, now, keys_);
    const ByteSpan buffer = out.send_buffer(from, reply.size());
    std::ranges::copy(reply, buffer.begin());
    out.send(from, buffer.first(reply.size()), reply.size());
    return false;
  }
  if (!sources_.allow(from.remote.address, now)) {
    ++counters_.dropped_rate_limited;
    return false;
  }
  return true;
}

void Engine::Core::on_initiation(ByteView message, const UdpPath& from, Time now,
                                 EngineOutput& out) {
  if (!admit(message, from, now, out)) return;
  NoiseState state = blank_;
  NoiseInitiator initiator;
  Peer* const peer = read_initiation(message, from, state, initiator, now, out);
  if (peer == nullptr) return;
  roam(*peer, from);
  authenticated_received(*peer, message.size(), now);
  answer(*peer, state, initiator, message, now, out);
}

/// The peer whose authentic and new initiation this is, or nullptr after counting why not.
Peer* Engine::Core::read_initiation(ByteView message, const UdpPath& from, NoiseState& state,
                                    NoiseInitiator& initiator, Time now, EngineOutput& out) {
  const ByteView noise = noise_of_initiation(message);
  Tai64n timestamp{};
  Peer* peer = nullptr;
  if (noise_read_identity(state, *identity_, noise, initiator)) peer = find(initiator.identity);
  if (peer == nullptr || !peer->static_static ||
      !noise_read_payload(state, *peer->static_static, noise, timestamp.data())) {
    ++counters_.dropped_handshake;
    return nullptr;
  }
  if (peer->greatest_timestamp && timestamp <= *peer->greatest_timestamp) {
    ++counters_.dropped_handshake;
    ask_instead(*peer, from, now, out);
    return nullptr;
  }
  if (peer->last_initiation_taken && now - *peer->last_initiation_taken < k_initiation_spacing) {
    ++counters_.dropped_flood;
    return nullptr;
  }
  peer->greatest_timestamp = timestamp;
  peer->last_initiation_taken = now;
  return peer;
}

/// An old initiation is a replay, or its sender's clock was set back and it will not be heard for
/// as long as it was ahead. Ours is heard all the same. It goes to where the peer was last
/// authentic, so that a replay cannot lead it astray, and to where the peer may be now.
void Engine::Core::ask_instead(Peer& peer, const UdpPath& from, Time now, EngineOutput& out) {
  const auto& last = peer.last_handshake_sent;
  if (last && now - *last < k_rekey_timeout) return;  // a copy of one that was just answered
  start_handshake(peer, Attempt::first, now, out, &from);
}

void Engine::Core::answer(Peer& peer, NoiseState& state, const NoiseInitiator& initiator,
                          ByteView message, Time now, EngineOutput& out) {
  const X25519KeyPair ephemeral = X25519KeyPair::generate(keys_);
  IndexLease lease(indices_, &peer, keys_);
  const std::uint32_t remote = load_le32(message.data() + 4);
  const ByteSpan response =
      out.send_buffer(*peer.path, wire::k_response_size).first(wire::k_response_size);
  store_le32(response.data(), wire::k_response);
  store_le32(response.data() + 4, lease.index());
  store_le32(response.data() + 8, remote);
  if (!noise_write_second(state, ephemeral, initiator, peer.preshared_key, {},
                          response.data() + wire::k_response_noise)) {
    ++counters_.dropped_handshake;
    return;
  }
  peer.jar.add_macs(response, now);
  peer.sessions.add_answered(
      std::make_unique<Session>(state.split(), false, std::move(lease), remote, now, now));
  session_made(peer, now);
  peer.last_handshake_sent = now;
  authenticated_sent(peer, response.size(), now);
  out.send(*peer.path, response, response.size());
}

void Engine::Core::on_response(ByteView message, const UdpPath& from, Time now, EngineOutput& out) {
  if (!admit(message, from, now, out)) return;
  const IndexTable::Entry* const entry = indices_.find(load_le32(message.data() + 8));
  if (entry == nullptr || entry->session != nullptr || !entry->peer->pending) {
    ++counters_.dropped_handshake;
    return;
  }
  Peer& peer = *entry->peer;
  NoiseState state = peer.pending->state;
  if (!noise_read_second(state, peer.pending->ephemeral, *identity_, peer.preshared_key,
                         noise_of_response(message), nullptr)) {
    ++counters_.dropped_handshake;
    return;
  }
  const std::uint32_t remote = load_le32(message.data() + 4);
  const bool yield = peer.public_key < identity_->public_key();
  peer.sessions.add_initiated(
      std::make_unique<Session>(state.split(), true, std::move(peer.pending->lease), remote,
                                peer.pending->sent, now),
      yield);
  peer.pending.reset();
  roam(peer, from);
  authenticated_received(peer, message.size(), now);
  session_made(peer, now);
  handshake_done(peer);
  send_keepalive(peer, now, out);  // proves the session to the responder; staged packets do as well
}

/// A cookie neither moves the endpoint nor a timer: only the keyed reply to our last message
/// counts.
void Engine::Core::on_cookie(ByteView message, Time now) {
  const IndexTable::Entry* const entry = indices_.find(load_le32(message.data() + 4));
  if (entry == nullptr || !entry->peer->jar.take(message, now)) {
    ++counters_.dropped_handshake;
    return;
  }
  entry->peer->rx_bytes += message.size();
  ++counters_.cookies_received;
}

/// Sends an initiation unless one left within the last five seconds; then the timer sends it. A
/// copy goes to `also`.
void Engine::Core::start_handshake(Peer& peer, Attempt attempt, Time now, EngineOutput& out,
                                   const UdpPath* also) {
  if (!identity_ || !peer.static_static || !peer.path) return;
  if (attempt == Attempt::first) peer.attempt_started = now;
  if (peer.last_handshake_sent && now - *peer.last_handshake_sent < k_rekey_timeout) {
    if (!peer.timers.armed(PeerTimer::retransmit)) {
      queue_.arm(peer, PeerTimer::retransmit,
                 *peer.last_handshake_sent + k_rekey_timeout + jitter());
    }
    return;
  }

  NoiseState state = blank_;
  X25519KeyPair ephemeral = X25519KeyPair::generate(keys_);
  IndexLease lease(indices_, &peer, keys_);
  const Tai64n timestamp = peer.timestamps.next(wall_());
  timestamp_sent_ns_ = std::max(timestamp_sent_ns_, peer.timestamps.last_ns());
  send_prepared(out);
  const ByteSpan initiation =
      out.send_buffer(*peer.path, wire::k_initiation_size).first(wire::k_initiation_size);
  store_le32(initiation.data(), wire::k_initiation);
  store_le32(initiation.data() + 4, lease.index());
  if (!noise_write_first(state, ephemeral, identity_->public_key(), peer.public_key,
                         *peer.static_static, timestamp,
                         initiation.data() + wire::k_initiation_noise)) {
    return;
  }
  peer.jar.add_macs(initiation, now);
  peer.pending.emplace(PendingHandshake{state, std::move(ephemeral), std::move(lease), now});
  peer.last_handshake_sent = now;
  ++counters_.handshakes_started;
  authenticated_sent(peer, initiation.size(), now);
  queue_.arm(peer, PeerTimer::retransmit, now + k_rekey_timeout + jitter());
  std::array<std::uint8_t, wire::k_initiation_size> copy{};
  std::ranges::copy(initiation, copy.begin());
  out.send(*peer.path, initiation, initiation.size());
  if (also == nullptr || also->remote == peer.path->remote) return;
  const ByteSpan second = out.send_buffer(*also, copy.size()).first(copy.size());
  std::ranges::copy(copy, second.begin());
  out.send(*also, second, second.size());
}

void Engine::Core::handshake_done(Peer& peer) {
  queue_.disarm(peer, PeerTimer::retransmit);
  peer.rekeyed_on_receive = false;
  peer.last_handshake = wall_();
  ++counters_.handshakes_completed;
}

}  // namespace weir
