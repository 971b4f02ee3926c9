#include "common/tunnel/tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/base/text.h"
#include "common/os/os_error.h"

namespace weir {
namespace {

constexpr const char* k_tun_path = "/dev/net/tun";

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

Result<TunDevice> TunDevice::create(const std::string& name) {
  WEIR_TRY(check_name(name));
  Fd fd(::open(k_tun_path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return open_error(errno);
  ifreq request{};
  std::ranges::copy(name, request.ifr_name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) < 0) return attach_error(name, errno);
  return TunDevice(std::move(fd));
}

Result<std::size_t> TunDevice::read(ByteSpan into) {
  for (;;) {
    const ssize_t size = ::read(fd_.get(), into.data(), into.size());
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return std::size_t{0};
    if (errno == EBADFD) return fail(Code::not_found, "the interface was removed");
    return fail(Code::unavailable, os_error("read from the TUN interface", errno).message());
  }
}

bool TunDevice::write(ByteSpan packet) {
  for (;;) {
    const ssize_t written = ::write(fd_.get(), packet.data(), packet.size());
    if (written >= 0) return true;
    if (errno != EINTR) return false;
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
