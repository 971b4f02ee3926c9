#include <algorithm>
#include <cstring>

#include "common/tunnel/engine_core.h"
#include "common/tunnel/inner_packet.h"

namespace weir {
namespace {

/// The initiator of a session this old starts the next one when it receives, so that a peer that
/// only listens keeps an unbroken line: 180 s less one keepalive and one retry.
constexpr Duration k_rekey_on_receive = std::chrono::seconds(180 - 10 - 5);

/// What fits into one UDP datagram over IPv4.
constexpr std::size_t k_inner_size_max = 65535 - 20 - 8 - wire::k_data_size_min;

/// How many bytes at the front are data of one session.
std::size_t run_of_data(ByteView datagrams, std::size_t size) {
  std::size_t run = 0;
  while (run < datagrams.size()) {
    const ByteView next = datagrams.subspan(run, std::min(size, datagrams.size() - run));
    if (next.size() < wire::k_data_size_min || load_le32(next.data()) != wire::k_data) break;
    if (run != 0 && std::memcmp(next.data() + 4, datagrams.data() + 4, 4) != 0) break;
    run += next.size();
  }
  return run;
}

bool goes_to(const InnerPacket& packet, const IpAddress& address) {
  const ByteView bytes = address.bytes();
  return packet.v4 == address.is_v4() && std::equal(bytes.begin(), bytes.end(), packet.destination);
}

bool goes_to(const InnerPacket& packet, const Endpoint& endpoint) {
  return packet.udp_port != 0 && packet.udp_port == endpoint.port &&
         goes_to(packet, endpoint.address);
}

}  // namespace

void Engine::Core::on_datagrams(ByteSpan datagrams, std::size_t size, const UdpPath& from, Time now,
                                EngineOutput& out) {
  if (!up_) return;
  tick(now);
  if (datagrams.empty() || size == 0) {
    ++counters_.dropped_malformed;
    return;
  }
  while (!datagrams.empty()) {
    std::size_t run = run_of_data(datagrams, size);
    if (run != 0) {
      on_data(datagrams.first(run), size, from, now_, out);
    } else {
      run = std::min(size, datagrams.size());
      on_datagram(datagrams.first(run), from, out);
    }
    datagrams = datagrams.subspan(run);
  }
}

/// Anything but data.
void Engine::Core::on_datagram(ByteSpan datagram, const UdpPath& from, EngineOutput& out) {
  const std::uint32_t type = datagram.size() >= 4 ? load_le32(datagram.data()) : 0;
  if (type == wire::k_initiation && datagram.size() == wire::k_initiation_size) {
    on_initiation(datagram, from, now_, out);
  } else if (type == wire::k_response && datagram.size() == wire::k_response_size) {
    on_response(datagram, from, now_, out);
  } else if (type == wire::k_cookie && datagram.size() == wire::k_cookie_size) {
    on_cookie(datagram, now_);
  } else {
    ++counters_.dropped_malformed;
  }
}

/// Data of one session.
void Engine::Core::on_data(ByteSpan datagrams, std::size_t size, const UdpPath& from, Time now,
                           EngineOutput& out) {
  const std::size_t count = (datagrams.size() + size - 1) / size;
  const IndexTable::Entry* const entry = indices_.find(load_le32(datagrams.data() + 4));
  if (entry == nullptr || entry->session == nullptr) {
    counters_.dropped_unknown_session += count;
    return;
  }
  Peer& peer = *entry->peer;
  Session& session = *entry->session;
  if (!session.may_receive(now)) {
    counters_.dropped_expired_session += count;
    return;
  }
  opening_.clear();
  for (; !datagrams.empty(); datagrams = datagrams.subspan(std::min(size, datagrams.size()))) {
    const ByteSpan datagram = datagrams.first(std::min(size, datagrams.size()));
    const std::uint64_t counter = load_le64(datagram.data() + 8);
    if (counter >= k_reject_after_messages) {
      ++counters_.dropped_expired_session;
      continue;
    }
    opening_.push_back({.counter = counter,
                        .text = datagram.data() + wire::k_data_header_size,
                        .size = datagram.size() - wire::k_data_size_min});
  }
  session.opener().open_many(opening_);

  // What one packet proves holds for all: endpoint, session and timers move once for the run.
  bool first = true;
  bool data = false;
  std::size_t authentic = 0;
  for (const PacketToOpen& packet : opening_) {
    if (!packet.genuine) {
      ++counters_.dropped_not_authentic;
      continue;
    }
    if (!session.replay().accept(packet.counter)) {
      ++counters_.dropped_replay;
      continue;
    }
    authentic += wire::k_data_size_min + packet.size;
    if (std::exchange(first, false)) {
      roam(peer, from);
      if (peer.sessions.confirm(&session)) {
        handshake_done(peer);
        send_staged(peer, now, out);
      }
      rekey_old_on_receive(peer, now, out);
    }
    if (packet.size == 0) {
      ++counters_.keepalives_received;
      continue;
    }
    data = true;
    deliver(peer, {packet.text, packet.size}, out);
  }
  if (authentic != 0) authenticated_received(peer, authentic, now);
  if (data) data_received(peer, now);
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

InnerVerdict Engine::Core::on_inner_packets(std::span<const SegmentedPacket> packets, Time now,
                                            EngineOutput& out) {
  if (!up_) return InnerVerdict::down;
  tick(now);
  told_too_big_ = false;
  InnerVerdict verdict = InnerVerdict::malformed;
  for (const SegmentedPacket& packet : packets) verdict = on_inner_packet(packet, now_, out);
  send_prepared(out);
  return verdict;
}

InnerVerdict Engine::Core::on_inner_packet(const SegmentedPacket& packet, Time now,
                                           EngineOutput& out) {
  const auto inner = read_inner_packet(packet.packet());
  if (!inner) return InnerVerdict::malformed;
  if (packet.size(0) > k_inner_size_max) return refuse_too_big(packet, out);
  const AllowedIps::Owner owner = inner->v4 ? allowed_ips_.find_v4(inner->destination)
                                            : allowed_ips_.find_v6(inner->destination);
  if (owner == AllowedIps::k_nobody) {
    counters_.dropped_no_peer += packet.count();
    return InnerVerdict::no_peer;
  }
  Peer& peer = *peers_[owner];
  if (!peer.path) {
    counters_.dropped_no_endpoint += packet.count();
    return InnerVerdict::no_endpoint;
  }
  if (goes_to(*inner, peer.path->remote)) {
    counters_.dropped_looped += packet.count();
    return InnerVerdict::looped;
  }
  Session* const session = peer.sessions.current();
  if (session != nullptr && peer.staged.empty() && session->may_send(now, packet.count())) {
    send_data(peer, *session, packet, now, out);
    return InnerVerdict::sent;
  }
  stage(peer, packet);
  send_staged(peer, now, out);
  return peer.staged.empty() ? InnerVerdict::sent : InnerVerdict::staged;
}

/// The interface takes longer packets than UDP carries: their sender is told, once a vector.
InnerVerdict Engine::Core::refuse_too_big(const SegmentedPacket& packet, EngineOutput& out) {
  counters_.dropped_too_big += packet.count();
  if (std::exchange(told_too_big_, true)) return InnerVerdict::too_big;
  const std::size_t size = write_too_big(packet.packet(), k_inner_size_max, too_big_);
  if (size != 0) out.deliver(ByteSpan(too_big_).first(size));
  return InnerVerdict::too_big;
}

void Engine::Core::stage(Peer& peer, const SegmentedPacket& packet) {
  for (std::size_t i = 0; i < packet.count(); ++i) {
    while (peer.staged.size() >= std::max<std::size_t>(options_.staged_packets_max, 1)) {
      peer.staged.pop_front();
      ++counters_.dropped_staged;
    }
    ByteVector segment(packet.size(i));
    packet.write(i, segment.data());
    peer.staged.push_back(std::move(segment));
  }
}

void Engine::Core::drop_staged(Peer& peer) {
  counters_.dropped_staged += peer.staged.size();
  peer.staged.clear();
}

/// Sends what waits, in order, or sees to it that a handshake is under way.
void Engine::Core::send_staged(Peer& peer, Time now, EngineOutput& out) {
  while (!peer.staged.empty()) {
    Session* const session = peer.sessions.current();
    if (session == nullptr || !session->may_send(now, 1)) {
      start_handshake(peer, Attempt::first, now, out);
      return;
    }
    const ByteVector packet = std::move(peer.staged.front());
    peer.staged.pop_front();
    send_data(peer, *session, SegmentedPacket(packet), now, out);
    send_prepared(out);
  }
}

/// Packets that wait are as good a sign of life as an empty one.
void Engine::Core::send_keepalive(Peer& peer, Time now, EngineOutput& out) {
  if (!peer.path) return;
  if (peer.staged.empty()) peer.staged.emplace_back();
  send_staged(peer, now, out);
}

/// Puts all segments where they leave from; `send_prepared` sends them.
void Engine::Core::send_data(Peer& peer, Session& session, const SegmentedPacket& packet, Time now,
                             EngineOutput& out) {
  const auto datagram_size = [&](std::size_t number) {
    return wire::k_data_size_min +
           std::min(padded_size(packet.size(number), options_.mtu), k_inner_size_max);
  };
  const std::size_t count = packet.count();
  const std::size_t full = datagram_size(0);
  const std::size_t at_once = std::clamp<std::size_t>(EngineOutput::k_send_bytes_max / full, 1,
                                                      EngineOutput::k_send_count_max);
  std::size_t bytes = 0;
  for (std::size_t begin = 0; begin < count; begin += at_once) {
    const std::size_t end = std::min(begin + at_once, count);
    const std::size_t size = (end - begin - 1) * full + datagram_size(end - 1);
    if (out.room() < size) send_prepared(out);
    const ByteSpan room = out.send_buffer(*peer.path, size);
    for (std::size_t i = begin; i < end; ++i) {
      const ByteSpan datagram =
          room.subspan((i - begin) * full, i + 1 < end ? full : datagram_size(i));
      packet.write(i, datagram.data() + wire::k_data_header_size);
      prepare(session, datagram, packet.size(i));
    }
    prepared_runs_.push_back({*peer.path, room, full});
    bytes += size;
  }

  authenticated_sent(peer, bytes, now);
  if (packet.packet().empty()) {
    ++counters_.keepalives_sent;
  } else {
    counters_.tx_packets += count;
    data_sent(peer, now);
  }
  const bool used_up = session.sent() > k_rekey_after_messages ||
                       (session.initiator() && session.age(now) >= k_rekey_after_time);
  if (used_up) start_handshake(peer, Attempt::first, now, out);
}

/// Writes header and padding around a packet of `plain` bytes.
void Engine::Core::prepare(Session& session, ByteSpan datagram, std::size_t plain) {
  const std::uint64_t counter = session.take_counter();
  const ByteSpan body =
      datagram.subspan(wire::k_data_header_size, datagram.size() - wire::k_data_size_min);
  std::ranges::fill(body.subspan(plain), std::uint8_t{0});
  store_le32(datagram.data(), wire::k_data);
  store_le32(datagram.data() + 4, session.remote_index());
  store_le64(datagram.data() + 8, counter);
  prepared_.push_back({counter, body.data(), body.size()});
  prepared_keys_.push_back(&session.sealer());
}

void Engine::Core::skip_to(const PublicKey& key, std::uint64_t counter) {
  Peer* const peer = find(key);
  Session* const session = peer == nullptr ? nullptr : peer->sessions.current();
  if (session != nullptr) session->skip_to(counter);
}

void Engine::Core::send_prepared(EngineOutput& out) {
  for (std::size_t begin = 0; begin < prepared_.size();) {
    std::size_t end = begin + 1;
    while (end < prepared_.size() && prepared_keys_[end] == prepared_keys_[begin]) ++end;
    prepared_keys_[begin]->seal_many(std::span(prepared_).subspan(begin, end - begin));
    begin = end;
  }
  for (const PreparedRun& run : prepared_runs_) out.send(run.to, run.datagrams, run.size);
  prepared_.clear();
  prepared_keys_.clear();
  prepared_runs_.clear();
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
