// One datagram as a request to a reflector (the answer is never longer) and as an answer to a
// sender.

#include <cstdlib>

#include "agent/paths/path_estimator.h"
#include "agent/paths/stamp_reflector.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;         // NOLINT(google-build-using-namespace)
  using namespace weir::agent;  // NOLINT(google-build-using-namespace)
  const ByteView datagram(data, size);
  const Time now(std::chrono::hours(1));
  const WallTime wall(std::chrono::seconds(1'700'000'000));
  const OverlayPeer peer{AgentId("b/agent-1"), RegionName("b"), IpAddress::v4(0x0a5a0003)};
  StampReflector reflector(200, 50);
  reflector.set_peers({&peer, 1});
  const auto answer = reflector.reflect({{peer.overlay, 1000}, datagram, 64, wall}, wall, now);
  if (answer && (answer->size() > size || !parse_stamp_reply(*answer))) std::abort();

  if (const auto reply = parse_stamp_reply(datagram)) {
    PathEstimator estimator({});
    estimator.sent(now);
    estimator.sent(now);
    const auto held = reply->held();
    if (estimator.sent_at(reply->sender_sequence, now) && held) {
      estimator.answered(reply->sender_sequence, reply->sequence, std::chrono::seconds(1) - *held);
    }
    if (estimator.report(now + std::chrono::seconds(1)).sent != 2) std::abort();
  }
  return 0;
}
