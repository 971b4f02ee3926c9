#include <set>
#include <utility>

#include "common/base/text.h"
#include "controller/store/store.h"

namespace weir::controller {
namespace {

Status check_key(const std::string& key) {
  if (key.empty() || key.size() > Store::k_key_max || key.front() == '\0') {
    return fail(Code::invalid_argument, "store key " + in_quotes(key) + " needs 1 to " +
                                            std::to_string(Store::k_key_max) +
                                            " bytes, the first not NUL");
  }
  return {};
}

}  // namespace

Transaction& Transaction::if_absent(std::string key) {
  compares_.push_back({std::move(key), Condition::absent, 0, {}});
  return *this;
}

Transaction& Transaction::if_version(std::string key, std::uint64_t version) {
  compares_.push_back({std::move(key), Condition::version, version, {}});
  return *this;
}

Transaction& Transaction::if_value(std::string key, std::string value) {
  compares_.push_back({std::move(key), Condition::value, 0, std::move(value)});
  return *this;
}

Transaction& Transaction::put(std::string key, std::string value) {
  writes_.push_back({std::move(key), std::move(value)});
  return *this;
}

Transaction& Transaction::erase(std::string key) {
  writes_.push_back({std::move(key), std::nullopt});
  return *this;
}

Status Transaction::check() const {
  if (writes_.size() + compares_.size() > Store::k_writes_max) {
    return fail(Code::resource_exhausted,
                "a transaction of " + std::to_string(writes_.size() + compares_.size()) +
                    " operations exceeds the limit " + std::to_string(Store::k_writes_max));
  }
  for (const Compare& compare : compares_) WEIR_TRY(check_key(compare.key));
  std::set<std::string_view> keys;
  std::size_t bytes = 0;
  for (const Write& write : writes_) {
    WEIR_TRY(check_key(write.key));
    if (!keys.insert(write.key).second) {
      return fail(Code::invalid_argument,
                  "store key " + in_quotes(write.key) + " is written twice in one transaction");
    }
    const std::size_t size = write.value ? write.value->size() : 0;
    if (size > Store::k_value_max) {
      return fail(Code::resource_exhausted, "the value of store key " + in_quotes(write.key) +
                                                " has " + std::to_string(size) +
                                                " bytes, the limit is " +
                                                std::to_string(Store::k_value_max));
    }
    bytes += write.key.size() + size;
  }
  if (bytes > Store::k_transaction_bytes_max) {
    return fail(Code::resource_exhausted, "a transaction of " + std::to_string(bytes) +
                                              " bytes exceeds the limit " +
                                              std::to_string(Store::k_transaction_bytes_max));
  }
  return {};
}

Result<std::uint64_t> Store::copy_to(const std::string& folder) {
  return fail(Code::failed_precondition,
              "the rows lie on no disk: nothing can be copied to " + folder);
}

Result<std::vector<Row>> scan_all(Store& store, std::string_view prefix, std::size_t rows_max) {
  std::vector<Row> rows;
  std::string after;
  for (;;) {
    WEIR_ASSIGN(page, store.scan(prefix, after));
    for (Row& row : page.rows) rows.push_back(std::move(row));
    if (rows.size() > rows_max) {
      return fail(Code::resource_exhausted, "more than " + std::to_string(rows_max) +
                                                " rows are stored under " + in_quotes(prefix));
    }
    if (!page.more) return rows;
    after = rows.back().key;
  }
}

}  // namespace weir::controller
