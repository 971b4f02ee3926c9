#pragma once

#include <functional>
#include <string>

#include "cli/admin_session.h"

namespace weir::cli {

/// A token that is made by the controller and told once.
struct SecretCreation {
  std::string failed;                    // "cannot create a token"
  std::string out;                       // --out; empty: standard output
  std::function<Status()> create;        // asks the controller and keeps its reply
  std::function<std::string&()> secret;  // in that reply
  std::function<std::string()> revoke;   // the command that makes it useless
  std::function<std::string()> document;
  std::function<std::string()> told;  // the rest, for standard error
};

/// Makes the file first, so that no secret is lost; then the token, which goes to the file or to
/// standard output, and nowhere else. Without a token there is no file either.
Exit create_secret(AdminSession& session, const SecretCreation& creation);

}  // namespace weir::cli
