#include "tests/doubles/tunnel_world.h"

#include <algorithm>

#include "common/crypto/x25519.h"

namespace weir {

ByteVector ipv4_packet(const IpAddress& source, const IpAddress& destination, ByteView payload) {
  ByteVector packet(20);
  packet[0] = 0x45;
  store_be16(packet.data() + 2, static_cast<std::uint16_t>(20 + payload.size()));
  packet[8] = 64;
  packet[9] = 17;
  std::ranges::copy(source.bytes(), packet.begin() + 12);
  std::ranges::copy(destination.bytes(), packet.begin() + 16);
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

ByteVector ipv6_packet(const IpAddress& source, const IpAddress& destination, ByteView payload) {
  ByteVector packet(40);
  packet[0] = 0x60;
  store_be16(packet.data() + 4, static_cast<std::uint16_t>(payload.size()));
  packet[6] = 17;
  packet[7] = 64;
  std::ranges::copy(source.bytes(), packet.begin() + 8);
  std::ranges::copy(destination.bytes(), packet.begin() + 24);
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

struct TunnelWorld::Node final : EngineOutput {
  Node(TunnelWorld& its_world, std::size_t its_number, std::uint64_t seed, Engine::Options options)
      : world(its_world), number(its_number), keys(seed), engine(options, keys, [this] {
          return WallTime(world.now_.time_since_epoch() + world.wall_offset);
        }) {}

  ByteSpan send_buffer(const UdpPath&, std::size_t size) override {
    arena.resize(std::max(arena.size(), size));
    return ByteSpan(arena).first(size);
  }
  std::size_t room() const override { return 0; }
  void send(const UdpPath& to, ByteSpan datagrams, std::size_t size) override {
    for (; !datagrams.empty(); datagrams = datagrams.subspan(std::min(size, datagrams.size()))) {
      world.transmit(number, to, datagrams.first(std::min(size, datagrams.size())));
    }
  }
  void deliver(ByteSpan packet) override {
    packets.emplace_back(packet.begin(), packet.end());
    if (packet.size() == 28) numbers.push_back(load_be64(packet.data() + 20));
  }

  TunnelWorld& world;
  const std::size_t number;
  SeededKeys keys;
  Engine engine;
  PublicKey key{};
  Endpoint at;
  ByteVector arena;
  std::vector<ByteVector> packets;
  std::vector<std::uint64_t> numbers;
};

TunnelWorld::TunnelWorld(std::uint64_t seed) : rng_(seed) {}

TunnelWorld::~TunnelWorld() = default;

std::size_t TunnelWorld::add(Engine::Options options) {
  const std::size_t number = nodes_.size();
  nodes_.push_back(std::make_unique<Node>(*this, number, rng_.next(), options));
  Node& node = *nodes_.back();
  PrivateKey key;
  node.keys.fill(key.writable());
  node.at = Endpoint{IpAddress::v4(0xc0000200U + static_cast<std::uint32_t>(number) + 1), 51820};
  node.engine.set_private_key(key, now_, node);
  node.engine.bring_up(now_, node);
  node.key = *node.engine.public_key();
  return number;
}

PeerUpdate TunnelWorld::peer_of(std::size_t b) const {
  PeerUpdate update;
  update.public_key = nodes_[b]->key;
  update.endpoint = nodes_[b]->at;
  update.allowed_ips = {IpPrefix::host(inner(b))};
  return update;
}

void TunnelWorld::join(std::size_t a, std::size_t b) {
  (void)nodes_[a]->engine.update_peer(peer_of(b), now_, *nodes_[a]);
  (void)nodes_[b]->engine.update_peer(peer_of(a), now_, *nodes_[b]);
}

Engine& TunnelWorld::engine(std::size_t node) { return nodes_[node]->engine; }
PublicKey TunnelWorld::key(std::size_t node) const { return nodes_[node]->key; }
Endpoint TunnelWorld::endpoint(std::size_t node) const { return nodes_[node]->at; }
void TunnelWorld::move(std::size_t node, const Endpoint& to) { nodes_[node]->at = to; }
EngineOutput& TunnelWorld::output(std::size_t node) { return *nodes_[node]; }

IpAddress TunnelWorld::inner(std::size_t node) {
  return IpAddress::v4(0x0a5a0000U + static_cast<std::uint32_t>(node) + 1);
}

PeerState TunnelWorld::peer(std::size_t node, std::size_t other) const {
  for (PeerState& state : nodes_[node]->engine.state().peers) {
    if (state.public_key == nodes_[other]->key) return state;
  }
  return {};
}

InnerVerdict TunnelWorld::send(std::size_t from, std::size_t to, std::uint64_t number) {
  std::array<std::uint8_t, 8> payload{};
  store_be64(payload.data(), number);
  return send_raw(from, ipv4_packet(inner(from), inner(to), payload));
}

InnerVerdict TunnelWorld::send_raw(std::size_t from, ByteView packet) {
  return nodes_[from]->engine.on_inner_packet(packet, now_, *nodes_[from]);
}

void TunnelWorld::inject(std::size_t to, ByteVector bytes, const Endpoint& from) {
  nodes_[to]->engine.on_datagram(bytes, UdpPath{.remote = from}, now_, *nodes_[to]);
}

const std::vector<std::uint64_t>& TunnelWorld::delivered(std::size_t node) const {
  return nodes_[node]->numbers;
}

const std::vector<ByteVector>& TunnelWorld::delivered_packets(std::size_t node) const {
  return nodes_[node]->packets;
}

void TunnelWorld::forget_delivered(std::size_t node) {
  nodes_[node]->packets.clear();
  nodes_[node]->numbers.clear();
}

void TunnelWorld::transmit(std::size_t from, const UdpPath& to, ByteView bytes) {
  const Datagram datagram{now_, from, to, ByteVector(bytes.begin(), bytes.end())};
  if (keep_wire) wire.push_back(datagram);
  if (filter && !filter(datagram)) return;
  const int copies = rng_.chance(faults.duplicate) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (rng_.chance(faults.loss)) continue;
    const auto jitter = static_cast<std::uint64_t>(faults.jitter.count());
    const Duration delay = faults.delay + Duration(rng_.below(jitter + 1));
    flights_.emplace(now_ + delay, Flight{nodes_[from]->at, to.remote, datagram.bytes});
  }
}

void TunnelWorld::run(Duration duration) {
  const Time end = now_ + duration;
  for (;;) {
    Time next = end;
    Node* timer_of = nullptr;
    for (const auto& node : nodes_) {
      const auto timer = node->engine.next_timer();
      if (timer && *timer < next) {
        next = *timer;
        timer_of = node.get();
      }
    }
    const bool arrives = !flights_.empty() && flights_.begin()->first <= next;
    if (!arrives && timer_of == nullptr) break;
    if (!arrives) {
      now_ = std::max(now_, next);
      timer_of->engine.on_timer(now_, *timer_of);
      continue;
    }
    now_ = std::max(now_, flights_.begin()->first);
    auto flight = flights_.extract(flights_.begin());
    for (const auto& node : nodes_) {
      if (node->at != flight.mapped().to) continue;
      node->engine.on_datagram(flight.mapped().bytes, UdpPath{.remote = flight.mapped().from}, now_,
                               *node);
    }
  }
  now_ = end;
}

std::size_t TunnelWorld::count(std::uint32_t type) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      wire, [type](const Datagram& datagram) { return datagram.type() == type; }));
}

std::size_t TunnelWorld::count(std::uint32_t type, std::size_t from) const {
  return static_cast<std::size_t>(std::ranges::count_if(wire, [=](const Datagram& datagram) {
    return datagram.type() == type && datagram.from == from;
  }));
}

}  // namespace weir
