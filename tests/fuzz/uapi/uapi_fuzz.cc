// UAPI text from a hostile client: never a crash, never more than the limits, the same requests
// however the bytes are cut, and a device that an engine takes and `get` tells truly. The first
// byte chooses where to cut.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/assert.h"
#include "common/tunnel/uapi.h"
#include "tests/doubles/tunnel_world.h"

namespace {

using namespace weir;

bool same(const PeerUpdate& a, const PeerUpdate& b) {
  return a.public_key == b.public_key && a.remove == b.remove && a.update_only == b.update_only &&
         a.replace_allowed_ips == b.replace_allowed_ips && a.preshared_key == b.preshared_key &&
         a.endpoint == b.endpoint && a.endpoint_interface == b.endpoint_interface &&
         a.persistent_keepalive == b.persistent_keepalive && a.allowed_ips == b.allowed_ips &&
         a.removed_allowed_ips == b.removed_allowed_ips;
}

bool same(const UapiRequest& a, const UapiRequest& b) {
  if (a.index() != b.index()) return false;
  if (const auto* refusal = std::get_if<UapiRefusal>(&a)) {
    return refusal->error == std::get<UapiRefusal>(b).error;
  }
  const auto* set = std::get_if<UapiSet>(&a);
  if (set == nullptr) return true;
  const auto& other = std::get<UapiSet>(b);
  return set->private_key == other.private_key && set->listen_port == other.listen_port &&
         set->fwmark == other.fwmark && set->replace_peers == other.replace_peers &&
         std::ranges::equal(set->peers, other.peers,
                            [](const auto& x, const auto& y) { return same(x, y); });
}

void check_limits(const UapiSet& set) {
  WEIR_ASSERT(set.peers.size() <= UapiParser::k_peers_max, "too many peers");
  for (const auto& peer : set.peers) {
    WEIR_ASSERT(!peer.persistent_keepalive || peer.persistent_keepalive->count() <= 65535,
                "keepalive out of range");
    WEIR_ASSERT(peer.endpoint_interface == 0 || peer.endpoint->address.is_link_local(),
                "a zone beside a global address");
  }
}

/// As the device's worker does it.
void apply(TunnelWorld& world, std::size_t node, const UapiSet& set) {
  Engine& engine = world.engine(node);
  EngineOutput& out = world.output(node);
  if (set.private_key) engine.set_private_key(*set.private_key, world.now(), out);
  if (set.replace_peers) engine.remove_all_peers();
  for (const PeerUpdate& peer : set.peers) {
    if (!engine.update_peer(peer, world.now(), out)) break;
  }
}

/// What `get` prints, read again as a `set`, is the same device.
void check_told(const DeviceState& state) {
  const std::string told = print_uapi_get({.device = state});
  std::string set = "set=1\n";
  for (std::size_t at = 0; at < told.size();) {
    const std::size_t end = told.find('\n', at);
    const std::string_view line = std::string_view(told).substr(at, end - at);
    at = end + 1;
    const std::string_view key = line.substr(0, line.find('='));
    const bool only_told = key == "errno" || key == "last_handshake_time_sec" ||
                           key == "last_handshake_time_nsec" || key == "tx_bytes" ||
                           key == "rx_bytes";
    if (!only_told && !line.empty()) set.append(line).append("\n");
  }
  const auto again = UapiParser().feed(set + "\n");
  WEIR_ASSERT(again.size() == 1 && std::holds_alternative<UapiSet>(again[0]), "unreadable: " + set);
  const auto& read = std::get<UapiSet>(again[0]);
  WEIR_ASSERT(read.private_key == state.private_key, "another private key is told");
  WEIR_ASSERT(read.peers.size() == state.peers.size(), "not every peer is told");
  for (std::size_t i = 0; i < read.peers.size(); ++i) {
    const PeerUpdate& peer = read.peers[i];
    const PeerState& known = state.peers[i];
    WEIR_ASSERT(peer.public_key == known.public_key && peer.endpoint == known.endpoint &&
                    peer.endpoint_interface == known.endpoint_interface &&
                    peer.preshared_key == known.preshared_key.value_or(PresharedKey()) &&
                    peer.persistent_keepalive == known.persistent_keepalive &&
                    peer.allowed_ips == known.allowed_ips,
                "a peer is told otherwise than it is");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t cut = text.empty() ? 0 : data[0] % text.size();

  UapiParser whole;
  const auto in_one = whole.feed(text);

  UapiParser parts;
  auto in_two = parts.feed(text.substr(0, cut));
  for (auto& request : parts.feed(text.substr(cut))) in_two.push_back(std::move(request));
  WEIR_ASSERT(
      std::ranges::equal(in_one, in_two, [](const auto& a, const auto& b) { return same(a, b); }),
      "the cut changed the requests");
  WEIR_ASSERT(whole.broken() == parts.broken(), "the cut changed the end");

  TunnelWorld world(1);
  const std::size_t node = world.add();
  for (const UapiRequest& request : in_one) {
    const auto* const set = std::get_if<UapiSet>(&request);
    if (set == nullptr) continue;
    check_limits(*set);
    apply(world, node, *set);
    check_told(world.engine(node).state());
  }
  return 0;
}
