#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/crypto/random.h"
#include "controller/enrol/refusal_book.h"
#include "controller/enrol/token_record.h"
#include "controller/store/store.h"

namespace weir::controller {

/// A token and the version of its row, for the condition of the transaction that spends it.
struct StoredToken {
  TokenRecord record;
  std::uint64_t version = 0;
};

/// The join tokens in the store. No memory of its own; its owner's lock, blocks on the store.
class TokenBook {
 public:
  struct Issuer {
    PublicKey controller_key{};
    Endpoint controller;
  };
  static constexpr std::size_t k_tokens_max = 10'000;
  static constexpr std::int64_t k_ttl_ms_default = 10 * 60 * 1000;
  static constexpr std::int64_t k_ttl_ms_max = 7 * 24 * 3600 * 1000LL;
  static constexpr std::int64_t k_kept_ms = 7 * 24 * 3600 * 1000LL;
  static constexpr std::uint32_t k_uses_max = 1000;

  TokenBook(Store& store, KeySource& keys, const Issuer& issuer)
      : store_(store), keys_(keys), issuer_(issuer), refusals_(store) {}

  /// The request's names were checked. Also forgets tokens that expired 7 days ago, and who was
  /// refused with them.
  /// Errors: invalid_argument (ttl, uses), resource_exhausted (k_tokens_max are kept).
  Result<NewToken> create(const TokenRequest& request, std::int64_t now_unix_ms);
  Result<std::optional<StoredToken>> find(const TokenId& id);
  /// Newest first.
  Result<std::vector<StoredToken>> all();
  /// Errors: not_found; aborted (changed meanwhile).
  Status revoke(const TokenId& id, std::int64_t now_unix_ms);
  RefusalBook& refusals() { return refusals_; }

 private:
  Status forget_old(std::int64_t now_unix_ms);

  Store& store_;
  KeySource& keys_;
  const Issuer issuer_;
  RefusalBook refusals_;
};

}  // namespace weir::controller
