// clang-format off
// Measures the emulator from outside, as its users see it:
//
//   this process ─socket in lab a─▶ net0 ─▶ weir-netlab up ─▶ net0 ─socket in lab b─▶ this process
//
// Delay: UDP datagrams that carry their number; the sending time is taken before the send, the
// arrival by the kernel (SO_TIMESTAMPNS), so the figure holds the emulator's lateness and one way
// through both stacks, not the wake-up of this process. Loss: datagrams counted at both ends.
// Throughput: one TCP stream.
// clang-format on

#include "netlab/check.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "netlab/client.h"
#include "netlab/link_text.h"
#include "netlab/namespaces.h"

namespace weir::netlab {
namespace {

constexpr std::uint32_t k_address_b = 0x0a640002;  // 10.100.0.2
constexpr std::uint16_t k_port = 9;  // in namespaces of our own, where nothing else listens

std::string why() { return std::strerror(errno); }

sockaddr_in ipv4(std::uint32_t address) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(k_port);
  out.sin_addr.s_addr = htonl(address);
  return out;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// The lab under test, run as its users run it.
class CheckLab {
 public:
  static Result<CheckLab> start(const std::string& self) {
    const std::string name = "weircheck" + std::to_string(::getpid());
    CheckLab lab("/run/" + name + ".sock", "/run/" + name + ".yaml", name);
    std::ofstream(lab.file_) << "name: " << name << "\nnodes:\n"
                             << "  a: {addresses: [10.100.0.1/24]}\n"
                             << "  b: {addresses: [10.100.0.2/24]}\n"
                             << "links: [{between: [a, b]}]\n";
    lab.child_ = ::fork();
    if (lab.child_ < 0) return fail(Code::unavailable, "fork: " + why());
    if (lab.child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      ::execl(self.c_str(), self.c_str(), "up", "--quiet", "--topology", lab.file_.c_str(),
              "--socket", lab.socket_.c_str(), nullptr);
      ::_exit(127);
    }
    WEIR_TRY(lab.wait_until_up());
    return lab;
  }

  CheckLab(CheckLab&& other) noexcept
      : socket_(std::move(other.socket_)),
        file_(std::move(other.file_)),
        name_(std::move(other.name_)),
        child_(std::exchange(other.child_, -1)) {}
  CheckLab& operator=(CheckLab&&) = delete;
  ~CheckLab() {
    if (child_ <= 0) return;
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    ::unlink(file_.c_str());
  }

  Status set(const std::string& settings) const {
    auto answer = ask(socket_, "set a b both " + settings);
    if (!answer) return fail(std::move(answer).error());
    return {};
  }

