#include "controller/enrol/refusal_book.h"

#include <algorithm>
#include <string>

#include "common/base/text.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_rows_max = 200'000;  // more than all tokens have of all kinds
constexpr std::size_t k_why_max = 500;

bool is_judgement(Code code) {
  return code == Code::invalid_argument || code == Code::unauthenticated ||
         code == Code::failed_precondition;
}

std::string rows_of(const TokenId& token) {
  return std::string(k_refusal_rows) + to_string(token) + "/";
}

}  // namespace

void RefusalBook::record(const TokenRecord& token, const Error& why, std::int64_t now_unix_ms) {
  if (!is_judgement(why.code())) return;
  std::string key = rows_of(token.id);
  key.append(token_state_name(token.state(now_unix_ms))).append("/").append(code_name(why.code()));
  const auto kept = store_.get(key);
  if (!kept || *kept) return;
  Event event;
  event.set_unix_ms(now_unix_ms);
  event.set_type("enrol.refused");
  event.set_severity("warn");
  event.set_region(token.region.value());
  event.set_message(cut_text(why.message(), k_why_max));
  (void)store_.commit(Transaction().if_absent(key).put(key, event.SerializeAsString()));
}

Result<std::vector<RefusalBook::Event>> RefusalBook::all() {
  WEIR_ASSIGN(rows, scan_all(store_, k_refusal_rows, k_rows_max));
  std::vector<Event> events;
  for (const Row& row : rows) {
    if (!events.emplace_back().ParseFromString(row.value)) {
      return fail(Code::data_loss, "the row " + in_quotes(row.key) + " is no event");
    }
  }
  std::ranges::sort(events, {}, [](const Event& event) { return event.unix_ms(); });
  return events;
}

Status RefusalBook::forget(const TokenId& token, Transaction& forget) {
  WEIR_ASSIGN(rows, scan_all(store_, rows_of(token), Store::k_scan_max));
  for (const Row& row : rows) forget.erase(row.key);
  return {};
}

}  // namespace weir::controller
