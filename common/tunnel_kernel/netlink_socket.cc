#include "common/tunnel_kernel/netlink_socket.h"

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>

#include "common/crypto/keys.h"
#include "common/os/os_error.h"

namespace weir {
namespace {

constexpr std::size_t k_buffer_size = 65536;  // the kernel fills at most 32 KiB of it in a dump

/// The kernel answers within the call that sends; a bound all the same, so that nobody waits for
/// an answer that was lost.
constexpr timeval k_patience{.tv_sec = 5, .tv_usec = 0};

}  // namespace

Error NetlinkAnswer::as_error(const std::string& what) const {
  Error made = os_error(what, error);
  if (explanation.empty()) return made;
  return {made.code(), made.message() + " (" + explanation + ")"};
}

void NetlinkSocket::Close::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

NetlinkSocket::NetlinkSocket(NetlinkSocket&&) noexcept = default;
NetlinkSocket& NetlinkSocket::operator=(NetlinkSocket&&) noexcept = default;
NetlinkSocket::~NetlinkSocket() = default;

Result<NetlinkSocket> NetlinkSocket::open(int bus) {
  std::unique_ptr<mnl_socket, Close> socket(mnl_socket_open2(bus, SOCK_CLOEXEC));
  if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0) {
    return fail(os_error("open a netlink socket", errno));
  }
  int on = 1;  // old kernels know neither; their refusals are shorter then
  (void)mnl_socket_setsockopt(socket.get(), NETLINK_EXT_ACK, &on, sizeof(on));
  (void)mnl_socket_setsockopt(socket.get(), NETLINK_CAP_ACK, &on, sizeof(on));
  const int fd = mnl_socket_get_fd(socket.get());
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &k_patience, sizeof(k_patience)) < 0) {
    return fail(os_error("limit the wait on a netlink socket", errno));
  }
  return NetlinkSocket(std::move(socket));
}

NetlinkAnswer NetlinkSocket::exchange(NetlinkMessage& message, const Visit& visit) {
  const ByteView bytes = message.finish(++sequence_);
  if (mnl_socket_sendto(socket_.get(), bytes.data(), bytes.size()) < 0) return {errno, {}};
  ByteVector answer(k_buffer_size);
  bool interrupted = false;
  for (;;) {
    const ssize_t size = mnl_socket_recvfrom(socket_.get(), answer.data(), answer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return {errno == EAGAIN ? ETIMEDOUT : errno, {}};
    const ByteSpan datagram(answer.data(), static_cast<std::size_t>(size));
    auto verdict = read_netlink(datagram, sequence_, mnl_socket_get_portid(socket_.get()), visit);
    wipe(datagram);  // a dump has keys in it
    if (!verdict) return {EBADMSG, verdict.error().message()};
    interrupted = interrupted || verdict->interrupted;
    if (!verdict->done) continue;
    if (verdict->error == 0 && interrupted) return {EINTR, "it changed meanwhile"};
    return {verdict->error, std::move(verdict->explanation)};
  }
}

NetlinkAnswer NetlinkSocket::exchange(NetlinkMessage& message) {
  return exchange(message, [](std::uint16_t, ByteView) -> Status { return {}; });
}

}  // namespace weir
