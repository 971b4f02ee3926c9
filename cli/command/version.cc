#include <boost/json.hpp>
#include <ostream>

#include "cli/command/admin_methods.h"
#include "cli/command/command.h"
#include "cli/render/text.h"
#include "cli/render/yaml.h"

namespace weir::cli {

namespace {

/// The controller's version; empty when it does not answer at once.
std::string controller_version(AdminSession& session) {
  session.deadline = std::chrono::milliseconds(1000);
  const auto reply =
      session.ask(admin_method<StatusRequest, StatusReply>("GetStatus"), StatusRequest());
  return reply ? reply->version() : "";
}

Exit run(AdminSession& session) {
  const std::string controller = controller_version(session);
  std::ostream& out = session.terminal().out;
  if (session.json()) {
    const boost::json::object document{{"apiVersion", "weir.v1"},
                                       {"kind", "Version"},
                                       {"weirctl", WEIR_VERSION},
                                       {"controller", controller}};
    const std::string text = boost::json::serialize(document);
    out << (session.output == Output::yaml ? yaml_of(text) : text + "\n");
    return Exit::ok;
  }
  out << "weirctl     " << WEIR_VERSION << "\n"
      << "controller  " << (controller.empty() ? "not reached" : printable(controller)) << "\n";
  return Exit::ok;
}

}  // namespace

void add_version(CommandSyntax program, AdminSession& session, Exit& exit) {
  program.add("version", "Of this program and of the controller").runs([&session, &exit] {
    exit = run(session);
  });
}

}  // namespace weir::cli
