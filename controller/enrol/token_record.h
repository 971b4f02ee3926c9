#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/enrol/values.h"

namespace weir::controller {

/// What the controller keeps of a token: enough to recognise it, not enough to use it.
struct TokenRecord {
  struct Redemption {
    AgentId agent;
    PublicKey public_key{};
    std::int64_t unix_ms = 0;
    friend bool operator==(const Redemption&, const Redemption&) = default;
  };

  TokenId id{};
  PublicKey bootstrap_key{};
  Sha256Digest redeem_hash{};
  RegionName region;
  ClusterName cluster;
  std::int64_t created_unix_ms = 0;
  std::int64_t expires_unix_ms = 0;
  std::uint32_t uses = 1;
  std::int64_t revoked_unix_ms = 0;  // 0: not revoked
  AgentId replaces;                  // goes when the token is redeemed; empty: none
  std::vector<Redemption> redemptions;

  TokenState state(std::int64_t now_unix_ms) const;
  TokenInfo info(std::int64_t now_unix_ms) const;
  const Redemption* redemption_of(const PublicKey& key) const;
  friend bool operator==(const TokenRecord&, const TokenRecord&) = default;
};

inline constexpr std::string_view k_token_rows = "enrol/token/";
std::string token_row_key(const TokenId& id);
std::string encode_token_record(const TokenRecord& token);
/// Errors: data_loss.
Result<TokenRecord> decode_token_record(std::string_view row);

}  // namespace weir::controller
