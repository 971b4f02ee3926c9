#include "common/tunnel/udp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <map>
#include <thread>

#include "common/os/fd.h"

namespace weir {
namespace {

/// Everything that arrives at `port` until `count` datagrams are there or a second has passed.
std::vector<std::pair<std::string, UdpPath>> receive(UdpPort& port, std::size_t count) {
  std::vector<std::pair<std::string, UdpPath>> all;
  while (all.size() < count) {
    std::vector<pollfd> waiting;
    for (const int fd : port.poll_fds()) waiting.push_back({fd, POLLIN, 0});
    if (::poll(waiting.data(), waiting.size(), 1000) <= 0) break;
    const std::size_t which = (waiting[0].revents & POLLIN) != 0 ? 0 : 1;
    for (const ReceivedDatagrams& run : port.receive(which)) {
      for (std::size_t at = 0; at < run.bytes.size(); at += run.size) {
        const ByteView one = run.bytes.subspan(at, std::min(run.size, run.bytes.size() - at));
        all.emplace_back(std::string(as_text(one)), run.path);
      }
    }
  }
  return all;
}

UdpPath to(const char* address, std::uint16_t port) {
  return UdpPath{.remote = {*IpAddress::parse(address), port}, .local = {}};
}

OutgoingDatagrams single(ByteView bytes, const UdpPath& path) {
  return {bytes, bytes.size(), path};
}

bool host_has_v6(UdpPort& port) { return port.poll_fds().size() == 2; }

TEST(UdpPort, TakesOneFreePortForBothFamilies) {
  auto receiver = UdpPort::open(0, 0);
  ASSERT_TRUE(receiver.has_value()) << receiver.error().message();
  auto sender = UdpPort::open(0, 0);
  ASSERT_NE(receiver->port(), 0);
  EXPECT_NE(receiver->port(), sender->port());

  for (const char* address : {"127.0.0.1", "::1"}) {
    if (address[0] == ':' && !host_has_v6(*receiver)) continue;
    const std::string text = std::string("hello ") + address;
    const OutgoingDatagrams datagram = single(as_bytes(text), to(address, receiver->port()));
    EXPECT_EQ(sender->send({&datagram, 1}).sent, 1u);
    const auto received = receive(*receiver, 1);
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].first, text);
    EXPECT_EQ(received[0].second.remote.port, sender->port());
    EXPECT_EQ(received[0].second.local.to_string(), address);
  }
}

/// A link-local address on either side means something on the interface only that it was seen on.
TEST(UdpPort, KeepsTheInterfaceOfALinkLocalAddress) {
  const Fd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root: no own network namespace";
  ASSERT_EQ(std::system("ip link set lo up && ip addr add fe80::1/64 dev lo nodad && "
                        "ip addr add fd00::1/64 dev lo nodad"),
            0);
  // The kernel puts the routes of new addresses in by itself, a little later.
  ASSERT_EQ(std::system("timeout 10 sh -c 'for a in fe80::1 fd00::1; do "
                        "until ip -6 route show table local | grep -q \"local $a \"; do :; done; "
                        "done'"),
            0);
  auto receiver = UdpPort::open(0, 0);
  auto sender = UdpPort::open(0, 0);
  const std::uint32_t lo = ::if_nametoindex("lo");
  const IpAddress near = *IpAddress::parse("fe80::1");
  const IpAddress far = *IpAddress::parse("fd00::1");
  for (const auto& [from, at, seen] :
       {std::tuple(near, near, lo), {near, far, lo}, {far, near, lo}, {far, far, 0U}}) {
    const UdpPath path{.remote = {at, receiver->port()}, .local = from, .interface_index = lo};
    const OutgoingDatagrams datagram = single(as_bytes("hello"), path);
    EXPECT_EQ(sender->send({&datagram, 1}).sent, 1U);
    const auto received = receive(*receiver, 1);
    ASSERT_EQ(received.size(), 1U) << from.to_string() << " to " << at.to_string();
    EXPECT_EQ(received[0].second.remote.address, from);
    EXPECT_EQ(received[0].second.local, at);
    EXPECT_EQ(received[0].second.interface_index, seen)
        << from.to_string() << " to " << at.to_string();
  }
  ::setns(home.get(), CLONE_NEWNET);
}

TEST(UdpPort, SaysWhenThePortIsTaken) {
  auto first = UdpPort::open(0, 0);
  const auto second = UdpPort::open(first->port(), 0);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), Code::already_exists);
  EXPECT_NE(second.error().message().find(std::to_string(first->port())), std::string::npos);
}

