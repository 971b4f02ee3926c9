#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/model/revision.h"
#include "common/net/ip.h"

namespace weir::controller {

/// One agent of the mesh, as the controller decided it at enrolment.
struct AgentRecord {
  AgentId id;
  RegionName region;
  ClusterName cluster;
  IpAddress overlay;
  PublicKey public_key{};
  std::uint16_t listen_port = 0;  // where it says its tunnel listens; 0: not said
  std::int64_t joined_unix_ms = 0;
  std::int64_t first_session_unix_ms = 0;  // 0: never connected since it joined
  std::string certificate_serial;          // hex, of the newest certificate
  std::int64_t certificate_expires_unix_ms = 0;
  std::string token_id;  // by which it joined
  friend bool operator==(const AgentRecord&, const AgentRecord&) = default;
};

/// Longest name of a region: "<region>/agent-<number>" must be a name too, and a key of the store.
inline constexpr std::size_t k_region_name_max = 100;

/// "us-east-1/agent-7".
AgentId make_agent_id(const RegionName& region, std::uint64_t number);

// Where rows lie in the store.
inline constexpr std::string_view k_agent_rows = "registry/agent/";
std::string agent_row_key(const AgentId& agent);
/// One row per public key, naming its agent: no key belongs to two.
std::string public_key_row_key(const PublicKey& key);
/// The number the region's next agent gets, in decimal; numbers are never used again.
std::string next_number_row_key(const RegionName& region);
/// One row per granted address, naming its agent.
std::string grant_row_key(const IpAddress& address);

std::string encode_agent(const AgentRecord& agent);
/// Errors: data_loss (not such a row, or a field out of its range).
Result<AgentRecord> decode_agent(std::string_view row);

}  // namespace weir::controller
