#include "controller/store/rocks/rocks_store.h"

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "common/base/text.h"

namespace weir::controller {
namespace {

constexpr const char* k_remedy =
    "; nothing was changed: keep the directory, then restore a backup or start with an empty one "
    "and "
    "let the agents join again";

Error to_error(const rocksdb::Status& status, const std::string& what) {
  if (status.IsCorruption() || status.IsPathNotFound()) {
    return {Code::data_loss, what + " is damaged (" + status.ToString() + ")" + k_remedy};
  }
  return {Code::unavailable, what + ": " + status.ToString()};
}

rocksdb::Options make_options(const RocksStore::Options& wanted, bool create) {
  rocksdb::Options options;
  options.create_if_missing = create;
  // The default mode opens with whatever precedes the first bad record; this one refuses.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.paranoid_checks = true;
  options.paranoid_file_checks = true;
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = wanted.write_buffer_bytes;
  options.max_write_buffer_number = 2;
  options.max_total_wal_size = 2 * wanted.write_buffer_bytes;
  options.max_manifest_file_size = 1 << 20;
  options.max_background_jobs = 2;
  options.max_open_files = 128;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(8 << 20, 0);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

/// Reads every byte the database holds and compares it with its head row.
Result<Head> check_rows(rocksdb::DB& db, const std::string& path) {
  if (const auto sound = db.VerifyChecksum(); !sound.ok()) {
    return fail(to_error(sound, "store " + path));
  }
  std::optional<Head> head;
  Head found;
  const std::unique_ptr<rocksdb::Iterator> row(db.NewIterator(rocksdb::ReadOptions()));
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    const std::string_view key = row->key().ToStringView();
    if (key == k_head_key) {
      WEIR_ASSIGN(decoded, decode_head(row->value().ToStringView()));
      head = decoded;
      continue;
    }
    WEIR_ASSIGN(decoded, decode_row(key, row->value().ToStringView()));
    found.rows += 1;
    found.sum.add(hash_row(key, decoded.value, decoded.version));
  }
  if (!row->status().ok()) return fail(to_error(row->status(), "store " + path));
  found.version = head ? head->version : 0;
  if (found != head.value_or(Head{})) {
    return fail(Code::data_loss, "store " + path + " holds " + std::to_string(found.rows) +
                                     " rows that do not add up to its head row (" +
                                     std::to_string(head ? head->rows : 0) + " rows)" + k_remedy);
  }
  return found;
}

/// Looks at the database without changing a byte of it. Nothing when it was never created.
Result<Head> inspect(const RocksStore::Options& wanted, const Witness& witness) {
  rocksdb::DB* opened = nullptr;
  const auto status =
      rocksdb::DB::OpenForReadOnly(make_options(wanted, false), wanted.path, &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return fail(to_error(status, "store " + wanted.path));
  WEIR_ASSIGN(head, check_rows(*db, wanted.path));
  if (head.version < witness.version()) {
    return fail(Code::data_loss, "store " + wanted.path + " ends at commit " +
                                     std::to_string(head.version) + ", but commit " +
                                     std::to_string(witness.version()) + " was acknowledged" +
                                     k_remedy);
  }
  return head;
}

/// True when the directory holds no database yet, false when it holds one.
/// Errors: data_loss when it holds the rest of one.
Result<bool> is_new(const std::string& path, const Witness& witness) {
  bool current = false;
  bool data = false;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(path, problem)) {
    current = current || entry.path().filename() == "CURRENT";
    data = data || entry.path().extension() == ".sst" || entry.path().extension() == ".log";
  }
  if (problem) return fail(Code::unavailable, "cannot list " + path + ": " + problem.message());
  if (current && witness.fresh()) {
    return fail(Code::data_loss, "store " + path + " has lost its file weir-head" + k_remedy);
  }
  if (!current && (data || witness.version() > 0)) {
    return fail(Code::data_loss, "store " + path + " has lost its file CURRENT" + k_remedy);
  }
  return !current;
}

}  // namespace

Result<std::unique_ptr<RocksStore>> RocksStore::open(const Options& options) {
  namespace fs = std::filesystem;
  std::error_code problem;
  if (fs::create_directories(options.path, problem)) {
    fs::permissions(options.path, fs::perms::owner_all, problem);
  }
  if (problem) {
    return fail(Code::unavailable, "cannot make " + options.path + ": " + problem.message());
  }
  WEIR_ASSIGN(witness, Witness::open(options.path + "/weir-head"));
  WEIR_ASSIGN(fresh, is_new(options.path, witness));
  Head head;
  if (fresh) {
    WEIR_TRY(witness.write(0, true));
  } else {
    WEIR_ASSIGN(inspected, inspect(options, witness));
    head = inspected;
  }
  rocksdb::DB* opened = nullptr;
  const auto status = rocksdb::DB::Open(make_options(options, fresh), options.path, &opened);
  std::unique_ptr<rocksdb::DB> db(opened);
  if (!status.ok()) return fail(to_error(status, "store " + options.path));
  WEIR_TRY(witness.write(head.version));
  return std::unique_ptr<RocksStore>(
      new RocksStore(options, std::move(db), std::move(witness), head));
}

RocksStore::RocksStore(Options options, std::unique_ptr<rocksdb::DB> db, Witness witness,
                       const Head& head)
    : options_(std::move(options)),
      db_(std::move(db)),
      watches_(std::make_shared<WatchHub>()),
      witness_(std::move(witness)),
      head_(head) {}

RocksStore::~RocksStore() = default;

Result<std::optional<Row>> RocksStore::get(std::string_view key) {
  if (key.empty() || key.front() == '\0') return std::nullopt;
  std::string stored;
  const auto status = db_->Get(rocksdb::ReadOptions(), key, &stored);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(to_error(status, "store key " + in_quotes(key)));
  WEIR_ASSIGN(row, decode_row(key, stored));
  return std::move(row);
}

Result<ScanPage> RocksStore::scan(std::string_view prefix, std::string_view start_after,
                                  std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, k_scan_max);
  const std::string_view first_key("\x01", 1);  // below it lie the store's own rows
  const std::string_view from = std::max({prefix, start_after, first_key});
  const std::unique_ptr<rocksdb::Iterator> row(db_->NewIterator(rocksdb::ReadOptions()));
  ScanPage page;
  std::size_t bytes = 0;
  for (row->Seek(from); row->Valid(); row->Next()) {
    const std::string_view key = row->key().ToStringView();
    if (!key.starts_with(prefix)) break;
    if (key == start_after) continue;
    if (page.rows.size() == limit || bytes >= k_scan_bytes_max) {
      page.more = true;
      break;
    }
    WEIR_ASSIGN(decoded, decode_row(key, row->value().ToStringView()));
    bytes += key.size() + decoded.value.size();
    page.rows.push_back(std::move(decoded));
  }
  if (!row->status().ok())
    return fail(to_error(row->status(), "store scan of " + in_quotes(prefix)));
  return page;
}

