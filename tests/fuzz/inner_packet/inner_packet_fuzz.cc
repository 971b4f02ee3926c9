// Bytes as an inner packet, both ways: from the TUN device into the tunnel and out again, and as
// what a peer with valid keys and bad intentions sealed.

#include <algorithm>
#include <cstdlib>

#include "common/crypto/aead.h"
#include "common/tunnel/cookie.h"
#include "common/tunnel/inner_packet.h"
#include "common/tunnel/noise.h"
#include "common/tunnel/tai64n.h"
#include "tests/doubles/tunnel_world.h"

namespace weir {
namespace {

/// A network with everything allowed between 0 and 1, and a session of node 1 with keys of our own.
class Tunnels {
 public:
  Tunnels() : stranger_(9), own_(X25519KeyPair::generate(stranger_)) {
    for (int i = 0; i < 2; ++i) world_.add();
    world_.join(0, 1);
    allow_all(0, world_.key(1));
    allow_all(1, world_.key(0));
    world_.keep_wire = false;
    world_.send(0, 1);
    world_.run(std::chrono::seconds(1));
    world_.keep_wire = true;
    PeerUpdate friendly;
    friendly.public_key = own_.public_key();
    friendly.allowed_ips = {*IpPrefix::parse("10.0.0.0/8"), *IpPrefix::parse("fd00::/8")};
    update(1, friendly);
    shake_hands();
    // From here on what is sent is looked at on the wire; time stands still, nothing would arrive.
    world_.filter = [](const auto&) { return false; };
  }

  void through(ByteView bytes) {
    world_.forget_delivered(1);
    const auto packet = read_inner_packet(bytes);
    const InnerVerdict verdict = world_.send_raw(0, bytes);
    world_.run(std::chrono::milliseconds(0));
    if ((verdict == InnerVerdict::sent) != packet.has_value()) std::abort();
    if (!packet) return;
    const ByteVector datagram = world_.wire.back().bytes;
    world_.wire.clear();
    world_.inject(1, datagram, world_.endpoint(0));
    const bool from_friend = owned_by_friend(*packet);
    if (world_.delivered_packets(1).size() != (from_friend ? 0U : 1U)) std::abort();
    if (!from_friend &&
        !std::ranges::equal(world_.delivered_packets(1).back(), bytes.first(packet->size))) {
      std::abort();
    }
  }

  void sealed_by_a_peer(ByteView bytes) {
    world_.forget_delivered(1);
    ByteVector datagram(wire::k_data_size_min + bytes.size());
    store_le32(datagram.data(), wire::k_data);
    store_le32(datagram.data() + 4, remote_);
    store_le64(datagram.data() + 8, counter_);
    SealKey(sealing_).seal(counter_++, {}, bytes, datagram.data() + wire::k_data_header_size);
    world_.inject(1, datagram, *Endpoint::parse("203.0.113.66:1"));
    const auto packet = read_inner_packet(bytes);
    const bool expected = packet && owned_by_friend(*packet);
    if (world_.delivered_packets(1).size() != (expected ? 1U : 0U)) std::abort();
    world_.wire.clear();
  }

 private:
  static bool owned_by_friend(const InnerPacket& packet) {
    return packet.source[0] == (packet.v4 ? 10 : 0xfd) &&
           !(packet.v4 && load_be32(packet.source) == 0x0a5a0001U);
  }
  void update(std::size_t node, const PeerUpdate& change) {
    if (!world_.engine(node).update_peer(change, world_.now(), world_.output(node))) std::abort();
  }
  void allow_all(std::size_t node, const PublicKey& key) {
    PeerUpdate change;
    change.public_key = key;
    change.allowed_ips = {*IpPrefix::parse("0.0.0.0/0"), *IpPrefix::parse("::/0")};
    update(node, change);
  }
  void shake_hands() {
    const X25519KeyPair ephemeral = X25519KeyPair::generate(stranger_);
    const PublicKey theirs = world_.key(1);
    ByteVector message(wire::k_initiation_size);
    store_le32(message.data(), wire::k_initiation);
    NoiseState state = NoiseState::wireguard();
    const bool written =
        noise_write_first(state, ephemeral, own_.public_key(), theirs, *own_.agree(theirs),
                          TimestampMaker().next(WallTime()), message.data() + 8);
    CookieJar(theirs).add_macs(message, world_.now());
    world_.wire.clear();
    world_.inject(1, message, *Endpoint::parse("203.0.113.66:1"));
    if (!written || world_.wire.empty()) std::abort();
    const ByteVector response = world_.wire.back().bytes;
    if (!noise_read_second(state, ephemeral, own_, PresharedKey(),
                           ByteView(response).subspan(12, 48), nullptr)) {
      std::abort();
    }
    remote_ = load_le32(response.data() + 4);
    sealing_ = state.split().initiator;
  }

  TunnelWorld world_{1};
  SeededKeys stranger_;
  X25519KeyPair own_;
  SecretKey sealing_;
  std::uint32_t remote_ = 0;
  std::uint64_t counter_ = 0;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  // Whatever comes from the interface belongs to some flow, always to the same one.
  if (weir::flow_hash({data, size}, 7) != weir::flow_hash({data, size}, 7)) std::abort();
  static weir::Tunnels tunnels;
  tunnels.through({data, size});
  tunnels.sealed_by_a_peer({data, size});
  return 0;
}
