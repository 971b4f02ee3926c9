// One datagram from somebody without keys, at an engine in the middle of its life. It must change
// no state and no timer, deliver nothing, and get no answer longer than itself.
//
// The first byte helps the rest past the first checks, as a sender who knows the public key could:
// bit 0 makes mac1 right, bit 1 meets an engine under load, bits 2 and 3 point data or a response
// at an index in use.

#include <cstdlib>
#include <string_view>

#include "common/tunnel/cookie.h"
#include "tests/doubles/tunnel_world.h"

namespace weir {
namespace {

/// A session between 0 and 1, and an initiation of 0 to 2 that is never answered.
struct Victim {
  explicit Victim(Engine::Options options) : world(1) {
    for (int i = 0; i < 3; ++i) world.add(options);
    world.join(0, 1);
    world.join(0, 2);
    world.filter = [](const auto& datagram) { return datagram.to.remote.address.bytes()[3] != 3; };
    world.send(0, 1);
    world.send(0, 2);
    world.run(std::chrono::milliseconds(100));
    for (const auto& datagram : world.wire) {
      if (datagram.from == 0 && datagram.type() == wire::k_initiation) {
        pending = load_le32(datagram.bytes.data() + 4);
      }
      if (datagram.from == 1 && datagram.type() == wire::k_response) {
        session = load_le32(datagram.bytes.data() + 8);
      }
    }
    if (options.handshake_burst != 0 && (pending == session || session == 0)) std::abort();
    world.wire.clear();
  }
  TunnelWorld world;
  std::uint32_t pending = 0;
  std::uint32_t session = 0;
};

Victim& victim(bool under_load) {
  Engine::Options calm;
  calm.handshakes_per_second = 1'000'000'000;
  calm.handshake_burst = 1'000'000'000;
  Engine::Options loaded;
  loaded.handshakes_per_second = 0;
  loaded.handshake_burst = 0;
  static Victim calm_one(calm);
  static Victim loaded_one(loaded);
  return under_load ? loaded_one : calm_one;
}

void attack(Victim& target, std::uint8_t help, ByteVector datagram) {
  const bool handshake =
      datagram.size() == wire::k_initiation_size || datagram.size() == wire::k_response_size;
  if ((help & 4) != 0 && datagram.size() >= 8) {
    store_le32(datagram.data() + 4, target.session);
  }
  if ((help & 8) != 0 && datagram.size() >= 12) {
    store_le32(datagram.data() + 8, target.pending);
  }
  if ((help & 1) != 0 && handshake) {
    CookieJar(target.world.key(0)).add_macs(datagram, target.world.now());
  }

  Engine& engine = target.world.engine(0);
  const DeviceState before = engine.state();
  const auto timer = engine.next_timer();
  const auto delivered = target.world.delivered_packets(0).size();
  target.world.inject(0, datagram, *Endpoint::parse("203.0.113.66:1"));
  if (engine.state() != before || engine.next_timer() != timer) std::abort();
  if (target.world.delivered_packets(0).size() != delivered) std::abort();
  std::size_t answered = 0;
  for (const auto& answer : target.world.wire) answered += answer.bytes.size();
  if (answered > datagram.size()) std::abort();
  target.world.wire.clear();
  target.world.run({});  // the answers arrive nowhere
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t help = data[0];
  weir::attack(weir::victim((help & 2) != 0), help, weir::ByteVector(data + 1, data + size));
  return 0;
}
