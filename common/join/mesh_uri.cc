#include "common/join/mesh_uri.h"

#include "common/base/text.h"
#include "common/model/revision.h"

namespace weir {

std::string agent_uri(std::string_view mesh, const AgentId& agent) {
  return "weir://" + std::string(mesh) + "/agent/" + agent.value();
}

std::string controller_uri(std::string_view mesh) {
  return "weir://" + std::string(mesh) + "/controller";
}

Result<AgentId> parse_agent_uri(std::string_view mesh, std::string_view uri) {
  const std::string prefix = agent_uri(mesh, AgentId());
  const std::string_view name = uri.starts_with(prefix) ? uri.substr(prefix.size()) : "";
  if (!valid_name(name, true)) {
    return fail(Code::permission_denied, "the certificate's identity " + in_quotes(uri) +
                                             " is no agent of mesh " + in_quotes(mesh));
  }
  return AgentId(std::string(name));
}

}  // namespace weir
