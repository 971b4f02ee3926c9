#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/model/service.h"
#include "common/net/ip.h"

namespace weir {

/// A WireGuard public key.
using PublicKey = std::array<std::uint8_t, 32>;

/// Which published state: ordered, epoch first. {0, 0} is "none yet".
struct RevisionId {
  std::uint64_t epoch = 0;
  std::uint64_t generation = 0;
  friend auto operator<=>(const RevisionId&, const RevisionId&) = default;
};

/// Another agent, or the controller, at the other end of a tunnel.
struct MeshPeer {
  AgentId agent;
  RegionName region;
  ClusterName cluster;
  IpAddress overlay;
  PublicKey public_key{};
  std::optional<Endpoint> endpoint;  // none: it comes to us
  bool controller = false;
  std::chrono::seconds keepalive{0};
  friend bool operator==(const MeshPeer&, const MeshPeer&) = default;
};

/// Who the receiver of a revision is.
struct MeshSelf {
  AgentId agent;
  RegionName region;
  ClusterName cluster;
  IpAddress overlay;
  IpPrefix overlay_prefix;
  friend bool operator==(const MeshSelf&, const MeshSelf&) = default;
};

/// The whole state the controller wants of one agent. A value; immutable once shared.
struct Revision {
  RevisionId id;
  ByteVector digest;  // SHA-256 over the canonical serialisation, see common/model/codec.h
  std::int64_t issued_unix_ms = 0;
  std::string mesh;
  MeshSelf self;
  std::vector<MeshPeer> peers;
  std::vector<ServicePlan> services;
  friend bool operator==(const Revision&, const Revision&) = default;
};

/// Every rule a revision must meet whoever sends it: names and counts within limits, no peer twice,
/// overlay addresses inside the prefix and different, at least one destination with a weight above
/// 0 per service, weights and shares in range, residency respected, ports different. Cost O(n log
/// n). Errors: invalid_argument (what, the value, the rule), resource_exhausted.
Status validate(const Revision& revision);

inline constexpr std::size_t k_peers_max = 4096;
inline constexpr std::size_t k_services_max = 4096;
inline constexpr std::size_t k_regions_max = 512;
inline constexpr std::size_t k_name_max = 200;

/// 1 to 200 characters of a-z 0-9 - . _ and, where allowed, '/' between two such parts.
bool valid_name(std::string_view text, bool with_slash);

}  // namespace weir