Result<Head> RocksStore::head_after(const Transaction& transaction) {
  Head head = head_;
  head.version += 1;
  for (const Transaction::Write& write : transaction.writes()) {
    WEIR_ASSIGN(old, get(write.key));
    if (old) {
      head.sum.remove(hash_row(old->key, old->value, old->version));
      head.rows -= 1;
    }
    if (write.value) {
      head.sum.add(hash_row(write.key, *write.value, head.version));
      head.rows += 1;
    }
  }
  return head;
}

std::optional<StoreRoom> RocksStore::room() { return room_left(); }

std::optional<StoreRoom> RocksStore::room_left() const {
  struct statvfs disk{};
  if (::statvfs(options_.path.c_str(), &disk) != 0) return std::nullopt;
  return StoreRoom{options_.path, std::uint64_t{disk.f_bavail} * disk.f_frsize,
                   options_.reserve_bytes};
}

Status RocksStore::check_space() const {
  const auto room = room_left();
  if (!room) return {};  // the write itself will tell
  const std::uint64_t left = room->free_bytes;
  if (left >= options_.reserve_bytes) return {};
  return fail(Code::resource_exhausted,
              "the disk of " + options_.path + " is nearly full: " + std::to_string(left >> 20) +
                  " MiB are left and " + std::to_string(options_.reserve_bytes >> 20) +
                  " MiB stay free; nothing was written, make room");
}

Status RocksStore::writable() {
  const std::lock_guard lock(commit_mu_);
  if (!failure_.empty()) return fail(Code::unavailable, failure_);
  return check_space();
}

Result<std::uint64_t> RocksStore::commit(const Transaction& transaction) {
  WEIR_TRY(transaction.check());
  std::unique_lock lock(commit_mu_);
  if (!failure_.empty()) return fail(Code::unavailable, failure_);
  auto version = commit_locked(transaction);
  const std::string failure = failure_;
  lock.unlock();
  if (!failure.empty() && options_.on_failure) options_.on_failure(failure);
  return version;
}

Result<std::uint64_t> RocksStore::commit_locked(const Transaction& transaction) {
  for (const Transaction::Compare& compare : transaction.compares()) {
    WEIR_ASSIGN(row, get(compare.key));
    WEIR_TRY(check_condition(compare, row));
  }
  if (transaction.writes().empty()) return head_.version;
  WEIR_TRY(check_space());

  WEIR_ASSIGN(head, head_after(transaction));
  rocksdb::WriteBatch batch;
  for (const Transaction::Write& write : transaction.writes()) {
    if (write.value) {
      batch.Put(write.key, encode_row(write.key, *write.value, head.version));
    } else {
      batch.Delete(write.key);
    }
  }
  batch.Put(rocksdb::Slice(k_head_key.data(), k_head_key.size()), encode_head(head));
  rocksdb::WriteOptions durable;
  durable.sync = true;
  if (const auto status = db_->Write(durable, &batch); !status.ok()) {
    // After a failed sync nobody knows what the disk holds; only a restart reads it again.
    failure_ = "the store's disk failed (" + status.ToString() +
               "): no more writes are taken; mend the disk and restart weir-controller";
    return fail(Code::unavailable, failure_);
  }
  head_ = head;
  if (const auto written = witness_.write(head.version); !written) {
    failure_ = written.error().message() + "; no more writes are taken, restart weir-controller";
  }
  watches_->publish(head.version, transaction);
  return head.version;
}

/// RocksDB links its finished files into the copy, so that it costs time and room for what is not
/// yet in one of them. The witness comes from before, so that it is never ahead of the copied log.
Result<std::uint64_t> RocksStore::copy_to(const std::string& folder) {
  std::uint64_t version = 0;
  {
    const std::lock_guard lock(commit_mu_);
    if (!failure_.empty()) return fail(Code::unavailable, failure_);
    WEIR_TRY(check_space());
    version = head_.version;
  }
  rocksdb::Checkpoint* made = nullptr;
  auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder);
  if (!status.ok()) return fail(Code::unavailable, "copy to " + folder + ": " + status.ToString());
  WEIR_ASSIGN(witness, Witness::open(folder + "/weir-head"));
  WEIR_TRY(witness.write(version, true));
  return version;
}

std::unique_ptr<Watch> RocksStore::watch(std::string prefix, WatchCallback callback) {
  return watches_->add(std::move(prefix), std::move(callback));
}

}  // namespace weir::controller
