#include "common/tunnel/udp.h"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "common/os/os_error.h"

namespace weir {
namespace {

// Debian 12's libc has neither.
constexpr int k_udp_segment = 103;
constexpr int k_udp_gro = 104;

constexpr std::size_t k_datagram_max = 65536;
constexpr int k_socket_buffer = 4 << 20;
constexpr int k_full_buffer_wait_ms = 20;
constexpr int k_random_port_attempts = 16;

/// Room for one IP_PKTINFO or IPV6_PKTINFO and one UDP_SEGMENT or UDP_GRO.
struct alignas(cmsghdr) ControlSpace {
  std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))> bytes{};
};

template <typename T>
bool set_option(int fd, int level, int name, const T& value) {
  return ::setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

/// Beyond the host's limit where we may, up to it elsewhere.
void enlarge_buffers(int fd) {
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, k_socket_buffer)) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, k_socket_buffer);
  }
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, k_socket_buffer)) {
    set_option(fd, SOL_SOCKET, SO_SNDBUF, k_socket_buffer);
  }
}

Status set_socket_mark(int fd, std::uint32_t mark) {
  if (set_option(fd, SOL_SOCKET, SO_MARK, mark)) return {};
  return fail(os_error("set fwmark " + std::to_string(mark) + " (needs CAP_NET_ADMIN)", errno));
}

std::unexpected<Error> bind_error(std::uint16_t port, int number) {
  const Error error = os_error("bind UDP port " + std::to_string(port), number);
  if (number != EADDRINUSE) return fail(error);
  return fail(Code::already_exists,
              error.message() + "; choose another listen port or stop what holds this one");
}

struct AnyAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

AnyAddress make_address(int family, const IpAddress& address, std::uint16_t port,
                        std::uint32_t scope) {
  AnyAddress made;
  if (family == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&made.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, address.bytes().data(), 4);
    made.size = sizeof(sockaddr_in);
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&made.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    v6->sin6_scope_id = scope;
    if (address.is_v6()) std::memcpy(&v6->sin6_addr, address.bytes().data(), 16);
    made.size = sizeof(sockaddr_in6);
  }
  return made;
}

Endpoint endpoint_of(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    return {IpAddress::v4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  return {IpAddress::v6(std::span<const std::uint8_t, 16>(v6.sin6_addr.s6_addr, 16)),
          ntohs(v6.sin6_port)};
}

/// The interface on which the kernel saw a link-local address; 0 for all others.
std::uint32_t scope_of(const sockaddr_storage& storage) {
  if (storage.ss_family != AF_INET6) return 0;
  return reinterpret_cast<const sockaddr_in6&>(storage).sin6_scope_id;
}

Result<std::uint16_t> bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) < 0) {
    return fail(os_error("read the UDP port", errno));
  }
  return endpoint_of(storage).port;
}

/// An empty Fd when the host has no such address family.
Result<Fd> open_family(int family, std::uint16_t port, std::uint32_t mark, bool join) {
  Fd fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!fd) {
    if (errno == EAFNOSUPPORT) return Fd();
    return fail(os_error("open a UDP socket", errno));
  }
  const int on = 1;
  if (family == AF_INET6) {
    set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, on);
    set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, on);
  } else {
    set_option(fd.get(), IPPROTO_IP, IP_PKTINFO, on);
  }
  if (join) set_option(fd.get(), SOL_UDP, k_udp_gro, on);
  enlarge_buffers(fd.get());
  if (mark != 0) WEIR_TRY(set_socket_mark(fd.get(), mark));
  const AnyAddress any = make_address(family, IpAddress(), port, 0);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any.storage), any.size) < 0) {
    // IPv6 compiled in but disabled by the administrator.
    if (family == AF_INET6 && errno == EADDRNOTAVAIL) return Fd();
    return bind_error(port, errno);
  }
  return fd;
}

}  // namespace

struct UdpPort::Sockets {
  Fd v4;
  Fd v6;
};

