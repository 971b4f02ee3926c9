// weirctl mesh show: one agent, whole.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/command/show_plain.h"
#include "cli/render/units.h"

namespace weir::cli {
namespace {

std::string value_or_dash(const std::string& value) { return value.empty() ? "-" : value; }

std::string certificate_of(const Agent& agent, std::int64_t now_ms) {
  return fmt::format("ends {} ({})", show_ago(agent.certificate_expires_unix_ms(), now_ms),
                     show_utc(agent.certificate_expires_unix_ms()));
}

std::string identity_of(AdminSession& session, const Agent& agent) {
  Table table({{"SETTING"}, {"VALUE"}});
  table.add({"agent", agent.agent()});
  table.add({"region", agent.region()});
  table.add({"cluster", agent.cluster()});
  table.add(
      {"session", agent.connected() ? Cell("connected", Tone::good) : Cell("gone", Tone::bad)});
  table.add({"last seen", session.when(agent.last_seen_unix_ms())});
  table.add({"joined", session.when(agent.joined_unix_ms())});
  table.add({"version", value_or_dash(agent.version())});
  table.add({"revision", fmt::format("{}.{}", agent.acked_epoch(), agent.acked_generation())});
  if (!agent.nack().empty()) table.add({"refuses", Cell(agent.nack(), Tone::bad)});
  table.add({"overlay address", agent.overlay_address()});
  table.add({"endpoint", value_or_dash(agent.endpoint())});
  table.add({"public key", agent.public_key()});
  table.add({"certificate", certificate_of(agent, session.now_ms())});
  return table_or(session, table, "");
}

/// What it measures to others, and what others measure to it.
std::string paths_of(AdminSession& session, const std::string& agent, const ListPathsReply& paths) {
  Table table({{"PATH"},
               {"STATE"},
               {"P50", Align::right},
               {"P99", Align::right},
               {"JITTER", Align::right},
               {"LOSS", Align::right},
               {"SINCE"},
               {"MEASURED"}});
  for (const bool out : {true, false}) {
    for (const PathStatus& status : paths.paths()) {
      const auto& path = status.path();
      if ((out ? status.from_agent() : path.to_agent()) != agent) continue;
      table.add({out ? "to " + path.to_agent() : "from " + status.from_agent(),
                 path.up() ? Cell("up", Tone::good) : Cell("down", Tone::bad),
                 show_us(path.rtt_p50_us()), show_us(path.rtt_p99_us()), show_us(path.jitter_us()),
                 show_rate(path.loss_ppm()), session.when(status.since_unix_ms()),
                 session.when(status.unix_ms())});
    }
  }
  return table.empty() ? "No paths: it has no peer that measures.\n"
                       : table.render(session.terminal().colour);
}

Exit show_agent(AdminSession& session, const std::string& name) {
  const std::string failed = "cannot show " + name;
  const auto agents = session.ask(admin_method<ListAgentsRequest, ListAgentsReply>("ListAgents"),
                                  ListAgentsRequest());
  if (!agents) return session.fail_with(failed, agents.error());
  const auto agent = std::ranges::find(agents->agents(), name, &Agent::agent);
  if (agent == agents->agents().end()) {
    return session.fail_with(Exit::not_found, failed, "no agent of that name has joined",
                             "weirctl mesh ls");
  }
  const auto all =
      session.ask(admin_method<ListPathsRequest, ListPathsReply>("ListPaths"), ListPathsRequest());
  if (!all) return session.fail_with(failed, all.error());
  ListPathsReply paths;
  for (const PathStatus& status : all->paths()) {
    if (status.from_agent() == name || status.path().to_agent() == name) {
      *paths.add_paths() = status;
    }
  }
  boost::json::object fields;
  if (session.json()) {
    fields.emplace("agent", boost::json::parse(json_document("Agent", *agent, true)));
    fields.emplace("paths", boost::json::parse(json_document("PathList", paths, true)).at("paths"));
    for (const char* repeated : {"apiVersion", "kind"})
      fields["agent"].as_object().stable_erase(repeated);
  }
  show_plain(session, "AgentDetails", std::move(fields),
             [&] { return identity_of(session, *agent) + "\n" + paths_of(session, name, paths); });
  return Exit::ok;
}

}  // namespace

void add_mesh_show(CommandSyntax mesh, AdminSession& session, Exit& exit) {
  const auto name = std::make_shared<std::string>();
  CommandSyntax showing = mesh.add("show", "One agent: who it is, where, its session, its paths");
  showing.option("agent", *name, "REGION/agent-N").takes("AGENT").required();
  showing.runs([&session, &exit, name] { exit = show_agent(session, *name); });
}

}  // namespace weir::cli