/// Four ports to choose from, one of which somebody holds in IPv4 only.
TEST(UdpPort, ChoosesAgainWhenItsFreePortIsFreeInOneFamilyOnly) {
  const Fd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root: no own network namespace";
  std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
  if (!(range << "40000 40003" << std::flush)) {
    ::setns(home.get(), CLONE_NEWNET);
    GTEST_SKIP() << "/proc/sys is read-only";
  }
  const Fd held(::socket(AF_INET, SOCK_DGRAM, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  ASSERT_EQ(::bind(held.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)), 0);
  for (int i = 0; i < 20; ++i) {
    const auto port = UdpPort::open(0, 0);
    ASSERT_TRUE(port.has_value()) << port.error().message();
    EXPECT_GE(port->port(), 40000);
    EXPECT_LE(port->port(), 40003);
  }
  ::setns(home.get(), CLONE_NEWNET);
}

/// For the calling thread, and for good: a kernel without IPv6.
bool take_ipv6_away() {
  std::array<sock_filter, 6> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(UdpPort, WorksOnAHostWithoutIpv6) {
  bool possible = false;
  std::thread([&possible] {
    possible = take_ipv6_away();
    if (!possible) return;
    auto receiver = UdpPort::open(0, 0);
    auto sender = UdpPort::open(0, 0);
    ASSERT_TRUE(receiver.has_value()) << receiver.error().message();
    ASSERT_TRUE(sender.has_value()) << sender.error().message();
    EXPECT_FALSE(host_has_v6(*receiver));
    const std::array<OutgoingDatagrams, 3> batch = {
        single(as_bytes("a"), to("127.0.0.1", receiver->port())),
        single(as_bytes("b"), to("::1", receiver->port())),
        single(as_bytes("c"), to("127.0.0.1", receiver->port()))};
    const SendReport report = sender->send(batch);
    EXPECT_EQ(report.sent, 2U);
    EXPECT_EQ(report.refused, 1U);
    EXPECT_EQ(receive(*receiver, 2).size(), 2U);
  }).join();
  if (!possible) GTEST_SKIP() << "no seccomp";
}

TEST(UdpPort, SendsAMixedBatchInOrderPerDestination) {
  auto receiver = UdpPort::open(0, 0);
  auto sender = UdpPort::open(0, 0);
  const bool v6 = host_has_v6(*receiver);
  std::vector<std::string> texts;
  for (int i = 0; i < 60; ++i) texts.push_back(std::to_string(i));
  std::vector<OutgoingDatagrams> batch;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const char* address = v6 && i % 3 == 2 ? "::1" : "127.0.0.1";
    batch.push_back(single(as_bytes(texts[i]), to(address, receiver->port())));
  }
  EXPECT_EQ(sender->send(batch).sent, batch.size());
  std::map<std::string, int> last;
  const auto received = receive(*receiver, batch.size());
  EXPECT_EQ(received.size(), batch.size());
  for (const auto& [text, path] : received) {
    const int number = std::stoi(text);
    auto [previous, first] = last.emplace(path.local.to_string(), -1);
    EXPECT_LT(previous->second, number);
    previous->second = number;
  }
}

TEST(UdpPort, SaysHowMuchWaits) {
  auto port = UdpPort::open(0, 0);
  auto sender = UdpPort::open(0, 0);
  ASSERT_TRUE(port && sender);
  EXPECT_EQ(port->waiting_bytes(), 0U);
  const ByteVector bytes(100);
  const OutgoingDatagrams one{
      bytes, bytes.size(), {.remote = {IpAddress::v4(0x7f000001), port->port()}}};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(sender->send(std::span(&one, 1)).sent, 1U);
  EXPECT_GE(port->waiting_bytes(), 1000U);
}

TEST(UdpPort, SaysWhetherMoreWaits) {
  auto receiver = UdpPort::open(0, 0, {.cut = true, .join = false});
  auto sender = UdpPort::open(0, 0);
  const std::vector<OutgoingDatagrams> some(
      UdpIo::k_receive_max + 3, single(as_bytes("x"), to("127.0.0.1", receiver->port())));
  sender->send(some);
  EXPECT_EQ(receiver->receive(0).size(), UdpIo::k_receive_max);
  EXPECT_EQ(receiver->receive(0).size(), 3U);
}

TEST(UdpPort, AnswersFromTheAddressItWasAskedAt) {
  auto server = UdpPort::open(0, 0);
  auto client = UdpPort::open(0, 0);
  const OutgoingDatagrams question = single(as_bytes("?"), to("127.0.0.7", server->port()));
  client->send({&question, 1});
  const auto asked = receive(*server, 1);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].second.local.to_string(), "127.0.0.7");

  const OutgoingDatagrams answer = single(as_bytes("!"), asked[0].second);
  EXPECT_EQ(server->send({&answer, 1}).sent, 1u);
  const auto answered = receive(*client, 1);
  ASSERT_EQ(answered.size(), 1u);
  EXPECT_EQ(answered[0].second.remote.address.to_string(), "127.0.0.7");
}

TEST(UdpPort, SendsTheSameDatagramWithoutASourceThatIsGone) {
  auto receiver = UdpPort::open(0, 0);
  auto sender = UdpPort::open(0, 0);
  UdpPath path = to("127.0.0.1", receiver->port());
  path.local = *IpAddress::parse("192.0.2.77");  // not ours
  const std::array<OutgoingDatagrams, 3> batch = {
      single(as_bytes("a"), to("127.0.0.1", receiver->port())), single(as_bytes("b"), path),
      single(as_bytes("c"), to("127.0.0.1", receiver->port()))};
  const SendReport report = sender->send(batch);
  EXPECT_EQ(report.sent, 3u);
  EXPECT_EQ(report.refused, 0u);
  ASSERT_EQ(report.lost_locals.size(), 1u);
  EXPECT_EQ(report.lost_locals[0], path.local);
  const auto received = receive(*receiver, 3);
  ASSERT_EQ(received.size(), 3u);
  EXPECT_EQ(received[1].first, "b");
}

