#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/render/units.h"

namespace weir::cli {

namespace {

/// 0 is the worst: shown first.
int rank(const Agent& agent) {
  if (!agent.nack().empty()) return 0;
  return agent.connected() ? 2 : 1;
}

Cell state_of(const Agent& agent) {
  if (!agent.nack().empty()) return {"refuses: " + agent.nack(), Tone::bad};
  return agent.connected() ? Cell("connected", Tone::good) : Cell("gone", Tone::bad);
}

/// Whose WireGuard carries it, and why.
std::string tunnel_of(const Agent& agent) {
  if (agent.tunnel_backend().empty()) return "-";
  return agent.tunnel_backend() + ": " + agent.tunnel_backend_reason();
}

std::string text_of(AdminSession& session, const ListAgentsReply& reply) {
  std::vector<Column> titles{{"AGENT"}, {"CLUSTER"}, {"ADDRESS"}, {"REVISION", Align::right},
                             {"SEEN"},  {"VERSION"}, {"STATE"}};
  if (session.wide()) {
    titles.insert(titles.end(),
                  {{"ENDPOINT"}, {"CERTIFICATE ENDS"}, {"JOINED"}, {"TUNNEL"}, {"KEY"}});
  }
  std::vector<Agent> agents(reply.agents().begin(), reply.agents().end());
  std::sort(agents.begin(), agents.end(), [](const Agent& a, const Agent& b) {
    return std::pair(rank(a), a.agent()) < std::pair(rank(b), b.agent());
  });
  Table table(std::move(titles));
  for (const Agent& agent : agents) {
    std::vector<Cell> row{agent.agent(),
                          agent.cluster(),
                          agent.overlay_address(),
                          fmt::format("{}.{}", agent.acked_epoch(), agent.acked_generation()),
                          session.when(agent.last_seen_unix_ms()),
                          agent.version(),
                          state_of(agent)};
    if (session.wide()) {
      row.insert(row.end(), {Cell(agent.endpoint().empty() ? "-" : agent.endpoint()),
                             Cell(session.when(agent.certificate_expires_unix_ms())),
                             Cell(session.when(agent.joined_unix_ms())), Cell(tunnel_of(agent)),
                             Cell(agent.public_key())});
    }
    table.add(std::move(row));
  }
  return table_or(session, table,
                  "No agent has joined yet: weirctl mesh token create --region R --cluster C");
}

constexpr Listing<ListAgentsRequest, ListAgentsReply> k_list{"ListAgents", "WatchAgents",
                                                             "AgentList", "cannot list the agents"};

Exit remove(AdminSession& session, const std::string& agent, bool yes) {
  if (!session.agree("Remove " + printable(agent) + "? It must join again with a new token.",
                     yes)) {
    return Exit::refused;
  }
  RemoveAgentRequest request;
  request.set_agent(agent);
  const auto reply =
      session.ask(admin_method<RemoveAgentRequest, RemoveAgentReply>("RemoveAgent"), request);
  if (!reply) {
    return session.fail_with("cannot remove " + agent, reply.error(), "weirctl mesh ls");
  }
  if (session.json()) {
    session.terminal().out << document(session, "AgentRemoval", *reply);
  } else {
    session.terminal().err << "removed " << printable(agent) << "\n";
  }
  return Exit::ok;
}

}  // namespace

void add_mesh(CommandSyntax program, AdminSession& session, Exit& exit) {
  CommandSyntax mesh = program.add_group("mesh", "Agents and how they join");
  const auto watch = std::make_shared<bool>(false);
  CommandSyntax ls = mesh.add("ls", "Every agent that has joined");
  ls.flag("-w,--watch", *watch, "Follow every change");
  ls.runs([&session, &exit, watch] {
    exit = k_list.show(session, *watch, {},
                       [&](const ListAgentsReply& reply) { return text_of(session, reply); });
  });

  struct Options {
    std::string agent;
    bool yes = false;
  };
  const auto options = std::make_shared<Options>();
  CommandSyntax removal = mesh.add("remove", "Take an agent out of the mesh");
  removal.option("agent", options->agent, "REGION/agent-N").takes("AGENT").required();
  removal.flag("-y,--yes", options->yes, "Do not ask");
  removal.runs(
      [&session, &exit, options] { exit = remove(session, options->agent, options->yes); });

  add_mesh_show(mesh, session, exit);
  add_mesh_token(mesh, session, exit);
}

}  // namespace weir::cli
