#include "agent/paths/stamp_reflector.h"

#include <algorithm>

namespace weir::agent {

void StampReflector::set_peers(std::span<const OverlayPeer> peers) {
  std::unordered_map<IpAddress, Peer> next;
  for (const OverlayPeer& peer : peers) {
    auto known = peers_.extract(peer.overlay);
    if (known) {
      next.insert(std::move(known));
    } else {
      next.emplace(peer.overlay, Peer{TokenBucket(per_second_, burst_)});
    }
  }
  peers_ = std::move(next);
}

std::optional<std::array<std::uint8_t, k_stamp_size>> StampReflector::reflect(
    const Arrival& arrival, WallTime sent, Time now) {
  const auto request = parse_stamp_request(arrival.datagram);
  const auto found = peers_.find(arrival.from.address);
  if (!request || found == peers_.end() || !found->second.bucket.take(now)) {
    ++refused_;
    return std::nullopt;
  }
  Session& used = session(found->second, arrival.from.port);
  used.used = now;
  StampReply reply;
  reply.sequence = used.next_sequence++;
  reply.sent = to_ntp(sent);
  reply.error = own_error_estimate();
  reply.received = to_ntp(arrival.received);
  reply.sender_sequence = request->sequence;
  reply.sender_sent = request->sent;
  reply.sender_error = request->error;
  reply.sender_ttl = arrival.ttl;
  return encode_stamp_reply(reply);
}

StampReflector::Session& StampReflector::session(Peer& peer, std::uint16_t port) {
  const auto known = std::ranges::find(peer.sessions, port, &Session::port);
  if (known != peer.sessions.end()) return *known;
  Session& idlest = *std::ranges::min_element(peer.sessions, {}, &Session::used);
  idlest = Session{.port = port};
  return idlest;
}

}  // namespace weir::agent
