#include "controller/store/memory/memory_store.h"

#include <algorithm>
#include <utility>

namespace weir::controller {

MemoryStore::MemoryStore() : watches_(std::make_shared<WatchHub>()) {}

std::optional<Row> MemoryStore::find(std::string_view key) const {
  const auto found = rows_.find(key);
  if (found == rows_.end()) return std::nullopt;
  return Row{found->first, found->second.value, found->second.version};
}

Result<std::optional<Row>> MemoryStore::get(std::string_view key) {
  const std::lock_guard lock(mu_);
  return find(key);
}

Result<ScanPage> MemoryStore::scan(std::string_view prefix, std::string_view start_after,
                                   std::size_t limit) {
  const std::lock_guard lock(mu_);
  limit = std::clamp<std::size_t>(limit, 1, k_scan_max);
  ScanPage page;
  std::size_t bytes = 0;
  auto row = start_after < prefix ? rows_.lower_bound(prefix) : rows_.upper_bound(start_after);
  for (; row != rows_.end() && row->first.starts_with(prefix); ++row) {
    if (page.rows.size() == limit || bytes >= k_scan_bytes_max) {
      page.more = true;
      break;
    }
    page.rows.push_back({row->first, row->second.value, row->second.version});
    bytes += row->first.size() + row->second.value.size();
  }
  return page;
}

Result<std::uint64_t> MemoryStore::commit(const Transaction& transaction) {
  WEIR_TRY(transaction.check());
  const std::lock_guard lock(mu_);
  for (const Transaction::Compare& compare : transaction.compares()) {
    WEIR_TRY(check_condition(compare, find(compare.key)));
  }
  if (transaction.writes().empty()) return version_;
  ++version_;
  for (const Transaction::Write& write : transaction.writes()) {
    if (write.value) {
      rows_.insert_or_assign(write.key, Held{*write.value, version_});
    } else {
      rows_.erase(write.key);
    }
  }
  watches_->publish(version_, transaction);
  return version_;
}

std::unique_ptr<Watch> MemoryStore::watch(std::string prefix, WatchCallback callback) {
  return watches_->add(std::move(prefix), std::move(callback));
}

}  // namespace weir::controller
