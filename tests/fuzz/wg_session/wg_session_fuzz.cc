// Two engines, and a script of what befalls them: each pair of bytes is an action and its measure.
// Whatever the wire does: nothing is delivered twice or unsent, no nonce is used twice, nobody
// starts handshakes closer together than five seconds or moves to an address that never spoke, and
// when it ends both reach each other and then fall silent.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <set>

#include "common/tunnel/messages.h"
#include "tests/doubles/tunnel_world.h"

namespace weir {
namespace {

constexpr std::size_t k_steps_max = 120;

class Script {
 public:
  Script() {
    world_.add();
    world_.add();
    world_.join(0, 1);
    known_ = {world_.endpoint(0), world_.endpoint(1)};
    world_.filter = [this](const TunnelWorld::Datagram& datagram) { return on_wire(datagram); };
  }

  void act(std::uint8_t action, std::uint8_t measure) {
    const std::size_t node = measure % 2;
    switch (action % 16) {
      case 0:
      case 1:
        for (int i = 0; i <= measure % 8; ++i) send(node);
        break;
      case 2:
        world_.run(std::chrono::milliseconds(measure * 8));
        break;
      case 3:
        world_.run(std::chrono::seconds(measure * 3));
        break;
      case 4:
        lose_ = measure;
        break;
      case 5:
        break_bit_ = measure;
        break;
      case 6:
        replay(measure);
        break;
      case 7:
        world_.faults.jitter = std::chrono::milliseconds(measure * 20);
        break;
      case 8:
        move(node, measure);
        break;
      case 9:
        world_.wall_offset += std::chrono::hours(measure) - std::chrono::hours(128);
        break;
      case 10:
        world_.sleep(std::chrono::seconds(measure * 10));
        break;
      case 11:
        restart(node);
        break;
      case 12:
        world_.faults.duplicate = measure / 255.0;
        break;
      case 13:
        keep_alive(node, std::chrono::seconds(measure / 2));
        break;
      case 14:
        share(node, static_cast<std::uint8_t>(measure / 16));
        break;
      case 15:
        world_.engine(node).set_mtu(measure * 8U);
        for (std::size_t i = 0; i < 3; ++i) send(node, i * measure);
        break;
    }
  }

  void check() {
    world_.faults = {};
    lose_ = break_bit_ = 0;
    for (const std::size_t node : {0U, 1U}) {
      tell(node);
      share(node, 0);
      keep_alive(node, {});
    }
    world_.run(std::chrono::seconds(100));
    // Whoever uses a session the other has forgotten learns it by silence, 15 s after a packet.
    send(0);
    send(1);
    world_.run(std::chrono::seconds(40));
    for (const std::size_t node : {0U, 1U}) {
      send(node);
      world_.run(std::chrono::seconds(12));
      const auto& delivered = world_.delivered(1 - node);
      if (delivered.empty() || delivered.back() != sent_) std::abort();
    }
    for (const std::size_t node : {0U, 1U}) {
      for (const ByteVector& packet : world_.delivered_packets(node)) {
        if (underway_[node].erase(packet) != 1) std::abort();
      }
      const auto endpoint = world_.peer(node, 1 - node).endpoint;
      if (endpoint && !known_.contains(*endpoint)) std::abort();
    }
    world_.run(std::chrono::seconds(600));
    const std::size_t said = world_.wire.size();
    world_.run(std::chrono::hours(1));
    if (world_.wire.size() != said) std::abort();
  }

 private:
  /// A packet that is like no other.
  void send(std::size_t node, std::size_t more = 0) {
    ByteVector payload(8 + more);
    store_be64(payload.data(), ++sent_);
    const ByteVector packet =
        ipv4_packet(TunnelWorld::inner(node), TunnelWorld::inner(1 - node), payload);
    world_.send_raw(node, packet);
    underway_[1 - node].insert(packet);
  }

