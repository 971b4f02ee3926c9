#include "cli/command/secret_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir::cli {

Result<Fd> create_secret_file(const std::string& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() >= 0) return file;
  return fail(Code::already_exists, path + ": " + std::strerror(errno));
}

Status write_secret(const Fd& file, const std::string& secret) {
  const std::string line = secret + "\n";
  const ssize_t count = ::write(file.get(), line.data(), line.size());
  if (count == static_cast<ssize_t>(line.size()) && ::fsync(file.get()) == 0) return {};
  return fail(Code::unavailable, std::strerror(errno));
}

}  // namespace weir::cli
