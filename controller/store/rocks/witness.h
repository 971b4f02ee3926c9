#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace weir::controller {

/// A small file beside the database that says how far commits were acknowledged, and the lock of
/// the directory.
///
/// RocksDB takes a damaged length at the end of its log for a write cut short by a crash and drops
/// what follows without a word. The witness is written after each durable commit, so a database
/// that has forgotten an acknowledged commit is behind it and is refused. It is not synced: it
/// survives the process at once and the machine after the kernel's write-back, and is never ahead
/// of the log.
///
///   slot     "weirhead", version be64, 16 bytes of SHA-256 of both
///   file     two slots, 512 bytes apart, written in turn
///   thread   one at a time
class Witness {
 public:
  /// Opens or creates `path` and locks it for this process.
  /// Errors: failed_precondition (locked by another), unavailable (with the path and the reason).
  static Result<Witness> open(const std::string& path);
  Witness(Witness&& other) noexcept;
  Witness& operator=(Witness&&) = delete;
  ~Witness();

  /// No slot was ever written.
  bool fresh() const { return fresh_; }
  std::uint64_t version() const { return version_; }

  /// `durable`: also synced, for the first one. Errors: unavailable.
  Status write(std::uint64_t version, bool durable = false);

 private:
  Witness(int file, std::string path) : file_(file), path_(std::move(path)) {}
  Status read();

  int file_;
  std::string path_;
  std::uint64_t version_ = 0;
  bool fresh_ = true;
};

/// The error of the last system call: "`what` `path`: reason". Errors: unavailable.
Status system_failure(const std::string& what, const std::string& path);

}  // namespace weir::controller
