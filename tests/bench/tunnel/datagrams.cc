#include "tests/bench/tunnel/datagrams.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "common/os/fd.h"
#include "common/os/os_error.h"

namespace weir::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t k_batch = 32;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

Result<std::uint64_t> send_datagrams(const Flood& flood) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail(os_error("open a UDP socket", errno));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(flood.to.port);
  std::memcpy(&to.sin_addr, flood.to.address.bytes().data(), 4);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) < 0) {
    return fail(os_error("connect", errno));
  }
  const std::vector<std::uint8_t> payload(flood.size, 'x');
  iovec piece{const_cast<std::uint8_t*>(payload.data()), payload.size()};
  std::array<mmsghdr, k_batch> messages{};
  for (mmsghdr& message : messages) {
    message.msg_hdr.msg_iov = &piece;
    message.msg_hdr.msg_iovlen = 1;
  }
  const auto start = Clock::now();
  std::uint64_t sent = 0;
  for (;;) {
    const double now = seconds_since(start);
    if (now >= flood.seconds) return sent;
    std::size_t due = k_batch;
    if (flood.per_second > 0) {
      const double owed = now * flood.per_second - static_cast<double>(sent);
      if (owed < 1) {
        // Short enough that a burst stays far below any queue.
        const timespec pause{0, 20'000};
        ::nanosleep(&pause, nullptr);
        continue;
      }
      due = std::min(k_batch, static_cast<std::size_t>(owed));
    }
    const int taken = ::sendmmsg(fd.get(), messages.data(), static_cast<unsigned>(due), 0);
    if (taken > 0) {
      sent += static_cast<std::uint64_t>(taken);
    } else if (errno != EINTR && errno != ENOBUFS && errno != ECONNREFUSED) {
      return fail(os_error("send", errno));
    }
  }
}

Result<std::uint64_t> count_datagrams(std::uint16_t port, double quiet_seconds) {
  const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail(os_error("open a UDP socket", errno));
  const int buffer = 8 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) < 0) {
    return fail(os_error("bind UDP port " + std::to_string(port), errno));
  }
  std::vector<std::uint8_t> bytes(k_batch * 2048);
  std::array<iovec, k_batch> pieces{};
  std::array<mmsghdr, k_batch> messages{};
  for (std::size_t i = 0; i < k_batch; ++i) {
    pieces[i] = {bytes.data() + i * 2048, 2048};  // the rest of a longer one is of no interest
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  std::uint64_t count = 0;
  for (;;) {
    pollfd waiting{fd.get(), POLLIN, 0};
    const int patience = count == 0 ? 10'000 : static_cast<int>(1000 * quiet_seconds);
    if (::poll(&waiting, 1, patience) <= 0) return count;
    const int got = ::recvmmsg(fd.get(), messages.data(), k_batch, MSG_DONTWAIT, nullptr);
    if (got > 0) count += static_cast<std::uint64_t>(got);
  }
}

}  // namespace weir::bench
