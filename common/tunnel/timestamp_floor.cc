#include "common/tunnel/timestamp_floor.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <limits>
#include <string_view>

#include "common/base/text.h"
#include "common/os/fd.h"
#include "common/os/os_error.h"

namespace weir {
namespace {

/// What a wall clock can say at all.
constexpr std::uint64_t k_most = std::numeric_limits<std::int64_t>::max();

/// 0 for anything that we did not write.
std::uint64_t parse(std::string_view text) {
  if (!text.ends_with('\n')) return 0;
  text.remove_suffix(1);
  std::uint64_t ns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ns);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && ns <= k_most ? ns : 0;
}

}  // namespace

Result<TimestampFloor> TimestampFloor::open(std::string path) {
  if (!path.starts_with('/')) {
    return fail(Code::invalid_argument,
                "the file for timestamps " + in_quotes(path) + " is not an absolute path");
  }
  TimestampFloor floor;
  floor.path_ = std::move(path);
  const Fd file(::open(floor.path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file) {
    std::array<char, 32> text{};
    const ssize_t size = ::read(file.get(), text.data(), text.size());
    if (size < 0) return fail(os_error("read " + floor.path_, errno));
    floor.ns_ = parse({text.data(), static_cast<std::size_t>(size)});
    return floor;
  }
  if (errno != ENOENT) return fail(os_error("read " + floor.path_, errno));
  const Status made = floor.write(0);
  if (!made && made.error().code() != Code::resource_exhausted) return fail(made.error());
  return floor;
}

/// Wherever the disk does not take it, the floor of this run stays: the next call tries again.
void TimestampFloor::raise(std::uint64_t timestamp_ns) {
  const std::uint64_t ahead = timestamp_ns + static_cast<std::uint64_t>(k_ahead.count());
  if (write(ahead)) ns_ = ahead;
}

Status TimestampFloor::write(std::uint64_t ns) const {
  const std::string text = std::to_string(ns) + "\n";
  const std::string fresh = path_ + ".new";
  const Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return fail(os_error("write " + fresh, errno));
  const ssize_t written = ::write(file.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size())) {
    return fail(os_error("write " + fresh, written < 0 ? errno : ENOSPC));
  }
  if (::rename(fresh.c_str(), path_.c_str()) != 0) return fail(os_error("write " + path_, errno));
  return {};
}

}  // namespace weir
