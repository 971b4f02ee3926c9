#include "common/tunnel/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "common/base/text.h"
#include "common/os/os_error.h"

namespace weir {
namespace {

constexpr const char* k_tun_path = "/dev/net/tun";
constexpr std::size_t k_pieces_max = 256;

// Debian 12's headers are older than the kernels this runs on.
constexpr unsigned k_tun_f_uso4 = 0x20;
constexpr unsigned k_tun_f_uso6 = 0x40;

/// Asks for as much as the kernel has.
TunIo::Offloads set_offloads(int fd, bool udp) {
  constexpr unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  if (udp && ::ioctl(fd, TUNSETOFFLOAD, tcp | k_tun_f_uso4 | k_tun_f_uso6) == 0)
    return {.tcp = true, .udp = true};
  if (::ioctl(fd, TUNSETOFFLOAD, tcp) == 0) return {.tcp = true, .udp = false};
  return {};
}

Status check_name(const std::string& name) {
  const bool allowed =
      !name.empty() && name.size() < IFNAMSIZ && name != "." && name != ".." &&
      std::ranges::all_of(
          name, [](char c) { return c > ' ' && c != '/' && c != ':' && c != '%' && c != '\x7f'; });
  if (allowed) return {};
  return fail(Code::invalid_argument,
              "interface name " + in_quotes(name) +
                  " needs 1 to 15 characters without blanks, slashes, colons or percent signs");
}

std::unexpected<Error> open_error(int number) {
  Error error = os_error("open " + std::string(k_tun_path), number);
  if (number == ENOENT || number == ENODEV || number == ENXIO) {
    return fail(Code::not_found, error.message() +
                                     "; load the module with `modprobe tun`, or give "
                                     "the container the device /dev/net/tun");
  }
  if (error.code() != Code::permission_denied) return fail(std::move(error));
  return fail(error.code(), error.message() + "; run as root or with CAP_NET_ADMIN");
}

std::unexpected<Error> attach_error(const std::string& name, int number) {
  Error error = os_error("create TUN interface " + in_quotes(name), number);
  if (number == EBUSY) {
    return fail(
        Code::already_exists,
        error.message() + "; another program runs on it: stop that one or use another name");
  }
  if (number == EINVAL) {
    return fail(Code::already_exists,
                error.message() + "; an interface of another kind has this name");
  }
  if (error.code() != Code::permission_denied) return fail(std::move(error));
  return fail(error.code(), error.message() + "; run as root or with CAP_NET_ADMIN");
}

}  // namespace

Result<TunDevice> TunDevice::create(const std::string& name, Options options) {
  WEIR_TRY(check_name(name));
  Fd fd(::open(k_tun_path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return open_error(errno);
  ifreq request{};
  std::ranges::copy(name, request.ifr_name);
  const auto flags = static_cast<short>(IFF_TUN | IFF_NO_PI);
  request.ifr_flags = options.large_packets ? static_cast<short>(flags | IFF_VNET_HDR) : flags;
  bool has_header = options.large_packets;
  if (::ioctl(fd.get(), TUNSETIFF, &request) < 0) {
    // A persistent interface may have been made without headers.
    if (errno != EINVAL || !has_header) return attach_error(name, errno);
    request.ifr_flags = flags;
    has_header = false;
    if (::ioctl(fd.get(), TUNSETIFF, &request) < 0) return attach_error(name, errno);
  }
  const Offloads offloads = has_header ? set_offloads(fd.get(), options.large_udp) : Offloads{};
  return TunDevice(std::move(fd), has_header, offloads);
}

Result<TunIo::Read> TunDevice::read(ByteSpan into) {
  Read got;
  std::array<iovec, 2> pieces{iovec{&got.header, sizeof(got.header)},
                              iovec{into.data(), into.size()}};
  const auto wanted = has_header_ ? std::span(pieces) : std::span(pieces).subspan(1);
  const std::size_t least = has_header_ ? sizeof(got.header) : 0;
  for (;;) {
    const ssize_t size = ::readv(fd_.get(), wanted.data(), static_cast<int>(wanted.size()));
    if (size >= 0) {
      got.size = static_cast<std::size_t>(size) - std::min(least, static_cast<std::size_t>(size));
      return got;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Read{};
    if (errno == EBADFD) return fail(Code::not_found, "the interface was removed");
    return fail(Code::unavailable, os_error("read from the TUN interface", errno).message());
  }
}

TunIo::Written TunDevice::write(const VnetHeader& header, std::span<const iovec> pieces) {
  std::array<iovec, k_pieces_max + 1> all;
  if (pieces.size() > k_pieces_max) return Written::refused;
  // The kernel only reads it.
  all[0] = {const_cast<VnetHeader*>(&header), sizeof(header)};
  std::ranges::copy(pieces, all.begin() + 1);
  const auto wanted = has_header_ ? std::span<const iovec>(all).first(pieces.size() + 1) : pieces;
  for (;;) {
    const ssize_t written = ::writev(fd_.get(), wanted.data(), static_cast<int>(wanted.size()));
    if (written >= 0) return Written::taken;
    if (errno == EINTR) continue;
    const bool clever = errno == EINVAL && header.gso_type != k_vnet_gso_none;
    return clever ? Written::unsupported : Written::refused;
  }
}

Result<std::string> TunDevice::name() const {
  ifreq request{};
  if (::ioctl(fd_.get(), TUNGETIFF, &request) < 0) {
    return fail(Code::not_found, "the interface was removed");
  }
  return std::string(request.ifr_name, ::strnlen(request.ifr_name, IFNAMSIZ));
}

Result<Fd> TunDevice::network_namespace() const {
  const int number = ::ioctl(fd_.get(), TUNGETDEVNETNS);
  if (number >= 0) return Fd(number);
  if (errno == EBADFD) return fail(Code::not_found, "the interface was removed");
  return fail(os_error("find the interface's network namespace", errno));
}

}  // namespace weir
