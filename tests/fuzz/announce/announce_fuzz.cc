// Datagrams, each after its length in two bytes, into the inbox of announcements.

#include <algorithm>
#include <cstdlib>

#include "agent/health/announce_inbox.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;         // NOLINT(google-build-using-namespace)
  using namespace weir::agent;  // NOLINT(google-build-using-namespace)
  ByteView rest(data, size);
  Time now(std::chrono::hours(1));
  AnnounceInbox inbox(std::chrono::seconds(5));
  const OverlayPeer peer{AgentId("b/agent-1"), RegionName("b"), IpAddress::v4(0x0a5a0003)};
  inbox.set_peers({&peer, 1});
  while (rest.size() >= 2) {
    const std::size_t length = std::min<std::size_t>(load_be16(rest.data()), rest.size() - 2);
    const ByteView datagram = rest.subspan(2, length);
    rest = rest.subspan(2 + length);
    now += std::chrono::milliseconds(300);
    inbox.on_timer(now);
    const auto part = parse_announcement(datagram);
    if (!part) continue;
    if (part->parts == 1) {  // accepted means: written the same way again
      const auto again = encode_announcement(part->boot_id, part->sequence, part->services);
      if (again.size() != 1 || !std::ranges::equal(again[0], datagram)) std::abort();
    }
    inbox.on_part(peer.overlay, *part, now);
    for (const RegionHealth& health : inbox.said_by(peer.agent)) {
      const double share = health.healthy_share.value();
      if (!(share >= 0 && share <= 1)) std::abort();
    }
  }
  return 0;
}
