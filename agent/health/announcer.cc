#include "agent/health/announcer.h"

#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "agent/health/announce_inbox.h"
#include "agent/health/asio_address.h"
#include "agent/health/waiting.h"
#include "common/async/either.h"

namespace weir::agent {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr Duration k_bind_again = std::chrono::milliseconds(250);
constexpr Duration k_copy_gap = std::chrono::milliseconds(20);
constexpr int k_copies = 3;

}  // namespace

struct Announcer::State {
  State(const asio::any_io_executor& executor, Clock& time, Options settings, Report told)
      : clock(time),
        options(std::move(settings)),
        report(std::move(told)),
        inbox(options.forget_after),
        socket(executor),
        changed(executor, asio::steady_timer::time_point::max()),
        tasks(executor) {}

  asio::awaitable<void> run();
  bool open();
  asio::awaitable<void> receive();
  asio::awaitable<void> send();
  void send_all();
  void tell(const AgentId& agent) { report(agent, inbox.said_by(agent)); }

  Clock& clock;
  const Options options;
  const Report report;
  AnnounceInbox inbox;
  Peers peers = std::make_shared<const std::vector<OverlayPeer>>();
  std::vector<ServiceHealth> local;
  std::uint64_t sequence = 0;
  int copies_left = 0;
  std::uint64_t malformed = 0;
  udp::socket socket;
  asio::steady_timer changed;  // cancelled when there is something to say at once
  TaskGroup tasks;
};

Announcer::Announcer(asio::any_io_executor executor, Clock& clock, Options options, Report report)
    : state_(std::make_unique<State>(executor, clock, std::move(options), std::move(report))) {}

Announcer::~Announcer() = default;

void Announcer::start() { state_->tasks.spawn("announcer", state_->run()); }

void Announcer::set_peers(Peers peers) {
  state_->peers = std::move(peers);
  for (const AgentId& agent : state_->inbox.set_peers(*state_->peers)) state_->report(agent, {});
  state_->copies_left = k_copies;
  state_->changed.cancel();
}

void Announcer::set_local(std::vector<ServiceHealth> services) {
  if (services == state_->local) return;
  state_->local = std::move(services);
  ++state_->sequence;
  state_->copies_left = k_copies;
  state_->changed.cancel();
}

std::uint64_t Announcer::refused() const { return state_->malformed + state_->inbox.refused(); }

void Announcer::stop() { state_->tasks.stop(); }

asio::awaitable<void> Announcer::join() { co_await state_->tasks.join(); }

asio::awaitable<void> Announcer::State::run() {
  while (!co_await cancelled()) {
    if (!open()) {
      co_await clock.sleep_for(k_bind_again);
      continue;
    }
    co_await either(receive(), send());
    boost::system::error_code ignored;
    socket.close(ignored);
  }
}

bool Announcer::State::open() {
  const udp::endpoint local_end(to_asio(options.address), options.port);
  boost::system::error_code problem;
  socket.open(local_end.protocol(), problem);
  if (!problem) socket.non_blocking(true, problem);
  if (!problem && !options.interface.empty() &&
      ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_BINDTODEVICE, options.interface.data(),
                   static_cast<socklen_t>(options.interface.size())) != 0) {
    problem = asio::error::no_such_device;
  }
  if (!problem) socket.bind(local_end, problem);
  if (!problem) return true;
  boost::system::error_code ignored;
  socket.close(ignored);
  return false;
}

asio::awaitable<void> Announcer::State::receive() {
  co_await asio::this_coro::throw_if_cancelled(false);
  std::array<std::uint8_t, k_announce_datagram_max + 1> buffer{};
  for (;;) {
    udp::endpoint from;
    const auto [problem, size] = co_await socket.async_receive_from(
        asio::buffer(buffer), from, asio::as_tuple(asio::use_awaitable));
    if (problem) co_return;  // stopped, or the device is gone: opened anew
    const auto part = parse_announcement(ByteView(buffer).first(size));
    if (!part || from.port() != options.port) {
      ++malformed;
      continue;
    }
    const auto news = inbox.on_part(from_asio(from.address()), *part, clock.now());
    if (news) tell(*news);
  }
}

asio::awaitable<void> Announcer::State::send() {
  co_await asio::this_coro::throw_if_cancelled(false);
  Time next_round = clock.now();
  while (!co_await cancelled()) {
    const Time now = clock.now();
    if (now >= next_round) {
      ++sequence;
      next_round = now + options.interval;
      for (const AgentId& agent : inbox.on_timer(now)) tell(agent);
    }
    send_all();
    if (copies_left > 0) --copies_left;
    const Time next_copy = copies_left > 0 ? now + k_copy_gap : next_round;
    co_await sleep_or_wake(clock, std::min(next_copy, next_round), changed);
  }
}

void Announcer::State::send_all() {
  const auto parts = encode_announcement(options.boot_id, sequence, local);
  for (const OverlayPeer& peer : *peers) {
    const udp::endpoint to(to_asio(peer.overlay), options.port);
    for (const ByteVector& part : parts) {
      boost::system::error_code lost;  // the next copy makes up for it
      socket.send_to(asio::buffer(part), to, 0, lost);
    }
  }
}

}  // namespace weir::agent
