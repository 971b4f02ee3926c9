#include <fmt/format.h>

#include <map>
#include <regex>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"

namespace weir::cli {

namespace {

constexpr std::uint32_t k_events = 5000;
constexpr std::uint32_t k_changes = 1000;

struct GatherOptions {
  bool redact = false;
};

/// The same address has the same stand-in in the whole bundle.
class Redaction {
 public:
  explicit Redaction(bool wanted) : wanted_(wanted) {}

  std::string of(const std::string& document) {
    if (!wanted_) return document;
    // IPv4, and IPv6 as it is written: at least two colons between groups.
    static const std::regex k_address(
        R"((\d{1,3}\.){3}\d{1,3}|\b([0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}\b)");
    std::string out;
    auto at = document.cbegin();
    for (std::sregex_iterator it(document.cbegin(), document.cend(), k_address), end; it != end;
         ++it) {
      out.append(at, it->prefix().second);
      out +=
          known_.try_emplace(it->str(), fmt::format("address-{}", known_.size() + 1)).first->second;
      at = it->suffix().first;
    }
    return out.append(at, document.cend());
  }

 private:
  const bool wanted_;
  std::map<std::string, std::string> known_;
};

/// A document a line, of everything the controller tells. What does not come is named on standard
/// error, and the rest goes on: a bundle is wanted most when something is broken.
Exit gather(AdminSession& session, const GatherOptions& options) {
  Redaction redaction(options.redact);
  bool whole = true;
  bool any = false;
  const auto take = [&]<typename Request, typename Reply>(const char* method,
                                                          const Request& request, const char* kind,
                                                          const Reply&) {
    const auto reply = session.ask(admin_method<Request, Reply>(method), request);
    if (!reply) {
      session.terminal().err << method << ": " << printable(reply.error().message()) << "\n";
      whole = false;
      return;
    }
    any = true;
    session.terminal().out << redaction.of(json_document(kind, *reply, true));
  };
  ListEventsRequest events;
  events.set_limit(k_events);
  ListChangesRequest changes;
  changes.set_limit(k_changes);
  take("GetStatus", StatusRequest(), "Status", StatusReply());
  take("ListAgents", ListAgentsRequest(), "AgentList", ListAgentsReply());
  take("ListTokens", ListTokensRequest(), "TokenList", ListTokensReply());
  take("ListPaths", ListPathsRequest(), "PathList", ListPathsReply());
  take("ListServices", ListServicesRequest(), "ServiceList", ListServicesReply());
  take("GetWeights", GetWeightsRequest(), "WeightList", GetWeightsReply());
  take("ListPolicies", ListPoliciesRequest(), "PolicyList", ListPoliciesReply());
  take("ListFailovers", ListFailoversRequest(), "FailoverList", ListFailoversReply());
  take("ListChanges", changes, "WeightHistory", ListChangesReply());
  take("ListEvents", events, "EventList", ListEventsReply());
  session.terminal().out << std::flush;
  if (!any) {
    return session.fail_with(Exit::unreachable, "cannot gather anything",
                             "the controller answered nothing", "weirctl status");
  }
  return whole ? Exit::ok : Exit::failed;
}

}  // namespace

void add_gather(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto options = std::make_shared<GatherOptions>();
  CommandSyntax command = program.add(
      "gather", "Everything the controller tells, a JSON document a line: to look at elsewhere");
  command.flag("--redact", options->redact, "Addresses become address-1, address-2, ...");
  command.runs([&session, &exit, options] { exit = gather(session, *options); });
}

}  // namespace weir::cli
