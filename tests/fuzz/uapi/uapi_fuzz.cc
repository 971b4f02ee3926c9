// UAPI text from a hostile client: never a crash, never more than the limits, and the same answer
// however the bytes are cut. The first byte chooses where to cut.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/base/assert.h"
#include "common/tunnel/uapi.h"

namespace {

std::size_t count_and_check(const std::vector<weir::UapiRequest>& requests) {
  for (const auto& request : requests) {
    const auto* set = std::get_if<weir::UapiSet>(&request);
    if (set == nullptr) continue;
    WEIR_ASSERT(set->peers.size() <= weir::UapiParser::k_peers_max, "too many peers");
    for (const auto& peer : set->peers) {
      WEIR_ASSERT(!peer.persistent_keepalive || peer.persistent_keepalive->count() <= 65535,
                  "keepalive out of range");
    }
  }
  return requests.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t cut = text.empty() ? 0 : data[0] % text.size();

  weir::UapiParser whole;
  const std::size_t in_one = count_and_check(whole.feed(text));

  weir::UapiParser parts;
  std::size_t in_two = count_and_check(parts.feed(text.substr(0, cut)));
  in_two += count_and_check(parts.feed(text.substr(cut)));

  WEIR_ASSERT(in_one == in_two, "the cut changed the number of requests");
  WEIR_ASSERT(whole.broken() == parts.broken(), "the cut changed the end");
  return 0;
}