  bool on_wire(const TunnelWorld::Datagram& datagram) {
    if (datagram.type() == wire::k_initiation) {
      // One initiation may go two ways at once: to where the peer was, and to where it may be.
      auto& last = last_initiation_[datagram.from];
      const bool copy = last && last->sent == datagram.sent && last->bytes == datagram.bytes;
      if (last && !copy && datagram.sent - last->sent < std::chrono::seconds(5)) std::abort();
      last = datagram;
    }
    if (datagram.type() == wire::k_data) {
      const std::uint32_t index = load_le32(datagram.bytes.data() + 4);
      const std::uint64_t counter = load_le64(datagram.bytes.data() + 8);
      if (!nonces_.insert({datagram.from, index, counter}).second) std::abort();
    }
    if (lose_ > 0) {
      --lose_;
      return false;
    }
    if (break_bit_ > 0) {
      ByteVector broken = datagram.bytes;
      const std::size_t bit = break_bit_ * 37U % (broken.size() * 8);
      broken[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      --break_bit_;
      broken_.push_back({1 - datagram.from, std::move(broken)});
      return false;
    }
    return true;
  }

  /// Something that was on the wire, once more, from a stranger; and all that was broken.
  void replay(std::uint8_t which) {
    const Endpoint stranger = *Endpoint::parse("203.0.113.66:66");
    for (auto& [to, bytes] : std::exchange(broken_, {})) world_.inject(to, bytes, stranger);
    if (world_.wire.empty()) return;
    const auto& datagram = world_.wire[world_.wire.size() - 1 - which % world_.wire.size()];
    const ByteVector bytes = datagram.bytes;
    const std::size_t to = 1 - datagram.from;
    // A first copy may be what the network lost: then it is no replay, and its sender has moved.
    known_.insert(stranger);
    world_.inject(to, bytes, stranger);
  }

  void move(std::size_t node, std::uint8_t host) {
    const Endpoint to{IpAddress::v4(0xc6336400U + host), 1000};
    if (to == world_.endpoint(1 - node)) return;
    world_.move(node, to);
    known_.insert(to);
    if (host % 3 == 0) tell(1 - node);
  }

  void update(std::size_t node, PeerUpdate change) {
    change.public_key = world_.key(1 - node);
    if (!world_.engine(node).update_peer(change, world_.now(), world_.output(node))) std::abort();
  }

  /// `node` learns where the other one is.
  void tell(std::size_t node) {
    PeerUpdate change;
    change.endpoint = world_.endpoint(1 - node);
    update(node, change);
  }

  void keep_alive(std::size_t node, std::chrono::seconds interval) {
    PeerUpdate change;
    change.persistent_keepalive = interval;
    update(node, change);
  }

  /// One end's preshared key: until the other has the same, no handshake is done.
  void share(std::size_t node, std::uint8_t key) {
    PeerUpdate change;
    change.preshared_key.emplace();
    std::ranges::fill(change.preshared_key->writable(), key);
    update(node, change);
  }

  void restart(std::size_t node) {
    last_initiation_[node].reset();
    world_.engine(node).take_down();
    world_.engine(node).bring_up(world_.now(), world_.output(node));
  }

  TunnelWorld world_{1};
  std::uint64_t sent_ = 0;
  std::uint8_t lose_ = 0;
  std::uint8_t break_bit_ = 0;
  std::set<Endpoint> known_;
  std::vector<std::pair<std::size_t, ByteVector>> broken_;
  std::array<std::set<ByteVector>, 2> underway_;  ///< by receiver: sent, each once
  std::array<std::optional<TunnelWorld::Datagram>, 2> last_initiation_;
  std::set<std::tuple<std::size_t, std::uint32_t, std::uint64_t>> nonces_;
};

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::Script script;
  const std::size_t steps = std::min(size / 2, weir::k_steps_max);
  for (std::size_t i = 0; i < steps; ++i) script.act(data[2 * i], data[2 * i + 1]);
  script.check();
  return 0;
}
