#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"

namespace weir {

/// Remembers in a small file how far the timestamps of our initiations have come, for the next run
/// of this program. Peers refuse timestamps that do not grow, so a run that begins after the wall
/// clock was set back would find every peer deaf until that clock passes where it once stood.
///
/// What is written lies a little ahead, so that a file is written every ten seconds at most. It is
/// replaced as a whole and not synced: it outlives the process, and the machine's power but for the
/// last seconds. One thread.
class TimestampFloor {
 public:
  static constexpr Duration k_ahead = std::chrono::seconds(10);

  /// Keeps nothing.
  TimestampFloor() = default;
  /// `path` is absolute; its folder exists. A file that holds anything else counts as missing.
  /// Errors: invalid_argument (not absolute), not_found, permission_denied, unavailable (cannot be
  /// read or made; a full disk is none).
  static Result<TimestampFloor> open(std::string path);

  /// No timestamp of an earlier run was greater, in nanoseconds since 1970; 0 when none is known.
  std::uint64_t ns() const { return ns_; }

  /// To be called before a timestamp leaves. What cannot be written is tried again with the next.
  void sending(std::uint64_t timestamp_ns) {
    if (timestamp_ns > ns_ && !path_.empty()) raise(timestamp_ns);
  }

 private:
  void raise(std::uint64_t timestamp_ns);
  Status write(std::uint64_t ns) const;

  std::string path_;
  std::uint64_t ns_ = 0;
};

}  // namespace weir
