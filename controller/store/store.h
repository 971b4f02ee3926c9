#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace weir::controller {

/// One stored key. `version` is the number of the commit that last wrote it: it only grows, also
/// over a deletion, so a row that was deleted and made again never looks like the old one.
struct Row {
  std::string key;
  std::string value;
  std::uint64_t version = 0;
  friend bool operator==(const Row&, const Row&) = default;
};

/// Conditions on keys, and what to write if all of them hold.
class Transaction {
 public:
  enum class Condition { absent, version, value };
  struct Compare {
    std::string key;
    Condition condition = Condition::absent;
    std::uint64_t version = 0;
    std::string value;
  };
  struct Write {
    std::string key;
    std::optional<std::string> value;  // none: the key is deleted
    friend bool operator==(const Write&, const Write&) = default;
  };

  Transaction& if_absent(std::string key);
  Transaction& if_version(std::string key, std::uint64_t version);
  Transaction& if_value(std::string key, std::string value);
  Transaction& put(std::string key, std::string value);
  /// Deleting an absent key is not an error.
  Transaction& erase(std::string key);

  const std::vector<Compare>& compares() const { return compares_; }
  const std::vector<Write>& writes() const { return writes_; }

  /// Limits below kept, no key written twice, keys well formed.
  /// Errors: invalid_argument, resource_exhausted.
  Status check() const;

 private:
  std::vector<Compare> compares_;
  std::vector<Write> writes_;
};

/// Room on the disk: below `reserve_bytes` of it no commit is taken.
struct StoreRoom {
  std::string folder;
  std::uint64_t free_bytes = 0;
  std::uint64_t reserve_bytes = 0;
};

/// What one commit changed among the keys a watch asked for, in the order of the transaction.
struct ChangeSet {
  std::uint64_t version = 0;
  std::vector<Transaction::Write> writes;
};

/// A running watch; destroying it ends the watch. No callback runs once the destructor has
/// returned.
class Watch {
 public:
  virtual ~Watch() = default;
};

struct ScanPage {
  std::vector<Row> rows;  // by key, bytewise
  bool more = false;      // go on with `start_after` = rows.back().key
};

/// The controller's durable state: ordered keys and values, changed by transactions.
///
/// Every call may block on the disk: call from a thread that may (`on_blocking`), never from a gRPC
/// reaction or the core thread. All calls may come from any thread. Transactions are serialised;
/// what a call reads includes every commit that was acknowledged before the call.
class Store {
 public:
  using WatchCallback = std::function<void(const ChangeSet&)>;

  virtual ~Store() = default;

  /// Errors: data_loss (the stored row is damaged), unavailable (the disk failed).
  virtual Result<std::optional<Row>> get(std::string_view key) = 0;

  /// Up to `limit` (1 to k_scan_max) rows whose key starts with `prefix` and lies after
  /// `start_after`, as of one moment. A page also ends at k_scan_bytes_max. Errors: as `get`.
  virtual Result<ScanPage> scan(std::string_view prefix, std::string_view start_after = {},
                                std::size_t limit = k_scan_max) = 0;

  /// All or nothing. Success means durable: the writes survive a crash of process and machine. The
  /// value is the new version of every key written (with no writes: the newest version).
  /// Errors: aborted (a condition does not hold, the message names the key; nothing changed),
  /// invalid_argument and resource_exhausted (see Transaction::check, or the disk is nearly full;
  /// nothing changed), unavailable (the disk failed: whether it was written shows after a restart;
  /// no later commit succeeds).
  virtual Result<std::uint64_t> commit(const Transaction& transaction) = 0;

  /// Whether a commit would be taken now. Errors: resource_exhausted (the disk is nearly full),
  /// unavailable (it failed).
  virtual Status writable() { return {}; }

  /// On the disk the rows lie on; none: they lie on no disk, or it cannot be asked.
  virtual std::optional<StoreRoom> room() { return std::nullopt; }

  /// All rows as of one moment, in `folder`, which must not exist: a store opens there as on its
  /// own. Commits go on meanwhile. The value is a commit that is in the copy; later ones may be.
  /// Errors: failed_precondition (these rows lie on no disk), resource_exhausted (it is nearly
  /// full), unavailable (it failed; the rest of the folder is for the caller to remove).
  virtual Result<std::uint64_t> copy_to(const std::string& folder);

  /// Calls `callback` once for every later commit that writes a key starting with `prefix`, in the
  /// order of commits, on the committing thread before `commit` returns. The callback must be quick
  /// and must not call the store or destroy a watch: post the change elsewhere.
  virtual std::unique_ptr<Watch> watch(std::string prefix, WatchCallback callback) = 0;

  static constexpr std::size_t k_key_max = 512;
  static constexpr std::size_t k_value_max = 4 << 20;
  static constexpr std::size_t k_writes_max = 4096;
  static constexpr std::size_t k_transaction_bytes_max = 16 << 20;
  static constexpr std::size_t k_scan_max = 1000;
  static constexpr std::size_t k_scan_bytes_max = 16 << 20;
};

/// Every row under `prefix`, page by page; rows changed between pages may be missed or seen twice
/// in their new version, so a caller that needs one moment uses `scan` within its limits. Errors:
/// as Store::scan; resource_exhausted when there are more than `rows_max`.
Result<std::vector<Row>> scan_all(Store& store, std::string_view prefix, std::size_t rows_max);

}  // namespace weir::controller
