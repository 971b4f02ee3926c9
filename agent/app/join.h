#pragma once

#include <string>

#include "agent/app/options.h"
#include "common/async/clock.h"
#include "common/obs/log.h"

namespace weir::agent {

struct JoinRequest {
  std::string token_text;
  // What the operator believes; the controller refuses when the token says otherwise. Empty: no
  // claim.
  std::string region;
  std::string cluster;
  bool replace = false;  // give up the identity that is there
};

/// Redeems a token: opens a bootstrap tunnel to the controller, hands in our public key and CSR,
/// writes the identity and the first revision to the state directory. Blocks up to 30 s, or 3
/// minutes while the controller has no room for it.
///
/// The keys are written before the token is redeemed, so a join that was interrupted is finished by
/// running it again with the same token, or with another. A machine that joins again keeps its
/// WireGuard key and so takes the place of what it was. Returns lines for the operator. Errors:
/// invalid_argument (token), failed_precondition (there is an identity already, or the token has
/// expired), permission_denied (refused by the controller, or not root), unavailable (no answer).
Result<std::string> join(const AgentOptions& options, const JoinRequest& request, Clock& clock,
                         const Log& log);

}  // namespace weir::agent
