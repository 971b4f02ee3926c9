#include "agent/state/state_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace weir::agent {
namespace {

/// A descriptor that closes itself.
class File {
 public:
  File(const std::filesystem::path& path, int flags, mode_t mode = 0)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> system_error(const std::string& doing) {
  const int number = errno;
  Code code = Code::unavailable;
  if (number == EACCES || number == EPERM) code = Code::permission_denied;
  if (number == ENOENT) code = Code::not_found;
  if (number == ENOSPC || number == EDQUOT) code = Code::resource_exhausted;
  return fail(code, doing + ": " + std::strerror(number));
}

Status write_all(int fd, ByteView bytes, const std::string& doing) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return system_error(doing);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

Result<StateDir> StateDir::open(std::filesystem::path path) {
  std::error_code problem;
  std::filesystem::create_directories(path.parent_path(), problem);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_error("make state directory " + path.string());
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return system_error("look at state directory " + path.string());
  }
  if (!S_ISDIR(status.st_mode)) {
    return fail(Code::failed_precondition, path.string() + " is not a directory");
  }
  if ((status.st_mode & 077) != 0) {
    return fail(Code::failed_precondition, "state directory " + path.string() +
                                               " holds private keys and may be entered by others; "
                                               "run: chmod 700 " +
                                               path.string());
  }
  return StateDir(std::move(path));
}

Result<ByteVector> StateDir::read(const std::string& name, std::size_t most) const {
  const auto file_path = path_ / name;
  const File file(file_path, O_RDONLY);
  if (!file.is_open()) return system_error("open " + file_path.string());
  ByteVector bytes;
  for (;;) {
    constexpr std::size_t step = 65536;
    const std::size_t held = bytes.size();
    if (held > most) {
      return fail(Code::resource_exhausted,
                  file_path.string() + " is longer than " + std::to_string(most) + " bytes");
    }
    bytes.resize(held + step);
    const ssize_t got = ::read(file.fd(), bytes.data() + held, step);
    bytes.resize(held + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got == 0) return bytes;
    if (got < 0 && errno != EINTR) return system_error("read " + file_path.string());
  }
}

Status StateDir::replace(const std::string& name, ByteView bytes) const {
  const auto target = path_ / name;
  const auto temporary = path_ / (name + ".new");
  const std::string doing = "write " + target.string();
  {
    const File file(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (!file.is_open()) return system_error(doing);
    WEIR_TRY(write_all(file.fd(), bytes, doing));
    if (::fsync(file.fd()) != 0) return system_error(doing);
  }
  if (::rename(temporary.c_str(), target.c_str()) != 0) return system_error(doing);
  const File directory(path_, O_RDONLY | O_DIRECTORY);
  if (!directory.is_open() || ::fsync(directory.fd()) != 0) return system_error(doing);
  return {};
}

Status StateDir::remove(const std::string& name) const {
  const auto target = path_ / name;
  if (::unlink(target.c_str()) != 0 && errno != ENOENT) {
    return system_error("remove " + target.string());
  }
  return {};
}

}  // namespace weir::agent
