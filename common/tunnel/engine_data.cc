#include <algorithm>

#include "common/tunnel/engine_core.h"
#include "common/tunnel/inner_packet.h"

namespace weir {
namespace {

/// The initiator of a session this old starts the next one when it receives, so that a peer that
/// only listens keeps an unbroken line: 180 s less one keepalive and one retry.
constexpr Duration k_rekey_on_receive = std::chrono::seconds(180 - 10 - 5);

/// What fits into one UDP datagram over IPv4.
constexpr std::size_t k_inner_size_max = 65535 - 20 - 8 - wire::k_data_size_min;

bool goes_to(const InnerPacket& packet, const IpAddress& address) {
  const ByteView bytes = address.bytes();
  return packet.v4 == address.is_v4() && std::equal(bytes.begin(), bytes.end(), packet.destination);
}

}  // namespace

void Engine::Core::on_datagram(ByteSpan datagram, const UdpPath& from, Time now,
                               EngineOutput& out) {
  if (!up_) return;
  tick(now);
  const std::uint32_t type = datagram.size() >= 4 ? load_le32(datagram.data()) : 0;
  if (type == wire::k_data && datagram.size() >= wire::k_data_size_min) {
    on_data(datagram, from, now_, out);
  } else if (type == wire::k_initiation && datagram.size() == wire::k_initiation_size) {
    on_initiation(datagram, from, now_, out);
  } else if (type == wire::k_response && datagram.size() == wire::k_response_size) {
    on_response(datagram, from, now_, out);
  } else if (type == wire::k_cookie && datagram.size() == wire::k_cookie_size) {
    on_cookie(datagram, now_);
  } else {
    ++counters_.dropped_malformed;
  }
}

void Engine::Core::on_data(ByteSpan datagram, const UdpPath& from, Time now, EngineOutput& out) {
  const IndexTable::Entry* const entry = indices_.find(load_le32(datagram.data() + 4));
  if (entry == nullptr || entry->session == nullptr) {
    ++counters_.dropped_unknown_session;
    return;
  }
  Peer& peer = *entry->peer;
  Session& session = *entry->session;
  const std::uint64_t counter = load_le64(datagram.data() + 8);
  if (!session.may_receive(now) || counter >= k_reject_after_messages) {
    ++counters_.dropped_expired_session;
    return;
  }
  const ByteSpan sealed = datagram.subspan(wire::k_data_header_size);
  if (!session.opener().open({counter, sealed.data(), sealed.size() - wire::k_tag_size})) {
    ++counters_.dropped_not_authentic;
    return;
  }
  if (!session.replay().accept(counter)) {
    ++counters_.dropped_replay;
    return;
  }

  roam(peer, from);
  authenticated_received(peer, datagram.size(), now);
  if (peer.sessions.confirm(&session)) {
    handshake_done(peer);
    send_staged(peer, now, out);
  }
  rekey_old_on_receive(peer, now, out);
  const ByteSpan plain = sealed.first(sealed.size() - wire::k_tag_size);
  if (plain.empty()) {
    ++counters_.keepalives_received;
    return;
  }
  data_received(peer, now);
  deliver(peer, plain, out);
}

/// The endpoint has moved already: being authentic decides that, not what is inside.
void Engine::Core::deliver(Peer& peer, ByteSpan plain, EngineOutput& out) {
  const auto packet = read_inner_packet(plain);
  if (!packet) {
    ++counters_.dropped_inner_malformed;
    return;
  }
  const AllowedIps::Owner owner =
      packet->v4 ? allowed_ips_.find_v4(packet->source) : allowed_ips_.find_v6(packet->source);
  if (owner != peer.slot) {
    ++counters_.dropped_wrong_source;
    return;
  }
  if (peer.only_destination && !goes_to(*packet, *peer.only_destination)) {
    ++counters_.dropped_wrong_destination;
    return;
  }
  ++counters_.rx_packets;
  out.deliver(plain.first(packet->size));
}

void Engine::Core::roam(Peer& peer, const UdpPath& from) {
  if (peer.path && *peer.path == from) return;
  if (!peer.path || peer.path->remote != from.remote) ++counters_.roamed;
  peer.path = from;
}

InnerVerdict Engine::Core::on_inner_packet(ByteView packet, Time now, EngineOutput& out) {
  if (!up_) return InnerVerdict::down;
  tick(now);
  const auto inner = read_inner_packet(packet);
  if (!inner || packet.size() > k_inner_size_max) return InnerVerdict::malformed;
  const AllowedIps::Owner owner = inner->v4 ? allowed_ips_.find_v4(inner->destination)
                                            : allowed_ips_.find_v6(inner->destination);
  if (owner == AllowedIps::k_nobody) {
    ++counters_.dropped_no_peer;
    return InnerVerdict::no_peer;
  }
  Peer& peer = *peers_[owner];
  if (!peer.path) {
    ++counters_.dropped_no_endpoint;
    return InnerVerdict::no_endpoint;
  }
  Session* const session = peer.sessions.current();
  if (session != nullptr && peer.staged.empty() && session->may_send(now_)) {
    seal(peer, *session, packet, now_, out);
    return InnerVerdict::sent;
  }
  stage(peer, packet);
  send_staged(peer, now_, out);
  return peer.staged.empty() ? InnerVerdict::sent : InnerVerdict::staged;
}

void Engine::Core::stage(Peer& peer, ByteView packet) {
  while (peer.staged.size() >= std::max<std::size_t>(options_.staged_packets_max, 1)) {
    peer.staged.pop_front();
    ++counters_.dropped_staged;
  }
  peer.staged.emplace_back(packet.begin(), packet.end());
}

void Engine::Core::drop_staged(Peer& peer) {
  counters_.dropped_staged += peer.staged.size();
  peer.staged.clear();
}

/// Sends what waits, in order, or sees to it that a handshake is under way.
void Engine::Core::send_staged(Peer& peer, Time now, EngineOutput& out) {
  while (!peer.staged.empty()) {
    Session* const session = peer.sessions.current();
    if (session == nullptr || !session->may_send(now)) {
      start_handshake(peer, Attempt::first, now, out);
      return;
    }
    const ByteVector packet = std::move(peer.staged.front());
    peer.staged.pop_front();
    seal(peer, *session, packet, now, out);
  }
}

/// Packets that wait are as good a sign of life as an empty one.
void Engine::Core::send_keepalive(Peer& peer, Time now, EngineOutput& out) {
  if (!peer.path) return;
  if (peer.staged.empty()) peer.staged.emplace_back();
  send_staged(peer, now, out);
}

void Engine::Core::seal(Peer& peer, Session& session, ByteView plain, Time now, EngineOutput& out) {
  const std::size_t padded = std::min(padded_size(plain.size(), options_.mtu), k_inner_size_max);
  const std::size_t size = wire::k_data_size_min + padded;
  const ByteSpan datagram = out.send_buffer(*peer.path, size).first(size);
  const std::uint64_t counter = session.take_counter();
  std::uint8_t* const body = datagram.data() + wire::k_data_header_size;
  if (!plain.empty() && body != plain.data()) std::copy(plain.begin(), plain.end(), body);
  std::fill(body + plain.size(), body + padded, std::uint8_t{0});
  store_le32(datagram.data(), wire::k_data);
  store_le32(datagram.data() + 4, session.remote_index());
  store_le64(datagram.data() + 8, counter);
  session.sealer().seal({counter, body, padded});

  authenticated_sent(peer, size, now);
  if (plain.empty()) {
    ++counters_.keepalives_sent;
  } else {
    ++counters_.tx_packets;
    data_sent(peer, now);
  }
  out.send(*peer.path, datagram);
  const bool used_up = counter >= k_rekey_after_messages ||
                       (session.initiator() && session.age(now) >= k_rekey_after_time);
  if (used_up) start_handshake(peer, Attempt::first, now, out);
}

void Engine::Core::rekey_old_on_receive(Peer& peer, Time now, EngineOutput& out) {
  const Session* const current = peer.sessions.current();
  if (current == nullptr || peer.rekeyed_on_receive || !current->initiator() ||
      current->age(now) < k_rekey_on_receive) {
    return;
  }
  peer.rekeyed_on_receive = true;
  start_handshake(peer, Attempt::first, now, out);
}

}  // namespace weir
