#pragma once

#include <cstdint>
#include <vector>

#include "controller/enrol/token_record.h"
#include "controller/registry/registry.h"

namespace weir::controller {

/// A request whose sizes were checked.
struct RedeemClaim {
  SecretKey secret;
  PublicKey public_key{};
  std::string region;   // empty: no claim
  std::string cluster;  // empty: no claim
};

/// Errors: invalid_argument (a size, the controller's own key, a port).
Result<RedeemClaim> check_shape(const EnrolRequest& request, const PublicKey& controller_key);

enum class Redeem {
  fresh,  // spend one use, admit an agent
  retry,  // the same machine asks again: same identity, new certificate
};

/// The one rule for redeeming a token; pure. `regions` are the mesh's, empty: any.
///
///   secret wrong             unauthenticated, in constant time, told like an unknown token
///   revoked, expired         failed_precondition
///   claim not the token's    invalid_argument
///   the bootstrap key itself invalid_argument
///   key redeemed it before   retry while its agent, still of this token, has never connected;
///                            afterwards as if it had not, when a use is left
///   no use left              failed_precondition
///   region not configured    failed_precondition
///   cluster in another one   failed_precondition, unless only the agent that has the key is there
///   replaced agent joined    failed_precondition
///   anew since
///   else                     fresh
Result<Redeem> judge_redeem(const TokenRecord& token, const RedeemClaim& claim,
                            const Registry& agents, const std::vector<RegionName>& regions,
                            std::int64_t now_unix_ms);

/// Unknown id and wrong secret are told alike. Code: unauthenticated.
Error unknown_token(const TokenId& id);

}  // namespace weir::controller
