#include "controller/enrol/token_record.h"

#include <algorithm>
#include <utility>

#include "common/base/bytes.h"
#include "common/model/revision.h"
#include "weir/store/v1/rows.pb.h"

namespace weir::controller {
namespace {

template <std::size_t N>
bool read_bytes(const std::string& text, std::array<std::uint8_t, N>& out) {
  if (text.size() != N) return false;
  std::ranges::copy(as_bytes(text), out.begin());
  return true;
}

template <typename Bytes>
std::string to_field(const Bytes& bytes) {
  return std::string(as_text(bytes));
}

}  // namespace

std::string_view token_state_name(TokenState state) {
  switch (state) {
    case TokenState::open:
      return "open";
    case TokenState::redeemed:
      return "redeemed";
    case TokenState::expired:
      return "expired";
    case TokenState::revoked:
      return "revoked";
  }
  return "unknown";
}

TokenState TokenRecord::state(std::int64_t now_unix_ms) const {
  if (revoked_unix_ms != 0) return TokenState::revoked;
  if (redemptions.size() >= uses) return TokenState::redeemed;
  return now_unix_ms >= expires_unix_ms ? TokenState::expired : TokenState::open;
}

TokenInfo TokenRecord::info(std::int64_t now_unix_ms) const {
  TokenInfo info{.id = id,
                 .region = region,
                 .cluster = cluster,
                 .created_unix_ms = created_unix_ms,
                 .expires_unix_ms = expires_unix_ms,
                 .uses_left = uses - static_cast<std::uint32_t>(
                                         std::min<std::size_t>(uses, redemptions.size())),
                 .state = state(now_unix_ms),
                 .replaces = replaces,
                 .redeemed_by = {}};
  for (const Redemption& redemption : redemptions) info.redeemed_by.push_back(redemption.agent);
  return info;
}

const TokenRecord::Redemption* TokenRecord::redemption_of(const PublicKey& key) const {
  const auto found = std::ranges::find(redemptions, key, &Redemption::public_key);
  return found == redemptions.end() ? nullptr : &*found;
}

std::string token_row_key(const TokenId& id) { return std::string(k_token_rows) + to_string(id); }

std::string encode_token_record(const TokenRecord& token) {
  store::v1::TokenRow row;
  row.set_id(to_string(token.id));
  row.set_bootstrap_public_key(to_field(token.bootstrap_key));
  row.set_redeem_hash(to_field(token.redeem_hash));
  row.set_region(token.region.value());
  row.set_cluster(token.cluster.value());
  row.set_created_unix_ms(token.created_unix_ms);
  row.set_expires_unix_ms(token.expires_unix_ms);
  row.set_uses(token.uses);
  row.set_revoked_unix_ms(token.revoked_unix_ms);
  row.set_replaces(token.replaces.value());
  for (const auto& redemption : token.redemptions) {
    auto* added = row.add_redemptions();
    added->set_agent(redemption.agent.value());
    added->set_public_key(to_field(redemption.public_key));
    added->set_unix_ms(redemption.unix_ms);
  }
  return row.SerializeAsString();
}

Result<TokenRecord> decode_token_record(std::string_view text) {
  store::v1::TokenRow row;
  TokenRecord token;
  bool sound = row.ParseFromArray(text.data(), static_cast<int>(text.size()));
  const auto id = parse_token_id(row.id());
  sound = sound && id && read_bytes(row.bootstrap_public_key(), token.bootstrap_key) &&
          read_bytes(row.redeem_hash(), token.redeem_hash) && valid_name(row.region(), false) &&
          valid_name(row.cluster(), false);
  for (const auto& redemption : row.redemptions()) {
    auto& added = token.redemptions.emplace_back();
    added.agent = AgentId(redemption.agent());
    added.unix_ms = redemption.unix_ms();
    sound = sound && read_bytes(redemption.public_key(), added.public_key);
  }
  if (!sound) {
    return fail(Code::data_loss,
                "the stored row of a join token cannot be read; restore the store "
                "from a backup");
  }
  token.id = *id;
  token.region = RegionName(row.region());
  token.cluster = ClusterName(row.cluster());
  token.created_unix_ms = row.created_unix_ms();
  token.expires_unix_ms = row.expires_unix_ms();
  token.uses = row.uses();
  token.revoked_unix_ms = row.revoked_unix_ms();
  token.replaces = AgentId(row.replaces());
  return token;
}

}  // namespace weir::controller
