#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "controller/store/rocks/row_format.h"
#include "controller/store/rocks/witness.h"
#include "controller/store/store.h"
#include "controller/store/watch_hub.h"

namespace rocksdb {
class DB;
}

namespace weir::controller {

/// The Store on RocksDB, in one directory of its own (made with mode 0700 when absent).
///
/// Every commit is synced before it is acknowledged. Opening reads the whole database
/// with RocksDB's own checksums, the hash of every row, the sum over all rows and the
/// witness; anything damaged, missing or forgotten refuses to open and nothing is changed on disk,
/// so that it can be looked at. Only a record cut short at the very end of the log, never
/// acknowledged, is dropped.
///
/// A disk that is nearly full refuses commits before anything is written, and takes them again once
/// there is room: RocksDB itself, whose write cannot be taken back, never meets a full disk.
///
///   cost     open O(bytes stored); commit one fdatasync; memory 5 MiB when small, 25 MiB with
///            40 000 rows of 300 bytes
///   thread   any; calls block on the disk
class RocksStore final : public Store {
 public:
  struct Options {
    std::string path;
    std::size_t write_buffer_bytes = 4 << 20;
    std::uint64_t reserve_bytes = 32 << 20;  // of the disk, kept free
    /// Called once, on the committing thread, when a write has failed: no commit succeeds any more
    /// and only opening the store again tells what is on the disk.
    std::function<void(const std::string&)> on_failure = {};
  };

  /// Errors: failed_precondition (the directory is in use), data_loss (what is damaged and what to
  /// do), unavailable (the disk or its permissions).
  static Result<std::unique_ptr<RocksStore>> open(const Options& options);
  ~RocksStore() override;

  Result<std::optional<Row>> get(std::string_view key) override;
  Result<ScanPage> scan(std::string_view prefix, std::string_view start_after,
                        std::size_t limit) override;
  Result<std::uint64_t> commit(const Transaction& transaction) override;
  Status writable() override;
  std::optional<StoreRoom> room() override;
  Result<std::uint64_t> copy_to(const std::string& folder) override;
  std::unique_ptr<Watch> watch(std::string prefix, WatchCallback callback) override;

 private:
  RocksStore(Options options, std::unique_ptr<rocksdb::DB> db, Witness witness, const Head& head);
  Result<Head> head_after(const Transaction& transaction);
  Status check_space() const;
  std::optional<StoreRoom> room_left() const;
  Result<std::uint64_t> commit_locked(const Transaction& transaction);

  const Options options_;
  const std::unique_ptr<rocksdb::DB> db_;
  const std::shared_ptr<WatchHub> watches_;
  std::mutex commit_mu_;
  Witness witness_;  // guarded by commit_mu_
  Head head_;        // guarded by commit_mu_
  std::string
      failure_;  // guarded by commit_mu_; set when a write failed: nothing is written any more
};

}  // namespace weir::controller
