#include "controller/app/tunnel_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/base/text.h"
#include "common/crypto/secret_text.h"
#include "common/crypto/x25519.h"
#include "common/os/fd.h"

namespace weir::controller {
namespace {

std::unexpected<Error> disk_error(const std::string& what, const std::string& path) {
  return fail(Code::unavailable, what + " " + in_quotes(path) + ": " + std::strerror(errno));
}

Result<PrivateKey> read_key(const Fd& file, const std::string& path) {
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return disk_error("look at", path);
  if ((info.st_mode & 077U) != 0) {
    return fail(Code::permission_denied,
                "the key " + in_quotes(path) + " may be read by others; chmod 600 it");
  }
  std::array<char, 128> buffer{};
  const ssize_t size = ::read(file.get(), buffer.data(), buffer.size());
  if (size < 0) return disk_error("read", path);
  const SecretText text(std::string(trim({buffer.data(), static_cast<std::size_t>(size)})));
  auto bytes = from_base64(text.reveal());
  wipe({reinterpret_cast<std::uint8_t*>(buffer.data()), buffer.size()});
  if (!bytes || bytes->size() != PrivateKey::k_size) {
    return fail(Code::data_loss, in_quotes(path) +
                                     " holds no WireGuard key; restore it, or remove it together "
                                     "with the store and join every agent again");
  }
  PrivateKey key(std::span<const std::uint8_t, PrivateKey::k_size>{*bytes});
  wipe(*bytes);
  return key;
}

Status sync_directory(const std::string& directory) {
  const Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return disk_error("sync", directory);
  return {};
}

/// Written beside and renamed, so that a crash leaves no half a key.
Status write_key(const PrivateKey& key, const std::string& directory, const std::string& path) {
  const std::string part = path + ".new";
  const Fd file(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return disk_error("create", part);
  const SecretText text(to_base64(key.bytes()) + "\n");
  const auto size = static_cast<ssize_t>(text.reveal().size());
  if (::write(file.get(), text.reveal().data(), text.reveal().size()) != size ||
      ::fsync(file.get()) != 0) {
    return disk_error("write", part);
  }
  if (::rename(part.c_str(), path.c_str()) != 0) return disk_error("rename to", path);
  return sync_directory(directory);
}

}  // namespace

Result<PrivateKey> load_or_make_tunnel_key(const std::string& state_dir, KeySource& keys) {
  std::error_code problem;
  if (std::filesystem::create_directories(state_dir, problem)) {
    std::filesystem::permissions(state_dir, std::filesystem::perms::owner_all, problem);
  }
  if (problem) {
    return fail(Code::unavailable, "make " + in_quotes(state_dir) + ": " + problem.message());
  }
  const std::string path = state_dir + "/tunnel.key";
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file) return read_key(file, path);
  if (errno != ENOENT) return disk_error("open", path);

  PrivateKey key;
  keys.fill(key.writable());
  clamp(key);
  WEIR_TRY(write_key(key, state_dir, path));
  return key;
}

}  // namespace weir::controller
