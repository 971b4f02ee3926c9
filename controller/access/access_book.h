#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/crypto/random.h"
#include "common/crypto/secret_text.h"
#include "controller/store/store.h"
#include "weir/admin/v1/role.pb.h"

namespace weir::controller {

/// What is known of an access token; its secret is not.
struct Access {
  std::string id;  // 16 hex digits
  std::string name;
  admin::v1::Role role = admin::v1::NOBODY;
  std::int64_t created_unix_ms = 0;
  std::int64_t expires_unix_ms = 0;
};

struct NewAccess {
  Access access;
  SecretText text;  // "weir-access-<id>-<secret>"
};

/// The access tokens in the store. No memory of its own; blocks on the store.
class AccessBook {
 public:
  static constexpr std::size_t k_tokens_max = 1000;
  static constexpr std::int64_t k_ttl_s_default = 30LL * 24 * 3600;
  static constexpr std::int64_t k_ttl_s_max = 365LL * 24 * 3600;
  static constexpr std::size_t k_name_max = 100;

  AccessBook(Store& store, KeySource& keys) : store_(store), keys_(keys) {}

  /// `ttl_s` 0: the default. Also forgets tokens that have ended.
  /// Errors: invalid_argument (name, role, ttl), resource_exhausted (k_tokens_max are kept).
  Result<NewAccess> create(const std::string& name, admin::v1::Role role, std::int64_t ttl_s,
                           std::int64_t now_unix_ms);
  /// Whose token this is. Errors: unauthenticated (no such token, or not any more).
  Result<Access> find(std::string_view text, std::int64_t now_unix_ms);
  /// Those that have not ended, newest first.
  Result<std::vector<Access>> all(std::int64_t now_unix_ms);
  /// Errors: not_found.
  Status revoke(const std::string& id);

 private:
  Store& store_;
  KeySource& keys_;
};

}  // namespace weir::controller
