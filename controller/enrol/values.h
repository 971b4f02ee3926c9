#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/crypto/secret_text.h"
#include "common/crypto/x509.h"
#include "common/join/join_token.h"
#include "common/net/ip.h"
#include "controller/registry/agent_record.h"

namespace weir::controller {

// What goes in and out of enrolment, whatever carries it.

struct TokenRequest {
  RegionName region;
  ClusterName cluster;
  std::chrono::seconds ttl{0};  // 0: 10 minutes; at most 7 days
  std::uint32_t uses = 0;       // 0: one; at most 1000
  // An agent of this region and cluster whose machine or disk is gone: it leaves the mesh in the
  // transaction that redeems the token. Its name is not given again, as its certificate may live
  // on somewhere. Empty: none.
  AgentId replaces = {};
};

enum class TokenState { open, redeemed, expired, revoked };
/// "open", "redeemed", "expired", "revoked".
std::string_view token_state_name(TokenState state);

/// What may be told about a token.
struct TokenInfo {
  TokenId id{};
  RegionName region;
  ClusterName cluster;
  std::int64_t created_unix_ms = 0;
  std::int64_t expires_unix_ms = 0;
  std::uint32_t uses_left = 0;
  TokenState state = TokenState::open;
  AgentId replaces;  // empty: none
  std::vector<AgentId> redeemed_by;
};

struct NewToken {
  TokenInfo info;
  SecretText text;  // shown this once
};

/// As it came from outside: nothing of it has been checked.
struct EnrolRequest {
  std::string token_id;
  ByteVector token_secret;  // the redeem secret
  ByteVector public_key;
  ByteVector key_proof;  // common/join/enrol_proof.h
  ByteVector csr_der;
  std::uint32_t listen_port = 0;
  std::string claimed_region;   // empty: no claim
  std::string claimed_cluster;  // empty: no claim
};

struct EnrolReply {
  std::string mesh;
  ByteVector mesh_id;
  AgentRecord agent;
  IpPrefix overlay_prefix;
  IpAddress controller_overlay;
  ByteVector certificate_der;
  ByteVector ca_der;
};

struct RenewedCertificate {
  AgentId agent;
  Certificate certificate;
};

/// The far end of a bootstrap tunnel: allowed to reach the controller's bootstrap address alone.
struct BootstrapPeer {
  TokenId token{};
  PublicKey public_key{};
  IpAddress address;
  std::int64_t expires_unix_ms = 0;
};

}  // namespace weir::controller