  /// A socket that lives in node "a" or "b".
  Result<Fd> socket_in(const std::string& node, int type) const {
    auto inside = InNamespace::enter(name_ + "-" + node);
    if (!inside) return fail(std::move(inside).error());
    Fd made(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    if (!made) return fail(Code::unavailable, "socket: " + why());
    return made;
  }

 private:
  CheckLab(std::string socket, std::string file, std::string name)
      : socket_(std::move(socket)), file_(std::move(file)), name_(std::move(name)) {}

  Status wait_until_up() const {
    for (int i = 0; i < 100; ++i) {
      if (ask(socket_, "show")) return {};
      if (::waitpid(child_, nullptr, WNOHANG) != 0) break;
      ::poll(nullptr, 0, 50);
    }
    return fail(Code::unavailable, "the lab for the check did not come up");
  }

  std::string socket_;
  std::string file_;
  std::string name_;
  pid_t child_ = -1;
};

/// Sender and receiver of numbered datagrams through the lab.
class Datagrams {
 public:
  static Result<Datagrams> open(const CheckLab& lab) {
    WEIR_ASSIGN(sender, lab.socket_in("a", SOCK_DGRAM));
    WEIR_ASSIGN(receiver, lab.socket_in("b", SOCK_DGRAM | SOCK_NONBLOCK));
    const sockaddr_in to = ipv4(k_address_b);
    const int on = 1;
    const int room = 4 << 20;
    ::setsockopt(receiver.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    ::setsockopt(receiver.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    if (::bind(receiver.get(), generic(to), sizeof(to)) != 0 ||
        ::connect(sender.get(), generic(to), sizeof(to)) != 0) {
      return fail(Code::unavailable, "sockets for the check: " + why());
    }
    return Datagrams(std::move(sender), std::move(receiver));
  }

  /// Sends `count` datagrams, one per `gap`, and collects until `linger` after the last.
  /// Travel times in arrival order.
  std::vector<Duration> run(std::size_t count, Duration gap, Duration linger, Clock& clock) {
    std::vector<WallTime> sent;
    std::vector<Duration> travelled;
    const Time start = clock.now();
    Time next = start;
    const Time end = start + gap * static_cast<std::int64_t>(count) + linger;
    for (Time now = start; now < end; now = clock.now()) {
      if (sent.size() < count && next <= now) {
        const auto number = static_cast<std::uint32_t>(sent.size());
        sent.push_back(clock.wall_now());
        static_cast<void>(!::send(sender_.get(), &number, sizeof(number), 0));
        next = start + gap * static_cast<std::int64_t>(sent.size());
        continue;
      }
      const Duration pause =
          std::min((sent.size() < count ? next : end) - now, Duration(end - now));
      const timespec timeout{pause.count() / 1'000'000'000, pause.count() % 1'000'000'000};
      pollfd readable{receiver_.get(), POLLIN, 0};
      if (::ppoll(&readable, 1, &timeout, nullptr) > 0) collect(sent, travelled);
    }
    collect(sent, travelled);
    return travelled;
  }

 private:
  Datagrams(Fd sender, Fd receiver) : sender_(std::move(sender)), receiver_(std::move(receiver)) {}

  void collect(const std::vector<WallTime>& sent, std::vector<Duration>& travelled) const {
    std::uint32_t number = 0;
    iovec part{&number, sizeof(number)};
    alignas(cmsghdr) std::array<std::uint8_t, 128> control{};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    while (true) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      if (::recvmsg(receiver_.get(), &message, 0) != sizeof(number)) return;
      const cmsghdr* stamp = CMSG_FIRSTHDR(&message);
      if (stamp == nullptr || number >= sent.size()) continue;
      timespec arrived{};
      std::memcpy(&arrived, CMSG_DATA(stamp), sizeof(arrived));
      const Duration since_1970 =
          std::chrono::seconds(arrived.tv_sec) + std::chrono::nanoseconds(arrived.tv_nsec);
      travelled.push_back(since_1970 - sent[number].time_since_epoch());
    }
  }

  Fd sender_;
  Fd receiver_;
};

/// The figure is the emulator's, not that of a machine busy with others: the sender's clock reading
/// and its send must not be torn apart. Only for the datagrams; a stream would starve the machine.
void prefer_this_thread(bool preferred) {
  sched_param priority{};
  priority.sched_priority = preferred ? 10 : 0;  // below the emulator's own
  static_cast<void>(::sched_setscheduler(0, preferred ? SCHED_FIFO : SCHED_OTHER, &priority));
}

bool report(bool good, const std::string& text) {
  fmt::print("{} {}\n", good ? "ok  " : "FAIL", text);
  std::fflush(stdout);
  return good;
}

Result<bool> check_delay(const CheckLab& lab, Duration delay, const CheckLimits& limits,
                         Clock& clock) {
  constexpr std::size_t k_count = 2000;
  WEIR_TRY(lab.set("loss=0 delay=" + duration_text(delay)));
  WEIR_ASSIGN(datagrams, Datagrams::open(lab));
  auto travelled = datagrams.run(k_count, std::chrono::milliseconds(1),
                                 delay + std::chrono::milliseconds(200), clock);
  if (travelled.size() < k_count) {
    return report(false,
                  fmt::format("delay {}: {} of {} datagrams arrived over a link without loss",
                              duration_text(delay), travelled.size(), k_count));
  }
  std::ranges::sort(travelled);
  const Duration p50 = travelled[k_count / 2] - delay;
  const Duration p99 = travelled[k_count * 99 / 100] - delay;
  const bool early = travelled.front() < delay;
  return report(
      !early && p99 <= limits.added_p99,
      fmt::format("delay {}: added p50 {} p99 {} max {} (limit p99 {}), n={}{}",
                  duration_text(delay), duration_text(p50), duration_text(p99),
                  duration_text(travelled.back() - delay), duration_text(limits.added_p99), k_count,
                  early ? ", some came too early" : ""));
}

Result<bool> check_loss(const CheckLab& lab, double loss, Clock& clock) {
  constexpr std::size_t k_count = 20'000;
  WEIR_TRY(lab.set(fmt::format("delay=1ms loss={}", loss)));
  WEIR_ASSIGN(datagrams, Datagrams::open(lab));
  const auto travelled =
      datagrams.run(k_count, std::chrono::microseconds(100), std::chrono::milliseconds(300), clock);
  const double seen = 1 - static_cast<double>(travelled.size()) / k_count;
  // Four standard deviations of the binomial: a right emulator fails once in 16 000 checks.
  const double error = 4 * std::sqrt(loss * (1 - loss) / k_count);
  return report(std::abs(seen - loss) <= error,
                fmt::format("loss {:.2f}%: seen {:.3f}% (limit +-{:.3f} points), n={}", loss * 100,
                            seen * 100, error * 100, k_count));
}

/// Reads until the sender closes. Bytes and the time from the first to the last.
struct Received {
  double bytes = 0;
  Duration took{0};
};
Received drain(int listener, Clock& clock) {
  Received received;
  const Fd stream(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  std::vector<char> buffer(1 << 18);
  const Time start = clock.now();
  while (true) {
    const ssize_t got = ::recv(stream.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    received.bytes += static_cast<double>(got);
  }
  received.took = clock.now() - start;
  return received;
}

Result<bool> check_throughput(const CheckLab& lab, const CheckLimits& limits, Clock& clock) {
  WEIR_TRY(lab.set("delay=1ms loss=0"));
  WEIR_ASSIGN(listener, lab.socket_in("b", SOCK_STREAM));
  WEIR_ASSIGN(sender, lab.socket_in("a", SOCK_STREAM));
  const sockaddr_in to = ipv4(k_address_b);
  if (::bind(listener.get(), generic(to), sizeof(to)) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::connect(sender.get(), generic(to), sizeof(to)) != 0) {
    return fail(Code::unavailable, "stream for the check: " + why());
  }
  Received received;
  std::thread reader([&] { received = drain(listener.get(), clock); });
  const std::vector<char> block(1 << 18);
  const Time end = clock.now() + std::chrono::seconds(3);
  while (clock.now() < end && ::send(sender.get(), block.data(), block.size(), MSG_NOSIGNAL) > 0) {
  }
  ::shutdown(sender.get(), SHUT_WR);
  reader.join();
  const double rate = received.bytes * 8 / (static_cast<double>(received.took.count()) / 1e9);
  return report(rate >= limits.throughput_bits_per_second,
                fmt::format("throughput: {:.0f} Mbit/s, one TCP stream over 1 ms (limit {:.0f})",
                            rate / 1e6, limits.throughput_bits_per_second / 1e6));
}

}  // namespace

Result<bool> check_accuracy(const std::string& self, const CheckLimits& limits, Clock& clock) {
  WEIR_ASSIGN(lab, CheckLab::start(self));
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  prefer_this_thread(true);
  bool good = true;
  for (const int ms : {1, 20, 100}) {
    WEIR_ASSIGN(exact, check_delay(lab, std::chrono::milliseconds(ms), limits, clock));
    good = exact && good;
  }
  for (const double loss : {0.0, 0.01, 0.1}) {
    WEIR_ASSIGN(exact, check_loss(lab, loss, clock));
    good = exact && good;
  }
  prefer_this_thread(false);
  WEIR_ASSIGN(fast, check_throughput(lab, limits, clock));
  return fast && good;
}

}  // namespace weir::netlab
