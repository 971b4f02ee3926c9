#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/command/show.h"
#include "cli/doctor/findings.h"
#include "cli/doctor/machine.h"

namespace weir::cli {

namespace {

constexpr std::uint32_t k_events = 5000;

struct DoctorOptions {
  bool before = false;
  std::string state_dir;
  std::uint32_t port = 0;
};

/// Every part, or the error of the first that did not come.
Result<MeshSnapshot> snapshot_of(AdminSession& session) {
  MeshSnapshot mesh;
  const auto take = [&session]<typename Request, typename Reply>(
                        const char* method, const Request& request, Reply& into) -> Status {
    auto reply = session.ask(admin_method<Request, Reply>(method), request);
    if (!reply) return fail(reply.error());
    into = *std::move(reply);
    return {};
  };
  ListEventsRequest events;
  events.set_limit(k_events);
  WEIR_TRY(take("GetStatus", StatusRequest(), mesh.status));
  WEIR_TRY(take("ListAgents", ListAgentsRequest(), mesh.agents));
  WEIR_TRY(take("ListPaths", ListPathsRequest(), mesh.paths));
  WEIR_TRY(take("ListServices", ListServicesRequest(), mesh.services));
  WEIR_TRY(take("ListPolicies", ListPoliciesRequest(), mesh.policies));
  WEIR_TRY(take("ListEvents", events, mesh.events));
  WEIR_TRY(take("GetWeights", GetWeightsRequest(), mesh.weights));
  mesh.now_ms = session.now_ms();
  return mesh;
}

std::string level_word(const Finding& finding, bool colour) {
  return finding.level == Level::fail ? toned("FAIL", Tone::bad, colour)
                                      : toned("WARN", Tone::warn, colour);
}

std::string text_of(const std::vector<Finding>& found, const std::vector<std::string_view>& looked,
                    bool colour) {
  std::string all;
  for (const Finding& finding : found) {
    all += fmt::format("{}  {:<11} {}  ({})\n", level_word(finding, colour), finding.about,
                       finding.what, finding.code);
    if (!finding.cause.empty()) all += "      cause: " + finding.cause + "\n";
    all += "      next:  " + finding.next + "\n";
  }
  std::string well;
  for (const std::string_view part : looked) {
    const bool named = std::ranges::any_of(
        found, [part](const Finding& finding) { return finding.about == part; });
    if (!named) well += (well.empty() ? "" : ", ") + std::string(part);
  }
  if (!well.empty()) all += toned("OK", Tone::good, colour) + "    " + well + "\n";
  return all;
}

std::string json_of(const std::vector<Finding>& found, bool ok) {
  boost::json::array rows;
  for (const Finding& finding : found) {
    rows.push_back({{"level", finding.level == Level::fail ? "fail" : "warn"},
                    {"code", finding.code},
                    {"about", finding.about},
                    {"what", finding.what},
                    {"cause", finding.cause},
                    {"next", finding.next}});
  }
  return boost::json::serialize(boost::json::object{
             {"apiVersion", "weir.v1"}, {"kind", "Diagnosis"}, {"ok", ok}, {"findings", rows}}) +
         "\n";
}

Exit tell(AdminSession& session, const std::vector<Finding>& found,
          const std::vector<std::string_view>& looked) {
  const bool ok = std::ranges::none_of(
      found, [](const Finding& finding) { return finding.level == Level::fail; });
  std::string out;
  if (session.json()) {
    const std::string json = json_of(found, ok);
    out = session.output == Output::yaml ? yaml_of(json) : json;
  } else if (session.rows_only()) {
    Table table({{"CODE"}, {"LEVEL"}, {"ABOUT"}, {"WHAT"}, {"CAUSE"}, {"NEXT"}});
    for (const Finding& finding : found) {
      table.add({finding.code, finding.level == Level::fail ? "fail" : "warn", finding.about,
                 finding.what, finding.cause, finding.next});
    }
    out = session.output == Output::csv ? table.csv() : table.names();
  } else {
    out = text_of(found, looked, session.terminal().colour);
  }
  session.terminal().out << out << std::flush;
  return ok ? Exit::ok : Exit::condition;
}

Exit examine(AdminSession& session, const DoctorOptions& options) {
  if (options.before) {
    MachineNeeds needs;
    if (!options.state_dir.empty()) needs.state_dir = options.state_dir;
    if (options.port != 0) needs.tunnel_port = static_cast<std::uint16_t>(options.port);
    return tell(session, findings_of(needs), {"machine"});
  }
  const auto mesh = snapshot_of(session);
  if (!mesh) {
    return session.fail_with("cannot examine the mesh", mesh.error(),
                             "weirctl doctor --pre, on the controller's machine");
  }
  return tell(session, findings_of(*mesh), looked_at());
}

}  // namespace

void add_doctor(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto options = std::make_shared<DoctorOptions>();
  CommandSyntax doctor = program.add(
      "doctor", "What is wrong, what explains it and what to do next; exit code 3 on a failure");
  const OptionSyntax before = doctor.flag(
      "--pre", options->before, "This machine alone, before an agent or controller runs on it");
  doctor.option("--state-dir", options->state_dir, "With --pre: where it will keep its state")
      .takes("FOLDER")
      .needs(before);
  doctor.option("--port", options->port, "With --pre: the tunnel's UDP port; 51820 without it")
      .takes("PORT")
      .between(1, 65535)
      .needs(before);
  doctor.runs([&session, &exit, options] { exit = examine(session, *options); });
}

}  // namespace weir::cli
