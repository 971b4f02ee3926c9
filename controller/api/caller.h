#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/rpc/router.h"
#include "weir/admin/v1/role.pb.h"

namespace weir::controller {

/// Who calls the admin API, and what they may do.
struct Caller {
  std::string name;
  admin::v1::Role role = admin::v1::NOBODY;
  std::string_view door;  // "socket", "tls", "web"
};

/// What operators with a certificate may do, by the certificate's name.
struct CertificateRoles {
  std::map<std::string, admin::v1::Role> by_name;
  admin::v1::Role others = admin::v1::ADMIN;
};

/// "viewer", "operator", "admin"; "nobody".
std::string_view role_name(admin::v1::Role role);
/// Errors: invalid_argument.
Result<admin::v1::Role> parse_role(std::string_view name);

/// The least role that may call a method of the API ("/weir.admin.v1.Admin/GetStatus"), as its
/// definition says. A method without one is nobody's: ADMIN + 1.
int least_role(const std::string& method_path);

/// Through the socket file: "root", an admin. With a certificate: its common name or URI, and the
/// role configured for it. Through the web door: who signed in there.
/// Errors: unauthenticated; permission_denied (the certificate is of a mesh's agent or controller).
Result<Caller> caller_of(const PeerIdentity& peer, const CertificateRoles& roles);

/// As `caller_of`, and the role suffices for the method called.
/// Errors: as `caller_of`; permission_denied (names the role it takes).
Status check_allowed(const Caller& caller, const std::string& method_path);

}  // namespace weir::controller
