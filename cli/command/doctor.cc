#include <algorithm>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/doctor/examine.h"
#include "cli/doctor/machine.h"
#include "cli/doctor/report.h"
#include "cli/render/text.h"

namespace weir::cli {

namespace {

struct DoctorOptions {
  std::string agent;
  std::string fail_on = "fail";
  bool before = false;
  std::string state_dir;
  std::uint32_t port = 0;
};

Exit tell(AdminSession& session, const DoctorOptions& options, Diagnosis diagnosis) {
  diagnosis.warnings_fail = options.fail_on == "warn";
  session.terminal().out << report(diagnosis, session.output, session.terminal().colour)
                         << std::flush;
  return diagnosis.ok() ? Exit::ok : Exit::condition;
}

Exit examine_machine(AdminSession& session, const DoctorOptions& options) {
  MachineNeeds needs;
  if (!options.state_dir.empty()) needs.state_dir = options.state_dir;
  if (options.port != 0) needs.tunnel_port = static_cast<std::uint16_t>(options.port);
  return tell(session, options, {"this machine", findings_of(needs), {"machine"}});
}

/// What concerns one agent.
Exit examine_agent(AdminSession& session, const DoctorOptions& options, const MeshSnapshot& mesh) {
  const auto agent = std::ranges::find(mesh.agents.agents(), options.agent, &Agent::agent);
  if (agent == mesh.agents.agents().end()) {
    return session.fail_with(Exit::not_found, "cannot examine " + printable(options.agent),
                             "no agent of that name has joined", "weirctl mesh ls");
  }
  const std::vector<Finding> all = findings_of(mesh);
  // Where something else is wrong is not said to be well.
  std::vector<std::string_view> looked = looked_at();
  std::erase_if(looked, [&all](std::string_view part) {
    return std::ranges::any_of(all, [part](const Finding& one) { return one.about == part; });
  });
  return tell(session, options,
              {"agent " + printable(options.agent), about_agent(all, *agent), looked});
}

Exit examine(AdminSession& session, const DoctorOptions& options) {
  const auto mesh = snapshot_of(session);
  if (mesh && !options.agent.empty()) return examine_agent(session, options, *mesh);
  if (mesh) {
    return tell(session, options,
                {"mesh " + printable(mesh->status.mesh()), findings_of(*mesh), looked_at()});
  }
  if (const auto& connection = session.connection()) {
    const ControllerAddress address = connection->address();
    if (const auto finding = unreachable(address, mesh.error(), session.now_ms())) {
      tell(session, options, {"the controller", {*finding}, {}});
    }
  }
  return session.fail_with("cannot examine the mesh", mesh.error(),
                           "weirctl doctor --pre, on the controller's machine");
}

}  // namespace

void add_doctor(CommandSyntax program, AdminSession& session, Exit& exit) {
  const auto options = std::make_shared<DoctorOptions>();
  CommandSyntax doctor = program.add(
      "doctor",
      "What is wrong, what explains it and what to do next; exit code 3 on a failure; -o short and "
      "-o junit too");
  const OptionSyntax before = doctor.flag(
      "--pre", options->before, "This machine alone, before an agent or controller runs on it");
  doctor.option("--agent", options->agent, "Only what concerns this agent")
      .takes("AGENT")
      .excludes(before);
  doctor.option("--fail-on", options->fail_on, "warn: exit code 3 on a warning, too")
      .one_of({"fail", "warn"});
  doctor.option("--state-dir", options->state_dir, "With --pre: where it will keep its state")
      .takes("FOLDER")
      .needs(before);
  doctor.option("--port", options->port, "With --pre: the tunnel's UDP port; 51820 without it")
      .takes("PORT")
      .between(1, 65535)
      .needs(before);
  doctor.runs([&session, &exit, options] {
    exit = options->before ? examine_machine(session, *options) : examine(session, *options);
  });
}

}  // namespace weir::cli
