#include "cli/command/live_names.h"

#include <set>

#include "cli/command/admin_methods.h"
#include "cli/context/context_file.h"
#include "cli/render/text.h"
#include "common/model/guardrail.h"

namespace weir::cli {
namespace {

void add_services(AdminSession& session, std::set<std::string>& names) {
  ListServicesRequest request;
  request.set_without_endpoints(true);
  const auto reply =
      session.ask(admin_method<ListServicesRequest, ListServicesReply>("ListServices"), request);
  if (!reply) return;
  for (const auto& service : reply->services()) names.insert(printable(service.service()));
}

void add_agents(AdminSession& session, bool regions, std::set<std::string>& names) {
  const auto reply = session.ask(admin_method<ListAgentsRequest, ListAgentsReply>("ListAgents"),
                                 ListAgentsRequest());
  if (!reply) return;
  for (const auto& agent : reply->agents()) {
    names.insert(printable(regions ? agent.region() : agent.agent()));
  }
}

void add_contexts(AdminSession& session, std::set<std::string>& names) {
  const auto book = load_contexts(session.wishes.file);
  if (!book) return;
  for (const auto& [name, address] : book->contexts) names.insert(name);
}

}  // namespace

std::vector<std::string> live_names(AdminSession& session, std::string_view sort) {
  constexpr std::chrono::milliseconds k_patience{300};
  session.deadline = k_patience;
  std::set<std::string> names;
  if (sort == "SERVICE") add_services(session, names);
  if (sort == "AGENT" || sort == "REGION") add_agents(session, sort == "REGION", names);
  if (sort == "CONTEXT") add_contexts(session, names);
  if (sort == "GUARDRAIL") {
    for (const auto& guardrail : guardrails()) names.emplace(guardrail.name);
  }
  return {names.begin(), names.end()};
}

}  // namespace weir::cli
