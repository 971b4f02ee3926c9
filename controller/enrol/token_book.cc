#include "controller/enrol/token_book.h"

#include <algorithm>
#include <utility>

#include "common/crypto/x25519.h"

namespace weir::controller {

Result<NewToken> TokenBook::create(const TokenRequest& request, std::int64_t now_unix_ms) {
  const std::int64_t ttl_s_max = k_ttl_ms_max / 1000;
  if (request.ttl.count() < 0 || request.ttl.count() > ttl_s_max) {
    return fail(Code::invalid_argument, "a join token's time to live of " +
                                            std::to_string(request.ttl.count()) +
                                            " s is not within 1 s and 7 days");
  }
  if (request.uses > k_uses_max) {
    return fail(Code::invalid_argument, std::to_string(request.uses) +
                                            " uses of a join token exceed the limit " +
                                            std::to_string(k_uses_max));
  }
  WEIR_TRY(forget_old(now_unix_ms));

  const std::int64_t ttl_ms =
      request.ttl.count() == 0 ? k_ttl_ms_default : request.ttl.count() * 1000;
  JoinToken token;
  keys_.fill(token.id);
  keys_.fill(token.secret.writable());
  token.controller_key = issuer_.controller_key;
  token.controller = issuer_.controller;
  token.expires_unix_s = (now_unix_ms + ttl_ms) / 1000;

  TokenRecord record;
  record.id = token.id;
  record.bootstrap_key = X25519KeyPair(bootstrap_key(token.secret)).public_key();
  record.redeem_hash = hash_redeem_secret(redeem_secret(token.secret));
  record.region = request.region;
  record.cluster = request.cluster;
  record.created_unix_ms = now_unix_ms;
  record.expires_unix_ms = token.expires_unix_s * 1000;
  record.uses = std::max(1U, request.uses);
  record.replaces = request.replaces;

  const std::string key = token_row_key(token.id);
  const auto written =
      store_.commit(Transaction().if_absent(key).put(key, encode_token_record(record)));
  if (!written) return fail(written.error());
  return NewToken{record.info(now_unix_ms), SecretText(encode_join_token(token))};
}

Result<std::optional<StoredToken>> TokenBook::find(const TokenId& id) {
  WEIR_ASSIGN(row, store_.get(token_row_key(id)));
  if (!row) return std::nullopt;
  WEIR_ASSIGN(record, decode_token_record(row->value));
  return StoredToken{std::move(record), row->version};
}

Result<std::vector<StoredToken>> TokenBook::all() {
  WEIR_ASSIGN(rows, scan_all(store_, k_token_rows, k_tokens_max + 1));
  std::vector<StoredToken> tokens;
  for (const Row& row : rows) {
    WEIR_ASSIGN(record, decode_token_record(row.value));
    tokens.push_back({std::move(record), row.version});
  }
  std::ranges::sort(tokens, std::greater<>(), [](const StoredToken& token) {
    return std::pair(token.record.created_unix_ms, token.record.id);
  });
  return tokens;
}

Status TokenBook::revoke(const TokenId& id, std::int64_t now_unix_ms) {
  WEIR_ASSIGN(found, find(id));
  if (!found) {
    return fail(Code::not_found, "join token " + to_string(id) +
                                     " is not known; `weirctl mesh token ls` shows those that are");
  }
  if (found->record.revoked_unix_ms != 0) return {};
  found->record.revoked_unix_ms = std::max<std::int64_t>(1, now_unix_ms);
  const std::string key = token_row_key(id);
  const auto written = store_.commit(
      Transaction().if_version(key, found->version).put(key, encode_token_record(found->record)));
  if (!written) return fail(written.error());
  return {};
}

Status TokenBook::forget_old(std::int64_t now_unix_ms) {
  WEIR_ASSIGN(tokens, all());
  Transaction forget;
  std::size_t kept = tokens.size();
  for (const StoredToken& token : tokens) {
    if (now_unix_ms - token.record.expires_unix_ms < k_kept_ms) continue;
    if (forget.writes().size() >= Store::k_writes_max / 2) break;
    WEIR_TRY(refusals_.forget(token.record.id, forget));
    forget.erase(token_row_key(token.record.id));
    --kept;
  }
  if (kept >= k_tokens_max) {
    return fail(Code::resource_exhausted,
                std::to_string(kept) + " join tokens are kept, the limit is " +
                    std::to_string(k_tokens_max) +
                    "; one is forgotten 7 days after its expiry: use tokens with several uses");
  }
  if (forget.writes().empty()) return {};
  const auto written = store_.commit(forget);
  if (!written) return fail(written.error());
  return {};
}

}  // namespace weir::controller
