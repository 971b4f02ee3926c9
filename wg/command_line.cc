#include "wg/command_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "common/base/text.h"

namespace weir::wg {
namespace {

constexpr std::array<std::pair<std::string_view, Verbosity>, 5> k_levels = {{
    {"silent", Verbosity::silent},
    {"error", Verbosity::error},
    {"info", Verbosity::info},
    {"verbose", Verbosity::debug},
    {"debug", Verbosity::debug},
}};

Result<Verbosity> parse_level(std::string_view text) {
  for (const auto& [name, level] : k_levels) {
    if (name == text) return level;
  }
  return fail(Code::invalid_argument,
              "LOG_LEVEL " + in_quotes(text) + " is not silent, error, info, verbose or debug");
}

/// `none`, or those to use, with commas between.
Result<TunnelOffloads> parse_offloads(std::string_view text) {
  TunnelOffloads offloads{.tun = false, .tun_udp = false, .udp_cut = false, .udp_join = false};
  if (text == "none") return offloads;
  const std::array<std::pair<std::string_view, bool*>, 4> known = {{
      {"tun", &offloads.tun},
      {"tun-udp", &offloads.tun_udp},
      {"udp-cut", &offloads.udp_cut},
      {"udp-join", &offloads.udp_join},
  }};
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    const auto* const found =
        std::ranges::find(known, word, [](const auto& one) { return one.first; });
    if (found == known.end()) {
      return fail(Code::invalid_argument,
                  "WEIR_WG_OFFLOADS " + in_quotes(text) +
                      " is neither none nor a list of tun, tun-udp, udp-cut and udp-join");
    }
    *found->second = true;
  }
  return offloads;
}

Result<Duration> parse_busy_poll(std::string_view text) {
  int microseconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), microseconds);
  if (error != std::errc() || end != text.data() + text.size() || microseconds < 0 ||
      microseconds > 1000) {
    return fail(Code::invalid_argument, "WEIR_WG_BUSY_POLL " + in_quotes(text) +
                                            " is no number of microseconds from 0 to 1000");
  }
  return std::chrono::microseconds(microseconds);
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string_view>& arguments,
                                       const Environment& environment) {
  CommandLine line;
  line.foreground =
      environment.foreground != nullptr && std::string_view("1") == environment.foreground;
  if (environment.log_level != nullptr && *environment.log_level != '\0') {
    WEIR_ASSIGN(level, parse_level(environment.log_level));
    line.verbosity = level;
    line.keep_log = level != Verbosity::silent;
  }
  if (environment.offloads != nullptr && *environment.offloads != '\0') {
    WEIR_ASSIGN(offloads, parse_offloads(environment.offloads));
    line.offloads = offloads;
  }
  if (environment.busy_poll != nullptr && *environment.busy_poll != '\0') {
    WEIR_ASSIGN(busy_poll, parse_busy_poll(environment.busy_poll));
    line.busy_poll = busy_poll;
  }
  if (environment.timestamps != nullptr) line.timestamp_file = environment.timestamps;
  for (const std::string_view argument : arguments) {
    if (argument == "-h" || argument == "--help") {
      line.help = true;
    } else if (argument == "--version") {
      line.version = true;
    } else if (argument == "-f" || argument == "--foreground") {
      line.foreground = true;
    } else if (argument.starts_with('-') || !line.interface.empty()) {
      return fail(Code::invalid_argument,
                  "unexpected argument " + in_quotes(argument) + "\n" + std::string(usage()));
    } else {
      line.interface = argument;
    }
  }
  if (line.interface.empty() && !line.help && !line.version) {
    return fail(Code::invalid_argument, "no interface named\n" + std::string(usage()));
  }
  return line;
}

std::string_view usage() {
  return "usage: weir-wg [-f | --foreground] INTERFACE\n"
         "Runs a WireGuard tunnel on a new TUN interface; configure it with wg(8).";
}

}  // namespace weir::wg
