#include "controller/api/caller.h"

#include <google/protobuf/descriptor.h>

#include <array>
#include <utility>

#include "common/base/text.h"

namespace weir::controller {

namespace pb = admin::v1;

namespace {

constexpr std::size_t k_name_max = 500;
constexpr std::array<std::pair<std::string_view, pb::Role>, 4> k_roles{{{"nobody", pb::NOBODY},
                                                                        {"viewer", pb::VIEWER},
                                                                        {"operator", pb::OPERATOR},
                                                                        {"admin", pb::ADMIN}}};

/// "weir.admin.v1.Admin.GetStatus" for "/weir.admin.v1.Admin/GetStatus".
std::string full_name(std::string path) {
  if (path.starts_with('/')) path.erase(0, 1);
  const std::size_t slash = path.find('/');
  if (slash != std::string::npos) path[slash] = '.';
  return path;
}

}  // namespace

std::string_view role_name(pb::Role role) {
  for (const auto& [name, known] : k_roles) {
    if (known == role) return name;
  }
  return "nobody";
}

Result<pb::Role> parse_role(std::string_view name) {
  for (const auto& [known, role] : k_roles) {
    if (known == name && role != pb::NOBODY) return role;
  }
  return fail(Code::invalid_argument,
              "role " + in_quotes(name) + " is none of viewer, operator, admin");
}

int least_role(const std::string& method_path) {
  const auto* const method =
      google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(full_name(method_path));
  if (method == nullptr || !method->options().HasExtension(pb::least_role)) return pb::ADMIN + 1;
  const int role = method->options().GetExtension(pb::least_role);
  return role == pb::NOBODY ? pb::ADMIN + 1 : role;
}

Result<Caller> caller_of(const PeerIdentity& peer, const CertificateRoles& roles) {
  if (peer.visitor) {
    WEIR_ASSIGN(role, parse_role(peer.visitor->role));
    return Caller{peer.visitor->name, role, "web"};
  }
  if (peer.local) return Caller{"root", pb::ADMIN, "socket"};
  if (!peer.authenticated) {
    return fail(Code::unauthenticated,
                "the admin API needs a certificate of the configured client CA");
  }
  for (const std::string& uri : peer.uris) {
    if (!uri.starts_with("weir://")) continue;
    return fail(
        Code::permission_denied,
        "the certificate of " + in_quotes(uri) +
            " is a machine's, not an operator's; admin.tcp.client_ca must be a CA of its own");
  }
  std::string name = "operator";
  if (!peer.common_name.empty()) {
    name = cut_text(peer.common_name, k_name_max);
  } else if (!peer.uris.empty()) {
    name = cut_text(peer.uris[0], k_name_max);
  }
  const auto known = roles.by_name.find(name);
  const pb::Role role = known == roles.by_name.end() ? roles.others : known->second;
  return Caller{std::move(name), role, "tls"};
}

Status check_allowed(const Caller& caller, const std::string& method_path) {
  const int least = least_role(method_path);
  if (caller.role != pb::NOBODY && static_cast<int>(caller.role) >= least) return {};
  const std::string takes(least > pb::ADMIN ? "more than an admin"
                                            : role_name(static_cast<pb::Role>(least)));
  return fail(Code::permission_denied,
              in_quotes(caller.name) + " has the role " + std::string(role_name(caller.role)) +
                  "; " + method_path.substr(method_path.rfind('/') + 1) + " takes " + takes);
}

}  // namespace weir::controller
