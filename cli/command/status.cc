#include <fmt/format.h>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/command/status_wait.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

struct Health {
  const char* word;
  Tone tone;
};
constexpr Health k_ok{"OK", Tone::good};
constexpr Health k_warn{"WARN", Tone::warn};
constexpr Health k_fail{"FAIL", Tone::bad};

/// All there is good, none of it: bad; nothing at all is no complaint.
Health health_of(std::uint32_t good, std::uint32_t total) {
  if (good >= total) return k_ok;
  return good == 0 ? k_fail : k_warn;
}

std::string line(const char* title, Health health, const std::string& words, bool colour) {
  const std::string word = toned(fmt::format("{:<4}", health.word), health.tone, colour);
  return fmt::format("{:<10} {}  {}\n", title, word, words);
}

/// `context` empty: none was asked for.
std::string heading(const StatusReply& status, const std::string& context, std::int64_t now_ms) {
  return fmt::format("weir {}{}  mesh {}  revision {}.{}  store {}  up {}\n\n",
                     printable(status.version()),
                     context.empty() ? "" : "  context " + printable(context),
                     printable(status.mesh()), status.epoch(), status.generation(),
                     printable(status.store()), show_span(now_ms - status.started_unix_ms()));
}

std::string warnings(const StatusReply& status) {
  if (status.warnings().empty()) return {};
  std::string all = fmt::format("\n{} warning{}\n", status.warnings_size(),
                                status.warnings_size() == 1 ? "" : "s");
  for (const std::string& warning : status.warnings()) all += "  " + printable(warning) + "\n";
  return all;
}

std::string moved_guardrails(const StatusReply& status) {
  const auto count = status.guardrails_changed();
  if (count == 0) return {};
  return fmt::format(", {} guardrail{} moved: weirctl guardrails status", count,
                     count == 1 ? "" : "s");
}

std::string text_of(const AdminSession& session, const StatusReply& status,
                    const std::string& context) {
  const bool colour = session.terminal().colour;
  const auto of = [](std::uint32_t good, std::uint32_t total) {
    return fmt::format("{}/{}", good, total);
  };
  const auto agents = std::min(status.agents_connected(), status.agents_synced());
  std::string all = heading(status, context, session.now_ms());
  all += line("Agents", health_of(agents, status.agents_total()),
              of(status.agents_connected(), status.agents_total()) + " connected, " +
                  of(status.agents_synced(), status.agents_total()) + " on the newest revision",
              colour);
  all += line("Mesh", health_of(status.paths_up(), status.paths_total()),
              of(status.paths_up(), status.paths_total()) + " paths up", colour);
  all += line("Services", health_of(status.endpoints_healthy(), status.endpoints_total()),
              fmt::format("{} service{}, {} endpoints healthy", status.services(),
                          status.services() == 1 ? "" : "s",
                          of(status.endpoints_healthy(), status.endpoints_total())),
              colour);
  all += line("Failover", status.active_failovers() == 0 ? k_ok : k_warn,
              status.active_failovers() == 0
                  ? "none active"
                  : fmt::format("{} active: weirctl failover ls", status.active_failovers()),
              colour);
  all += line("Weights", k_ok,
              fmt::format("published {}, {} pinned{}", session.when(status.last_publish_unix_ms()),
                          status.pins(), moved_guardrails(status)),
              colour);
  return all + warnings(status);
}

}  // namespace

void add_status(CommandSyntax program, AdminSession& session, Exit& exit) {
  struct Options {
    bool watch = false;
    bool check = false;
    WaitOptions wait;
    std::string timeout = "2m";
  };
  const auto options = std::make_shared<Options>();
  CommandSyntax status = program.add("status", "The whole mesh on one screen");
  const OptionSyntax watch = status.flag("-w,--watch", options->watch, "Follow every change");
  OptionSyntax wait =
      status.flag("--wait", options->wait.wait, "Return when the mesh is whole, or at --timeout");
  wait.excludes(watch);
  status
      .flag("--check", options->check,
            "Exit code 3, and why on standard error, when the mesh is not whole")
      .excludes(watch);
  status
      .option("--expect-agents", options->wait.agents,
              "Agents that must be there, for --wait and --check")
      .takes("COUNT");
  status.option("--timeout", options->timeout, "Longest wait, such as 90s")
      .takes("DURATION")
      .needs(wait);
  status.runs([&session, &exit, options] {
    const std::function<std::string(const StatusReply&)> as_text = [&](const StatusReply& reply) {
      const auto& connection = session.connection();
      return text_of(session, reply, connection ? connection->context.value : "");
    };
    const auto get = admin_method<StatusRequest, StatusReply>("GetStatus");
    const std::string failed = "cannot get the status";
    if (options->watch) {
      const auto stream = admin_stream<StatusRequest, StatusReply>("WatchStatus");
      exit = watch_and_show<StatusRequest, StatusReply>(session, stream, {}, "Status", failed,
                                                        as_text);
      return;
    }
    if (options->wait.wait) {
      const auto timeout = parse_span(options->timeout);
      if (!timeout) {
        exit = session.fail_with(Exit::usage, "bad --timeout", timeout.error().message(),
                                 "weirctl status --wait --timeout 2m");
        return;
      }
      options->wait.timeout = *timeout;
      exit = wait_until_whole(session, options->wait);
      if (exit != Exit::ok) return;
    }
    const auto reply = session.ask(get, StatusRequest());
    if (!reply) {
      exit = session.fail_with(failed, reply.error());
      return;
    }
    show<StatusReply>(session, "Status", *reply, as_text);
    const std::string missing =
        options->check ? missing_of(*reply, options->wait.agents) : std::string();
    if (!missing.empty()) {
      exit = session.fail_with(Exit::condition, "the mesh is not whole", missing, "weirctl doctor");
    }
  });
}

}  // namespace weir::cli
