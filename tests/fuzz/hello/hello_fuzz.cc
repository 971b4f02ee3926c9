// Datagrams of 28 bytes, each followed by how many milliseconds pass: through the parser (accepted
// means: written the same way again) and into a failure detector.

#include <algorithm>
#include <cstdlib>

#include "agent/paths/hello_machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;         // NOLINT(google-build-using-namespace)
  using namespace weir::agent;  // NOLINT(google-build-using-namespace)
  ByteView rest(data, size);
  Time now(std::chrono::hours(1));
  HelloMachine machine(HelloMachine::Options{}, 1, now);
  HelloOutput out;
  const OverlayPeer peer{AgentId("b/agent-1"), RegionName("b"), IpAddress::v4(0x0a5a0003)};
  machine.set_peers({&peer, 1}, now, out);
  while (!rest.empty()) {
    const ByteView datagram = rest.first(std::min(rest.size(), k_hello_size));
    rest = rest.subspan(datagram.size());
    if (const auto message = parse_hello(datagram)) {
      if (!std::ranges::equal(encode_hello(*message), datagram)) std::abort();
      machine.on_message(peer.overlay, *message, now, out);
    }
    if (rest.empty()) break;
    now += std::chrono::milliseconds(rest[0]);
    rest = rest.subspan(1);
    if (now >= machine.next_wake()) machine.on_timer(now, out);
    if (machine.next_wake() <= now - std::chrono::milliseconds(50)) std::abort();
    if (out.sends.size() > 16) std::abort();  // a few messages per event at most
    out.clear();
  }
  return 0;
}
