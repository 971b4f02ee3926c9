// Two engines, and a script of what befalls them: each pair of bytes is an action and its measure.
// Whatever the wire does: nothing is delivered twice or unsent, no nonce is used twice, nobody
// moves to an address that never spoke, and when it ends both reach each other.

#include <algorithm>
#include <cstdlib>
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
    switch (action % 12) {
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
    }
  }

  void check() {
    world_.faults = {};
    lose_ = break_bit_ = 0;
    tell(0);
    tell(1);
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
      std::set<std::uint64_t> seen;
      for (const std::uint64_t number : world_.delivered(node)) {
        if (!seen.insert(number).second || number > sent_) std::abort();
      }
      const auto endpoint = world_.peer(node, 1 - node).endpoint;
      if (endpoint && !known_.contains(*endpoint)) std::abort();
    }
  }

 private:
  void send(std::size_t node) { world_.send(node, 1 - node, ++sent_); }

  bool on_wire(const TunnelWorld::Datagram& datagram) {
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

  /// `node` learns where the other one is.
  void tell(std::size_t node) {
    PeerUpdate update;
    update.public_key = world_.key(1 - node);
    update.endpoint = world_.endpoint(1 - node);
    if (!world_.engine(node).update_peer(update, world_.now(), world_.output(node))) std::abort();
  }

  void restart(std::size_t node) {
    world_.engine(node).take_down();
    world_.engine(node).bring_up(world_.now(), world_.output(node));
  }

  TunnelWorld world_{1};
  std::uint64_t sent_ = 0;
  std::uint8_t lose_ = 0;
  std::uint8_t break_bit_ = 0;
  std::set<Endpoint> known_;
  std::vector<std::pair<std::size_t, ByteVector>> broken_;
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
