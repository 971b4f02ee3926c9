// Packets from the interface, given to one engine together and to its twin one by one: the same
// datagrams leave, in the same order, and the peers deliver what was sent.
//
//     MTU (1) | room (1) | for each packet: to whom and how cut (1), size (2)
//
// Also holds the engine to what it promises an EngineOutput about buffers and runs.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>

#include "common/tunnel/messages.h"
#include "common/tunnel/session.h"
#include "tests/doubles/transport_packets.h"
#include "tests/doubles/tunnel_world.h"

namespace weir {
namespace {

constexpr std::size_t k_packets_max = 40;
constexpr std::size_t k_inner_max = 65535 - 20 - 8 - wire::k_data_size_min;
constexpr std::size_t k_peers = 3;  ///< the last one never answers

class Arena final : public EngineOutput {
 public:
  explicit Arena(std::size_t size) : bytes_(size, 0xee) {}

  ByteSpan send_buffer(const UdpPath& to, std::size_t size) override {
    if (size > room()) {
      if (!waiting_.empty()) std::abort();
      used_ = 0;
    }
    const ByteSpan buffer = ByteSpan(bytes_).subspan(used_, size);
    used_ += size;
    waiting_.push_back({to, buffer});
    return buffer;
  }
  std::size_t room() const override { return bytes_.size() - used_; }
  void send(const UdpPath& to, ByteSpan datagrams, std::size_t size) override {
    while (!waiting_.empty() && waiting_.front().second.data() != datagrams.data()) {
      waiting_.pop_front();
    }
    if (waiting_.empty() || waiting_.front().first != to) std::abort();
    if (datagrams.size() > waiting_.front().second.size()) std::abort();
    waiting_.pop_front();
    const std::size_t count = (datagrams.size() + size - 1) / size;
    if (size == 0 || count > k_send_count_max) std::abort();
    if (count > 1 && datagrams.size() > k_send_bytes_max) std::abort();
    for (; !datagrams.empty(); datagrams = datagrams.subspan(std::min(size, datagrams.size()))) {
      const ByteSpan one = datagrams.first(std::min(size, datagrams.size()));
      sent.emplace_back(to, ByteVector(one.begin(), one.end()));
    }
  }
  void deliver(ByteSpan packet) override { delivered.emplace_back(packet.begin(), packet.end()); }

  /// A call from outside is over: all that was to leave has left.
  void call_ends() {
    if (!waiting_.empty()) std::abort();
    used_ = 0;
  }

  std::vector<std::pair<UdpPath, ByteVector>> sent;
  std::vector<ByteVector> delivered;

 private:
  ByteVector bytes_;
  std::size_t used_ = 0;
  std::deque<std::pair<UdpPath, ByteSpan>> waiting_;
};

struct Node {
  Node(std::uint64_t seed, std::uint8_t number, std::size_t arena)
      : keys(seed), inner(IpAddress::v4(0x0a5a0000U + number)), out(arena) {
    PrivateKey key;
    keys.fill(key.writable());
    engine.set_private_key(key, Time(), out);
    engine.bring_up(Time(), out);
    at = {IpAddress::v4(0xc0000200U + number), 51820};
  }
  void meet(const Node& other) {
    PeerUpdate update;
    update.public_key = *other.engine.public_key();
    update.endpoint = other.at;
    update.allowed_ips = {IpPrefix::host(other.inner)};
    if (!engine.update_peer(update, Time(), out)) std::abort();
  }
  void hear(const Node& from, ByteVector datagram, Time now) {
    engine.on_datagram(datagram, UdpPath{.remote = from.at}, now, out);
    out.call_ends();
  }

