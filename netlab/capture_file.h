#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"

namespace weir::netlab {

/// A pcap file (nanosecond format, raw IP) that tcpdump and Wireshark read.
///
/// Not buffered beyond stdio; one thread. After a write that failed the rest
/// is ignored until `finish` says so, because a full disk must not stop the links.
class CaptureFile {
 public:
  static constexpr std::uint64_t k_bytes_max = std::uint64_t{4} << 30;

  /// Makes the file, or empties a regular one; readable by the owner only. No link is followed.
  /// Errors: unavailable (names the file and the system's reason).
  static Result<CaptureFile> create(const std::string& path);

  void write(ByteView packet, WallTime when);
  /// Flushes. Errors: data_loss when anything could not be written or passed `k_bytes_max`.
  Status finish();

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit CaptureFile(std::FILE* file) : file_(file) {}
  void put(ByteView bytes);

  std::unique_ptr<std::FILE, Closer> file_;
  std::uint64_t written_ = 0;
  bool good_ = true;
};

}  // namespace weir::netlab