/// Everything a batch needs, allocated once; only the pages in use become resident. `received` and
/// `bytes` stay untouched by sending, so that answers can go out while a batch is handled.
struct UdpPort::Buffers {
  std::unique_ptr<std::uint8_t[]> bytes{new std::uint8_t[k_receive_max * k_datagram_max]};
  std::array<mmsghdr, k_batch_max> headers{};
  std::array<iovec, k_batch_max> pieces{};
  std::array<sockaddr_storage, k_batch_max> addresses{};
  std::array<ControlSpace, k_batch_max> controls{};
  std::array<ReceivedDatagrams, k_receive_max> received{};
};

namespace {

/// Where the datagrams were sent to: our address, and for link-local ones the interface. And how
/// long each is.
void read_control(msghdr& header, ReceivedDatagrams& run) {
  UdpPath& path = run.path;
  for (cmsghdr* item = CMSG_FIRSTHDR(&header); item != nullptr; item = CMSG_NXTHDR(&header, item)) {
    if (item->cmsg_level == IPPROTO_IP && item->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(item), sizeof(info));
      path.local = IpAddress::v4(ntohl(info.ipi_spec_dst.s_addr));
    } else if (item->cmsg_level == IPPROTO_IPV6 && item->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(item), sizeof(info));
      path.local = IpAddress::v6(std::span<const std::uint8_t, 16>(info.ipi6_addr.s6_addr, 16));
      // Elsewhere the route decides, so that a reply follows a change of routes.
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) path.interface_index = info.ipi6_ifindex;
    } else if (item->cmsg_level == SOL_UDP && item->cmsg_type == k_udp_gro) {
      int size = 0;
      std::memcpy(&size, CMSG_DATA(item), sizeof(size));
      if (size > 0) run.size = static_cast<std::size_t>(size);
    }
  }
}

/// Puts control messages one behind the other.
class ControlWriter {
 public:
  ControlWriter(msghdr& header, ControlSpace& space) : header_(header), space_(space) {
    header.msg_control = nullptr;
    header.msg_controllen = 0;
  }

  template <typename Info>
  void add(int level, int type, const Info& info) {
    header_.msg_control = space_.bytes.data();
    cmsghdr item{};
    item.cmsg_level = level;
    item.cmsg_type = type;
    item.cmsg_len = CMSG_LEN(sizeof(info));
    std::uint8_t* const at = space_.bytes.data() + header_.msg_controllen;
    std::memset(at, 0, CMSG_SPACE(sizeof(info)));
    std::memcpy(at, &item, sizeof(item));
    std::memcpy(at + CMSG_LEN(0), &info, sizeof(info));
    header_.msg_controllen += CMSG_SPACE(sizeof(info));
  }

 private:
  msghdr& header_;
  ControlSpace& space_;
};

bool has_local(const UdpPath& path) {
  return !path.local.is_unspecified() && path.local.is_v4() == path.remote.address.is_v4();
}

enum class Local : bool { as_asked, kernels_choice };

/// Asks the kernel to send from `path.local`, if there is one of the right family, and to cut a run
/// into datagrams.
void write_control(const OutgoingDatagrams& run, Local local, msghdr& header, ControlSpace& space) {
  ControlWriter writer(header, space);
  const UdpPath& path = run.path;
  if (local == Local::as_asked && has_local(path)) {
    if (path.local.is_v4()) {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, path.local.bytes().data(), 4);
      writer.add(IPPROTO_IP, IP_PKTINFO, info);
    } else {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, path.local.bytes().data(), 16);
      info.ipi6_ifindex = path.interface_index;
      writer.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  if (run.bytes.size() > run.size)
    writer.add(SOL_UDP, k_udp_segment, static_cast<std::uint16_t>(run.size));
}

}  // namespace

