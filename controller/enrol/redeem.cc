#include "controller/enrol/redeem.h"

#include <algorithm>

#include "common/base/text.h"

namespace weir::controller {
namespace {

constexpr const char* k_new_token = "; make a new one with `weirctl mesh token create`";

Status check_size(std::string_view what, std::size_t size, std::size_t wanted) {
  if (size == wanted) return {};
  return fail(Code::invalid_argument, "the enrolment's " + std::string(what) + " has " +
                                          std::to_string(size) + " bytes, not " +
                                          std::to_string(wanted));
}

std::unexpected<Error> refuse(const TokenRecord& token, const std::string& why) {
  return fail(Code::failed_precondition,
              "join token " + to_string(token.id) + " " + why + k_new_token);
}

Status check_claim(const TokenRecord& token, std::string_view what, const std::string& claimed,
                   const std::string& given) {
  if (claimed.empty() || claimed == given) return {};
  return fail(Code::invalid_argument,
              "join token " + to_string(token.id) + " is for " + std::string(what) + " " +
                  in_quotes(given) + ", the agent was told " + in_quotes(claimed) +
                  "; use a token for that " + std::string(what) + " or correct the agent");
}

/// What was right when the token was made may no longer be. `own`: the agent that has the key.
Status check_place(const TokenRecord& token, const Registry& agents,
                   const std::vector<RegionName>& regions, const AgentId& own) {
  if (!regions.empty() && std::ranges::find(regions, token.region) == regions.end()) {
    return refuse(token, "is for region " + in_quotes(token.region.value()) +
                             ", which is no longer in the controller's configuration");
  }
  const auto lies_in = agents.region_of(token.cluster, own);
  if (lies_in && *lies_in != token.region) {
    return refuse(token, "is for region " + in_quotes(token.region.value()) + ", but cluster " +
                             in_quotes(token.cluster.value()) + " lies in region " +
                             in_quotes(lies_in->value()) + " by now");
  }
  const AgentRecord* replaced = agents.find(token.replaces);
  if (replaced != nullptr && replaced->joined_unix_ms > token.created_unix_ms) {
    return refuse(token, "replaces agent " + token.replaces.value() +
                             ", which has joined anew since the token was made");
  }
  return {};
}

}  // namespace

Result<RedeemClaim> check_shape(const EnrolRequest& request, const PublicKey& controller_key) {
  RedeemClaim claim;
  WEIR_TRY(check_size("token secret", request.token_secret.size(), SecretKey::k_size));
  WEIR_TRY(check_size("public key", request.public_key.size(), claim.public_key.size()));
  WEIR_TRY(check_size("key proof", request.key_proof.size(), Sha256Digest().size()));
  claim.secret = SecretKey(std::span<const std::uint8_t, 32>(request.token_secret.data(), 32));
  std::ranges::copy(request.public_key, claim.public_key.begin());
  if (claim.public_key == controller_key) {
    return fail(
        Code::invalid_argument,
        "the enrolment's public key is the controller's own; make a key pair for the agent");
  }
  if (request.listen_port > 65535) {
    return fail(
        Code::invalid_argument,
        "the enrolment's listen port " + std::to_string(request.listen_port) + " is above 65535");
  }
  claim.region = request.claimed_region;
  claim.cluster = request.claimed_cluster;
  return claim;
}

Error unknown_token(const TokenId& id) {
  return {Code::unauthenticated, "join token " + to_string(id) +
                                     " is not known here, or its secret is wrong" + k_new_token};
}

Result<Redeem> judge_redeem(const TokenRecord& token, const RedeemClaim& claim,
                            const Registry& agents, const std::vector<RegionName>& regions,
                            std::int64_t now_unix_ms) {
  if (!equal_in_constant_time(hash_redeem_secret(claim.secret), token.redeem_hash)) {
    return fail(unknown_token(token.id));
  }
  if (token.revoked_unix_ms != 0) return refuse(token, "was revoked");
  if (now_unix_ms >= token.expires_unix_ms) {
    return refuse(token, "expired " + std::to_string((now_unix_ms - token.expires_unix_ms) / 1000) +
                             " s ago");
  }
  WEIR_TRY(check_claim(token, "region", claim.region, token.region.value()));
  WEIR_TRY(check_claim(token, "cluster", claim.cluster, token.cluster.value()));
  if (claim.public_key == token.bootstrap_key) {
    return fail(Code::invalid_argument,
                "the enrolment's public key is the token's bootstrap key; "
                "make a key pair for the agent");
  }
  const bool use_left = token.redemptions.size() < token.uses;
  const AgentRecord* agent = agents.find_key(claim.public_key);
  if (token.redemption_of(claim.public_key) != nullptr) {
    const bool same_join = agent != nullptr && agent->token_id == to_string(token.id);
    if (same_join && agent->first_session_unix_ms == 0) return Redeem::retry;
    if (!use_left && !same_join) {
      return refuse(token, "was redeemed by this machine, whose agent was removed or replaced");
    }
    if (!use_left) {
      return refuse(token,
                    "was redeemed by agent " + agent->id.value() + ", which has connected since");
    }
  }
  if (!use_left) {
    return refuse(token,
                  "was redeemed already, by agent " + token.redemptions.back().agent.value());
  }
  WEIR_TRY(check_place(token, agents, regions, agent == nullptr ? AgentId() : agent->id));
  return Redeem::fresh;
}

}  // namespace weir::controller
