#include "controller/access/access_book.h"

#include <algorithm>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/text.h"
#include "common/crypto/sha256.h"
#include "weir/store/v1/rows.pb.h"

namespace weir::controller {

namespace {

constexpr std::string_view k_rows = "access/token/";
constexpr std::string_view k_prefix = "weir-access-";
constexpr std::size_t k_id_digits = 16;

std::string key_of(std::string_view id) { return std::string(k_rows) + std::string(id); }

Result<store::v1::AccessRow> parsed(const Row& row) {
  store::v1::AccessRow parsed;
  if (parsed.ParseFromString(row.value)) return parsed;
  return fail(Code::data_loss, "the row " + in_quotes(row.key) + " is no access token");
}

Access access_of(const store::v1::AccessRow& row) {
  return {.id = row.id(),
          .name = row.name(),
          .role = static_cast<admin::v1::Role>(row.role()),
          .created_unix_ms = row.created_unix_ms(),
          .expires_unix_ms = row.expires_unix_ms()};
}

Status check(const std::string& name, admin::v1::Role role, std::int64_t ttl_s) {
  if (name.empty() || name.size() > AccessBook::k_name_max || cut_text(name, 100) != name ||
      escape_controls(name) != name) {
    return fail(Code::invalid_argument,
                "the name " + in_quotes(name) + " must have 1 to 100 bytes of printable text");
  }
  if (role <= admin::v1::NOBODY || role > admin::v1::ADMIN) {
    return fail(Code::invalid_argument, "a role is one of viewer, operator, admin");
  }
  if (ttl_s < 0 || ttl_s > AccessBook::k_ttl_s_max) {
    return fail(Code::invalid_argument,
                "a time to live of " + std::to_string(ttl_s) + " s is not within 1 s and 365 days");
  }
  return {};
}

}  // namespace

Result<NewAccess> AccessBook::create(const std::string& name, admin::v1::Role role,
                                     std::int64_t ttl_s, std::int64_t now_unix_ms) {
  WEIR_TRY(check(name, role, ttl_s));
  WEIR_ASSIGN(rows, scan_all(store_, k_rows, k_tokens_max + 1));
  Transaction write;
  std::size_t kept = rows.size();
  for (const Row& row : rows) {
    WEIR_ASSIGN(known, parsed(row));
    if (known.expires_unix_ms() > now_unix_ms) continue;
    write.erase(row.key);
    --kept;
  }
  if (kept >= k_tokens_max) {
    return fail(Code::resource_exhausted, std::to_string(kept) +
                                              " access tokens are kept, the limit is " +
                                              std::to_string(k_tokens_max) +
                                              "; withdraw some with: weirctl access revoke ID");
  }
  std::array<std::uint8_t, k_id_digits / 2> id{};
  std::array<std::uint8_t, 32> secret{};
  keys_.fill(id);
  keys_.fill(secret);
  NewAccess made;
  made.access = {.id = to_hex(id),
                 .name = name,
                 .role = role,
                 .created_unix_ms = now_unix_ms,
                 .expires_unix_ms = now_unix_ms + 1000 * (ttl_s == 0 ? k_ttl_s_default : ttl_s)};
  made.text = SecretText(std::string(k_prefix) + made.access.id + "-" + to_base64url(secret));
  wipe(secret);

  store::v1::AccessRow row;
  row.set_id(made.access.id);
  row.set_name(name);
  row.set_role(static_cast<std::uint32_t>(role));
  const Sha256Digest hash = sha256(as_bytes(made.text.reveal()));
  row.set_hash(hash.data(), hash.size());
  row.set_created_unix_ms(made.access.created_unix_ms);
  row.set_expires_unix_ms(made.access.expires_unix_ms);
  const std::string key = key_of(made.access.id);
  const auto written = store_.commit(write.if_absent(key).put(key, row.SerializeAsString()));
  if (!written) return fail(written.error());
  return made;
}

Result<Access> AccessBook::find(std::string_view text, std::int64_t now_unix_ms) {
  const Error refused(
      Code::unauthenticated,
      "this access token opens nothing: it is mistyped, has ended or was withdrawn; "
      "an admin makes another with: weirctl access create NAME --role ROLE");
  if (!text.starts_with(k_prefix)) return fail(refused);
  const std::string_view id = text.substr(k_prefix.size()).substr(0, k_id_digits);
  if (!from_hex(id)) return fail(refused);
  WEIR_ASSIGN(row, store_.get(key_of(id)));
  if (!row) return fail(refused);
  WEIR_ASSIGN(known, parsed(*row));
  const Sha256Digest hash = sha256(as_bytes(text));
  if (!equal_in_constant_time(hash, as_bytes(known.hash()))) return fail(refused);
  if (known.expires_unix_ms() <= now_unix_ms) return fail(refused);
  return access_of(known);
}

Result<std::vector<Access>> AccessBook::all(std::int64_t now_unix_ms) {
  WEIR_ASSIGN(rows, scan_all(store_, k_rows, k_tokens_max + 1));
  std::vector<Access> found;
  for (const Row& row : rows) {
    WEIR_ASSIGN(known, parsed(row));
    if (known.expires_unix_ms() > now_unix_ms) found.push_back(access_of(known));
  }
  std::ranges::sort(found, std::greater<>(),
                    [](const Access& one) { return std::pair(one.created_unix_ms, one.id); });
  return found;
}

Status AccessBook::revoke(const std::string& id) {
  const std::string key = key_of(id.substr(0, k_id_digits));
  WEIR_ASSIGN(row, store_.get(key));
  if (!row || id.size() != k_id_digits) {
    return fail(Code::not_found, "access token " + in_quotes(id) +
                                     " is not known; those that are: weirctl access ls");
  }
  const auto written = store_.commit(Transaction().if_version(key, row->version).erase(key));
  if (!written) return fail(written.error());
  return {};
}

}  // namespace weir::controller