UdpPort::UdpPort(Sockets sockets, std::uint16_t port, Options options)
    : sockets_(std::make_unique<Sockets>(std::move(sockets))),
      buffers_(std::make_unique<Buffers>()),
      port_(port),
      options_(options) {
  for (const Fd* fd : {&sockets_->v4, &sockets_->v6}) {
    if (*fd) fds_[fds_used_++] = fd->get();
  }
}
UdpPort::UdpPort(UdpPort&&) noexcept = default;
UdpPort& UdpPort::operator=(UdpPort&&) noexcept = default;
UdpPort::~UdpPort() = default;

Result<UdpPort> UdpPort::open(std::uint16_t port, std::uint32_t mark, Options options) {
  for (int attempt = 1;; ++attempt) {
    WEIR_ASSIGN(v6, open_family(AF_INET6, port, mark, options.join));
    std::uint16_t chosen = port;
    if (v6) {
      WEIR_ASSIGN(bound, bound_port(v6.get()));
      chosen = bound;
    }
    auto v4 = open_family(AF_INET, chosen, mark, options.join);
    // The kernel chose a port for IPv6 that somebody holds in IPv4: let it choose again.
    const bool unlucky = !v4 && v4.error().code() == Code::already_exists && port == 0;
    if (unlucky && attempt < k_random_port_attempts) continue;
    if (!v4) return fail(std::move(v4).error());
    if (!*v4 && !v6) return fail(Code::unavailable, "the host has neither IPv4 nor IPv6");
    if (*v4 && chosen == 0) {
      WEIR_ASSIGN(bound, bound_port(v4->get()));
      chosen = bound;
    }
    return UdpPort(Sockets{std::move(*v4), std::move(v6)}, chosen, options);
  }
}

Status UdpPort::set_mark(std::uint32_t mark) {
  for (const int fd : poll_fds()) WEIR_TRY(set_socket_mark(fd, mark));
  return {};
}

std::size_t UdpPort::waiting_bytes() const {
  std::size_t sum = 0;
  for (const int fd : poll_fds()) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
    socklen_t size = sizeof(memory);
    if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory.data(), &size) == 0) {
      sum += memory[SK_MEMINFO_RMEM_ALLOC];
    }
  }
  return sum;
}

std::span<const ReceivedDatagrams> UdpPort::receive(std::size_t which) {
  Buffers& buffers = *buffers_;
  for (std::size_t i = 0; i < k_receive_max; ++i) {
    buffers.pieces[i] = {buffers.bytes.get() + i * k_datagram_max, k_datagram_max};
    msghdr& header = buffers.headers[i].msg_hdr;
    header = {};
    header.msg_name = &buffers.addresses[i];
    header.msg_namelen = sizeof(sockaddr_storage);
    header.msg_iov = &buffers.pieces[i];
    header.msg_iovlen = 1;
    header.msg_control = buffers.controls[i].bytes.data();
    header.msg_controllen = buffers.controls[i].bytes.size();
  }
  const int got =
      ::recvmmsg(fds_[which], buffers.headers.data(), k_receive_max, MSG_DONTWAIT, nullptr);
  const auto count = static_cast<std::size_t>(std::max(got, 0));
  for (std::size_t i = 0; i < count; ++i) {
    ReceivedDatagrams& run = buffers.received[i];
    run.bytes = {buffers.bytes.get() + i * k_datagram_max, buffers.headers[i].msg_len};
    run.size = run.bytes.size();
    run.path = UdpPath{.remote = endpoint_of(buffers.addresses[i]),
                       .local = {},
                       .interface_index = scope_of(buffers.addresses[i])};
    read_control(buffers.headers[i].msg_hdr, run);
  }
  return {buffers.received.data(), count};
}

namespace {

bool wait_until_writable(int fd) {
  pollfd waiting{fd, POLLOUT, 0};
  return ::poll(&waiting, 1, k_full_buffer_wait_ms) > 0;
}

}  // namespace

