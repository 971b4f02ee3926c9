#include "controller/audit/audit_log.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <string>
#include <utility>

#include "common/base/text.h"
#include "weir/store/v1/rows.pb.h"

namespace weir::controller {

namespace {

constexpr std::string_view k_rows = "audit/";

/// Sixteen digits, so that keys sort as numbers do.
std::string digits(std::uint64_t number) {
  constexpr std::string_view k_hex = "0123456789abcdef";
  std::string out(16, '0');
  for (auto digit = out.rbegin(); number != 0; ++digit, number /= 16) *digit = k_hex[number % 16];
  return out;
}

store::v1::AuditRow row_of(const admin::v1::AuditEntry& entry) {
  const auto cut = [](const std::string& text) { return cut_text(text, AuditLog::k_text_max); };
  store::v1::AuditRow row;
  row.set_unix_ms(entry.unix_ms());
  row.set_who(cut(entry.who()));
  row.set_role(cut(entry.role()));
  row.set_from(cut(entry.from()));
  row.set_action(cut(entry.action()));
  row.set_what(cut(entry.what()));
  row.set_request(cut(entry.request()));
  row.set_before(cut(entry.before()));
  row.set_after(cut(entry.after()));
  row.set_error(cut(entry.error()));
  return row;
}

admin::v1::AuditEntry entry_of(const store::v1::AuditRow& row) {
  admin::v1::AuditEntry entry;
  entry.set_unix_ms(row.unix_ms());
  entry.set_who(row.who());
  entry.set_role(row.role());
  entry.set_from(row.from());
  entry.set_action(row.action());
  entry.set_what(row.what());
  entry.set_request(row.request());
  entry.set_before(row.before());
  entry.set_after(row.after());
  entry.set_error(row.error());
  return entry;
}

/// Calls `look` with each row, oldest first, until it says false.
template <typename Look>
Status each_row(Store& store, Look look) {
  std::string after;
  while (true) {
    WEIR_ASSIGN(page, store.scan(k_rows, after));
    for (Row& row : page.rows) {
      if (!look(row)) return {};
    }
    if (!page.more || page.rows.empty()) return {};
    after = std::move(page.rows.back().key);
  }
}

}  // namespace

Status AuditLog::open() {
  if (opened_) return {};
  std::size_t found = 0;
  WEIR_TRY(each_row(store_, [&found](const Row&) {
    ++found;
    return true;
  }));
  kept_ = found;
  opened_ = true;
  return {};
}

Status AuditLog::add(const admin::v1::AuditEntry& entry) {
  WEIR_TRY(open());
  Transaction write;
  // A tenth at a time, so that the oldest are looked for seldom.
  const std::size_t too_many =
      kept_ >= entries_max_ ? std::min<std::size_t>(std::max<std::size_t>(entries_max_ / 10, 1),
                                                    Store::k_writes_max - 1)
                            : 0;
  if (too_many != 0) {
    WEIR_TRY(each_row(store_, [&](const Row& row) {
      write.erase(row.key);
      return write.writes().size() < too_many;
    }));
  }
  const std::size_t erased = write.writes().size();
  const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(entry.unix_ms(), 0));
  // The number alone would repeat after a restart within one millisecond: not with `if_absent`.
  std::string key;
  for (bool free = false; !free;) {
    key = std::string(k_rows) + digits(time) + "/" + digits(next_++);
    WEIR_ASSIGN(there, store_.get(key));
    free = !there;
  }
  write.if_absent(key).put(key, row_of(entry).SerializeAsString());
  const auto written = store_.commit(write);
  if (!written) return fail(written.error());
  kept_ = kept_ + 1 - erased;
  return {};
}

Result<std::vector<admin::v1::AuditEntry>> AuditLog::list(std::size_t limit,
                                                          std::int64_t until_unix_ms) {
  std::deque<std::string> newest;
  WEIR_TRY(each_row(store_, [&](Row& row) {
    const std::string end =
        std::string(k_rows) +
        digits(static_cast<std::uint64_t>(std::max<std::int64_t>(until_unix_ms, 0))) + "/~";
    if (until_unix_ms != 0 && row.key > end) return false;
    newest.push_front(std::move(row.value));
    if (newest.size() > limit) newest.pop_back();
    return true;
  }));
  std::vector<admin::v1::AuditEntry> entries;
  for (const std::string& value : newest) {
    store::v1::AuditRow row;
    if (!row.ParseFromString(value)) return fail(Code::data_loss, "a row of the audit is damaged");
    entries.push_back(entry_of(row));
  }
  return entries;
}

}  // namespace weir::controller
