#include "cli/doctor/machine.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/os/fd.h"

namespace weir::cli {
namespace {

constexpr std::uint64_t k_room_mb = 100;

Finding failed(const char* code, std::string what, std::string cause, std::string next) {
  return {Finding::Level::fail, code,           "machine", std::move(what),
          std::move(cause),     std::move(next)};
}

void look_at_tun(const std::string& device, std::vector<Finding>& found) {
  const Fd tun(::open(device.c_str(), O_RDWR | O_CLOEXEC));
  if (!tun) {
    const bool missing = errno == ENOENT;
    found.push_back(
        failed("WEIR-001", device + " cannot be opened", std::strerror(errno),
               missing ? "modprobe tun" : "run it as root, or with the device allowed"));
    return;
  }
  // An interface of a name the kernel picks, gone with the descriptor.
  ifreq request{};
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(tun.get(), TUNSETIFF, &request) == 0) return;
  found.push_back(failed("WEIR-002", "no network interface can be made", std::strerror(errno),
                         "run it as root, or with CAP_NET_ADMIN"));
}

void look_at_port(std::uint16_t port, std::vector<Finding>& found) {
  const Fd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return;  // no IPv6 here: the agent says so itself
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return;
  found.push_back(failed("WEIR-003", fmt::format("UDP port {} is not free", port),
                         std::strerror(errno), fmt::format("ss -ulpn sport = :{}", port)));
}

void look_at_state(const std::string& state_dir, std::vector<Finding>& found) {
  // The nearest folder there is: the rest is made when it is needed.
  std::filesystem::path folder(state_dir);
  while (!std::filesystem::exists(folder) && folder.has_relative_path()) {
    folder = folder.parent_path();
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    found.push_back(failed("WEIR-004", folder.string() + " cannot be written to",
                           std::strerror(errno), "ls -ld " + folder.string()));
  }
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) return;
  const std::uint64_t room_mb = disk.f_bavail * disk.f_frsize / 1'000'000;
  if (room_mb >= k_room_mb) return;
  found.push_back(failed("WEIR-005", fmt::format("{} has {} MB left", folder.string(), room_mb),
                         fmt::format("at least {} MB are needed", k_room_mb),
                         "df -h " + folder.string()));
}

}  // namespace

std::vector<Finding> findings_of(const MachineNeeds& needs) {
  std::vector<Finding> found;
  look_at_tun(needs.tun_device, found);
  look_at_port(needs.tunnel_port, found);
  look_at_state(needs.state_dir, found);
  return found;
}

}  // namespace weir::cli