SendReport UdpPort::send(std::span<const OutgoingDatagrams> batch) {
  SendReport report;
  while (!batch.empty()) {
    if (!options_.cut && batch.front().count() > 1) {
      send_one_by_one(batch.front(), report);
      batch = batch.subspan(1);
      continue;
    }
    const auto runs = batch.first(prepare(batch));
    send_prepared(runs, report);
    batch = batch.subspan(runs.size());
  }
  return report;
}

/// Fills the headers for the runs at the front that go out in one call: those of one family.
std::size_t UdpPort::prepare(std::span<const OutgoingDatagrams> batch) {
  const bool v4 = batch.front().path.remote.address.is_v4();
  std::size_t count = 0;
  for (const OutgoingDatagrams& run : batch.first(std::min(batch.size(), k_batch_max))) {
    const Endpoint& remote = run.path.remote;
    if (remote.address.is_v4() != v4 || (!options_.cut && run.count() > 1)) break;
    const AnyAddress to = make_address(v4 ? AF_INET : AF_INET6, remote.address, remote.port,
                                       run.path.interface_index);
    std::memcpy(&buffers_->addresses[count], &to.storage, to.size);
    // The kernel only reads them.
    buffers_->pieces[count] = {const_cast<std::uint8_t*>(run.bytes.data()), run.bytes.size()};
    msghdr& header = buffers_->headers[count].msg_hdr;
    header = {};
    header.msg_name = &buffers_->addresses[count];
    header.msg_namelen = to.size;
    header.msg_iov = &buffers_->pieces[count];
    header.msg_iovlen = 1;
    write_control(run, Local::as_asked, header, buffers_->controls[count]);
    ++count;
  }
  return count;
}

void UdpPort::send_prepared(std::span<const OutgoingDatagrams> runs, SendReport& report) {
  const bool v4 = runs.front().path.remote.address.is_v4();
  const int fd = v4 ? sockets_->v4.get() : sockets_->v6.get();
  std::size_t done = 0;
  bool own_address = true;
  while (fd >= 0 && done < runs.size()) {
    mmsghdr* const next = buffers_->headers.data() + done;
    const int sent = ::sendmmsg(fd, next, static_cast<unsigned>(runs.size() - done),
                                MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      for (int i = 0; i < sent; ++i) report.sent += runs[done++].count();
      own_address = true;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      if (wait_until_writable(fd)) continue;
      break;
    }
    const OutgoingDatagrams& run = runs[done];
    if (run.count() > 1 && (errno == EIO || errno == EINVAL || errno == EMSGSIZE)) {
      if (errno == EIO)
        options_.cut = false;  // the device behind the route cannot sum: it never will
      send_one_by_one(run, report);
      // That used the headers of the rest.
      const auto rest = runs.subspan(done + 1);
      if (!rest.empty()) {
        const SendReport more = send(rest);
        report.sent += more.sent;
        report.refused += more.refused;
        report.lost_locals.insert(report.lost_locals.end(), more.lost_locals.begin(),
                                  more.lost_locals.end());
      }
      return;
    }
    if (own_address && has_local(run.path)) {
      // Perhaps the source address is gone: the kernel may choose another.
      own_address = false;
      write_control(run, Local::kernels_choice, next->msg_hdr, buffers_->controls[done]);
      report.lost_locals.push_back(run.path.local);
      continue;
    }
    own_address = true;
    report.refused += run.count();
    ++done;
  }
  for (; done < runs.size(); ++done) report.refused += runs[done].count();
}

void UdpPort::send_one_by_one(const OutgoingDatagrams& run, SendReport& report) {
  std::array<OutgoingDatagrams, k_run_count_max> singles;
  std::size_t count = 0;
  for (ByteView rest = run.bytes; !rest.empty() && count < singles.size(); ++count) {
    const ByteView one = rest.first(std::min(run.size, rest.size()));
    singles[count] = {one, one.size(), run.path};
    rest = rest.subspan(one.size());
  }
  const auto all = std::span<const OutgoingDatagrams>(singles).first(count);
  static_assert(k_run_count_max <= k_batch_max);
  prepare(all);
  send_prepared(all, report);
}

}  // namespace weir
