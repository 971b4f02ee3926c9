#include "cli/command/status_wait.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/command/admin_methods.h"
#include "cli/command/deadlines.h"
#include "cli/render/text.h"

namespace weir::cli {

using namespace std::chrono_literals;

std::string missing_of(const StatusReply& status, std::uint32_t expected_agents) {
  const std::uint32_t agents = std::max(expected_agents, status.agents_total());
  const std::uint32_t paths = agents == 0 ? 0 : agents * (agents - 1);
  if (agents == 0) return "no agent has joined";
  if (status.agents_connected() < agents) {
    return fmt::format("{} of {} agents connected", status.agents_connected(), agents);
  }
  if (status.agents_synced() < agents) {
    return fmt::format("{} of {} agents on the newest revision", status.agents_synced(), agents);
  }
  if (status.paths_up() < paths) {
    return fmt::format("{} of {} paths up", status.paths_up(), paths);
  }
  return {};
}

Exit wait_until_whole(AdminSession& session, const WaitOptions& options) {
  const auto get = admin_method<StatusRequest, StatusReply>("GetStatus");
  const Time end = session.now() + options.timeout;
  const auto patience = session.deadline;
  std::string cause;
  std::string told;
  for (;;) {
    session.deadline = question_deadline(end - session.now(), patience);
    const auto status = session.ask(get, StatusRequest());
    cause = status ? missing_of(*status, options.agents)
                   : "the controller does not answer: " + status.error().message();
    session.deadline = patience;
    if (cause.empty()) return Exit::ok;
    if (session.now() >= end) break;
    if (cause != told && session.terminal().out_is_tty) {
      session.terminal().err << "waiting: " << printable(cause) << "\n";
      told = cause;
    }
    session.sleep(250ms);
  }
  return session.fail_with(Exit::timeout,
                           fmt::format("the mesh is not whole after {}s", options.timeout.count()),
                           cause, "weirctl mesh ls; weirctl paths ls");
}

}  // namespace weir::cli
