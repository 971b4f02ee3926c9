// weir-wg: the tunnel as a program of its own. See README.md beside this file.

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "common/obs/log.h"
#include "common/os/os_error.h"
#include "common/tunnel/device.h"
#include "wg/background.h"
#include "wg/command_line.h"

namespace weir::wg {
namespace {

/// Signals become readable, in this thread and, since they are blocked before any other starts, in
/// none of the tunnel's.
Fd take_signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return Fd(::signalfd(-1, &signals, SFD_CLOEXEC));
}

LogLevel log_level(Verbosity verbosity) {
  switch (verbosity) {
    case Verbosity::debug:
      return LogLevel::debug;
    case Verbosity::info:
      return LogLevel::info;
    default:
      return LogLevel::error;
  }
}

void log_end(const Log& log, TunnelDevice& device) {
  const TunnelCounters counters = device.counters();
  log.info("tunnel.counters", {{"packets_from_tun", counters.packets_from_tun},
                               {"packets_to_tun", counters.packets_to_tun},
                               {"datagrams_sent", counters.datagrams_sent},
                               {"datagrams_received", counters.datagrams_received},
                               {"packets_refused_by_tun", counters.packets_refused_by_tun},
                               {"datagrams_refused", counters.datagrams_refused},
                               {"packets_without_room", counters.packets_without_room}});
}

int run(const CommandLine& line) {
  Readiness readiness;
  if (!line.foreground) {
    auto background = continue_in_background(line.keep_log);
    if (!background) {
      std::fprintf(stderr, "weir-wg: %s\n", background.error().message().c_str());
      return 1;
    }
    readiness = std::move(*background);
  }
  const Log log(log_level(line.verbosity));
  const Fd signals = take_signals();
  const Fd ended(::eventfd(0, EFD_CLOEXEC));

  TunnelOptions options;
  options.interface = line.interface;
  options.bring_up = false;
  options.offloads = line.offloads;
  options.busy_poll = line.busy_poll;
  options.timestamp_file = line.timestamp_file;
  options.on_end = [&](const std::string& why) {
    log.info("tunnel.ended", {{"interface", line.interface}, {"why", why}});
    ::eventfd_write(ended.get(), 1);
  };
  auto device = TunnelDevice::create(std::move(options));
  if (!device) {
    readiness.failed(device.error().message());
    return 1;
  }
  log.info("tunnel.ready", {{"interface", line.interface}});
  readiness.ready();

  std::array<pollfd, 2> waiting = {pollfd{signals.get(), POLLIN, 0},
                                   pollfd{ended.get(), POLLIN, 0}};
  while (::poll(waiting.data(), waiting.size(), -1) < 0) {
  }
  log_end(log, **device);
  return 0;
}

}  // namespace
}  // namespace weir::wg

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const weir::wg::Environment environment{
      std::getenv("LOG_LEVEL"), std::getenv("WG_PROCESS_FOREGROUND"),
      std::getenv("WEIR_WG_OFFLOADS"), std::getenv("WEIR_WG_BUSY_POLL"),
      std::getenv("WEIR_WG_TIMESTAMPS")};
  const auto line = weir::wg::parse_command_line(arguments, environment);
  if (!line) {
    std::fprintf(stderr, "weir-wg: %s\n", line.error().message().c_str());
    return 2;
  }
  if (line->help) {
    std::printf("%s\n", std::string(weir::wg::usage()).c_str());
    return 0;
  }
  if (line->version) {
    std::printf("weir-wg %s\n", WEIR_VERSION);
    return 0;
  }
  return weir::wg::run(*line);
}