TEST(UdpPort, SkipsOnlyTheDatagramTheKernelRefuses) {
  auto receiver = UdpPort::open(0, 0);
  auto sender = UdpPort::open(0, 0);
  const ByteVector too_long(65535, 'x');  // above what UDP over IPv4 carries
  const std::array<OutgoingDatagrams, 3> batch = {
      single(as_bytes("a"), to("127.0.0.1", receiver->port())),
      single(too_long, to("127.0.0.1", receiver->port())),
      single(as_bytes("c"), to("127.0.0.1", receiver->port()))};
  const SendReport report = sender->send(batch);
  EXPECT_EQ(report.sent, 2u);
  EXPECT_EQ(report.refused, 1u);
  EXPECT_EQ(receive(*receiver, 2).size(), 2u);
}

TEST(UdpPort, CarriesTheLongestDatagram) {
  auto receiver = UdpPort::open(0, 0);
  auto sender = UdpPort::open(0, 0);
  const ByteVector longest(65507, 'x');
  const OutgoingDatagrams datagram = single(longest, to("127.0.0.1", receiver->port()));
  ASSERT_EQ(sender->send({&datagram, 1}).sent, 1u);
  const auto received = receive(*receiver, 1);
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(received[0].first.size(), longest.size());
}

class UdpRuns : public testing::TestWithParam<UdpPort::Options> {};

/// A run is sent and arrives as its datagrams, whatever the kernel on either side can do.
TEST_P(UdpRuns, ArriveAsTheirDatagrams) {
  auto receiver = UdpPort::open(0, 0, GetParam());
  auto sender = UdpPort::open(0, 0, GetParam());
  for (const char* address : {"127.0.0.1", "::1"}) {
    if (address[0] == ':' && !host_has_v6(*receiver)) continue;
    std::string text;
    for (char c = 'a'; c < 'a' + 20; ++c) text += std::string(100, c);
    text += "end";
    const UdpPath path = to(address, receiver->port());
    const std::array<OutgoingDatagrams, 3> batch = {single(as_bytes("before"), path),
                                                    {as_bytes(text), 100, path},
                                                    single(as_bytes("after"), path)};
    const SendReport report = sender->send(batch);
    EXPECT_EQ(report.sent, 23U);
    EXPECT_EQ(report.refused, 0U);
    const auto received = receive(*receiver, 23);
    ASSERT_EQ(received.size(), 23U);
    std::string whole;
    for (const auto& [one, from] : received) {
      EXPECT_LE(one.size(), 100U);
      EXPECT_EQ(from.remote.port, sender->port());
      whole += one;
    }
    EXPECT_EQ(whole, "before" + text + "after");
  }
}

/// A source address that is gone, in a run: all of it goes out without.
TEST_P(UdpRuns, GoWithoutASourceThatIsGone) {
  auto receiver = UdpPort::open(0, 0, GetParam());
  auto sender = UdpPort::open(0, 0, GetParam());
  UdpPath path = to("127.0.0.1", receiver->port());
  path.local = *IpAddress::parse("192.0.2.77");  // not ours
  const std::array<OutgoingDatagrams, 2> batch = {OutgoingDatagrams{as_bytes("aabbc"), 2, path},
                                                  single(as_bytes("d"), path)};
  const SendReport report = sender->send(batch);
  EXPECT_EQ(report.sent, 4U);
  EXPECT_EQ(report.refused, 0U);
  EXPECT_FALSE(report.lost_locals.empty());
  EXPECT_EQ(receive(*receiver, 4).size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(Kernels, UdpRuns,
                         testing::Values(UdpPort::Options{},
                                         UdpPort::Options{.cut = false, .join = true},
                                         UdpPort::Options{.cut = true, .join = false},
                                         UdpPort::Options{.cut = false, .join = false}));

/// Wider than the path takes: the kernel refuses to cut (EINVAL), and takes the datagrams in
/// fragments.
TEST(UdpPort, SendsARunOneByOneThatThePathIsTooNarrowFor) {
  const Fd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "needs root: no own network namespace";
  ASSERT_EQ(std::system("ip link set lo mtu 1300 up"), 0);
  auto receiver = UdpPort::open(0, 0);
  auto sender = UdpPort::open(0, 0);
  const ByteVector bytes(4 * 1400, 'x');
  const OutgoingDatagrams run{bytes, 1400, to("127.0.0.1", receiver->port())};
  const SendReport report = sender->send({&run, 1});
  EXPECT_EQ(report.sent, 4U);
  EXPECT_EQ(report.refused, 0U);
  EXPECT_EQ(receive(*receiver, 4).size(), 4U);
  ::setns(home.get(), CLONE_NEWNET);
}

}  // namespace
}  // namespace weir