  SeededKeys keys;
  IpAddress inner;
  Endpoint at;
  Arena out;
  Engine engine{{}, keys, [] { return WallTime(std::chrono::hours(500'000)); }};
};

class Twins {
 public:
  explicit Twins(std::size_t arena) : together_(1, 1, arena), apart_(1, 1, arena) {
    for (std::uint8_t i = 0; i < k_peers; ++i) {
      peers_.push_back(std::make_unique<Node>(2 + i, static_cast<std::uint8_t>(2 + i), 70'000));
      together_.meet(*peers_[i]);
      apart_.meet(*peers_[i]);
      peers_[i]->meet(together_);
      if (i + 1U < k_peers) shake_hands(*peers_[i]);
    }
    now_ += std::chrono::seconds(6);
  }

  void set_mtu(std::size_t mtu) {
    together_.engine.set_mtu(mtu);
    apart_.engine.set_mtu(mtu);
  }

  void add(std::uint8_t how, std::size_t size) {
    const Node& to = *peers_[how % k_peers];
    switch (how / k_peers % 8) {
      case 0:
        skip_to(to, k_rekey_after_messages - size % 8);
        break;
      case 1:
        skip_to(to, k_reject_after_messages - size % 64);
        break;
      case 2:
        put(ByteVector(size % 2000, how), {});
        break;
      case 3:
      case 4:
        put_large(to, size, 536 + how);
        break;
      default:
        put(ipv4_packet(together_.inner, to.inner, ByteVector(size % 65'516, how)), {});
    }
  }

  void send() {
    std::vector<SegmentedPacket> vector;
    for (const auto& [header, bytes] : packets_) {
      if (const auto packet = SegmentedPacket::read(header, bytes)) vector.push_back(*packet);
    }
    for (const SegmentedPacket& packet : vector) {
      apart_.engine.on_inner_packets(std::span(&packet, 1), now_, apart_.out);
      apart_.out.call_ends();
    }
    together_.engine.on_inner_packets(vector, now_, together_.out);
    together_.out.call_ends();
    expect_twins();
    expect_delivery(vector);
  }

 private:
  void put(ByteVector bytes, const VnetHeader& header) {
    packets_.emplace_back(header, std::move(bytes));
  }

  void put_large(const Node& to, std::size_t size, std::size_t segment) {
    TransportSpec spec;
    spec.payload = segment + 1 + size % (60'000 - segment);
    ByteVector packet = make_packet(spec);
    std::ranges::copy(together_.inner.bytes(), packet.begin() + 12);
    std::ranges::copy(to.inner.bytes(), packet.begin() + 16);
    VnetHeader header;
    header.flags = k_vnet_needs_checksum;
    header.gso_type = k_vnet_gso_tcp4;
    header.gso_size = static_cast<std::uint16_t>(segment);
    header.checksum_start = 20;
    header.checksum_offset = 16;
    put(std::move(packet), header);
  }

  /// Takes effect before the vector: it is configuration, not a packet.
  void skip_to(const Node& to, std::uint64_t counter) {
    together_.engine.skip_to(*to.engine.public_key(), counter);
    apart_.engine.skip_to(*to.engine.public_key(), counter);
  }

  void shake_hands(Node& peer) {
    const ByteVector packet = ipv4_packet(together_.inner, peer.inner, {});
    for (Node* const twin : {&together_, &apart_}) {
      twin->engine.on_inner_packet(packet, now_, twin->out);
      twin->out.call_ends();
    }
    peer.hear(together_, together_.out.sent.back().second, now_);
    const ByteVector response = peer.out.sent.back().second;
    for (Node* const twin : {&together_, &apart_}) twin->hear(peer, response, now_);
    expect_twins();
    peer.hear(together_, together_.out.sent.back().second, now_);
    if (peer.out.delivered.size() != 1) std::abort();
    peer.out.delivered.clear();
    for (Node* const twin : {&together_, &apart_}) twin->out.sent.clear();
  }

  void expect_twins() const {
    if (together_.out.sent != apart_.out.sent) std::abort();
    if (together_.engine.counters() != apart_.engine.counters()) std::abort();
    if (together_.engine.state() != apart_.engine.state()) std::abort();
    if (together_.engine.next_timer() != apart_.engine.next_timer()) std::abort();
  }

  /// What has left is a beginning of what was sent to each peer, and all of it unless the session
  /// is used up.
  void expect_delivery(const std::vector<SegmentedPacket>& vector) {
    for (const auto& [to, datagram] : together_.out.sent) {
      if (load_le32(datagram.data()) != wire::k_data) continue;
      if (load_le64(datagram.data() + 8) >= k_reject_after_messages) std::abort();
      for (const auto& peer : peers_) {
        if (peer->at == to.remote) peer->hear(together_, datagram, now_);
      }
    }
    for (const auto& peer : peers_) {
      std::size_t next = 0;
      const auto& delivered = peer->out.delivered;
      for (const SegmentedPacket& packet : vector) {
        const ByteView bytes = packet.packet();
        if (bytes.size() < 20 || bytes[0] >> 4 != 4) continue;
        if (packet.size(0) > k_inner_max) continue;
        if (!std::ranges::equal(bytes.subspan(16, 4), peer->inner.bytes())) continue;
        for (std::size_t i = 0; i < packet.count() && next < delivered.size(); ++i, ++next) {
          ByteVector segment(packet.size(i));
          packet.write(i, segment.data());
          if (delivered[next] != segment) std::abort();
        }
      }
      if (next != delivered.size()) std::abort();
    }
  }

  Time now_{std::chrono::hours(1)};
  Node together_;
  Node apart_;
  std::vector<std::unique_ptr<Node>> peers_;
  std::deque<std::pair<VnetHeader, ByteVector>> packets_;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  weir::Twins twins(70'000 + data[1] * std::size_t{1000});
  twins.set_mtu(data[0] * std::size_t{257});
  const std::size_t count = std::min((size - 2) / 3, weir::k_packets_max);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* const packet = data + 2 + 3 * i;
    twins.add(packet[0], weir::load_be16(packet + 1));
  }
  twins.send();
  return 0;
}
