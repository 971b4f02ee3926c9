#include "common/rpc/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/text.h"

namespace weir {

Status make_room_for_unix_socket(const std::string& path) {
  sockaddr_un address{};
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return fail(Code::invalid_argument,
                "unix socket " + in_quotes(path) + " needs a path of 1 to " +
                    std::to_string(sizeof(address.sun_path) - 1) + " bytes");
  }
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return fail(Code::already_exists,
                in_quotes(path) + " is a file but no socket; remove it or choose another path");
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return {};
  const bool answers =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  ::close(probe);
  if (answers) {
    return fail(Code::already_exists,
                "another process serves " + in_quotes(path) + "; stop it or choose another path");
  }
  return {};  // left by a process that died; gRPC replaces it
}

Status set_unix_socket_mode(const std::string& path, unsigned mode) {
  if (::chmod(path.c_str(), static_cast<mode_t>(mode)) == 0) return {};
  return fail(Code::unavailable,
              "cannot set the mode of " + in_quotes(path) + ": " + std::strerror(errno));
}

}  // namespace weir
