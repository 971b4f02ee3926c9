#pragma once

#include <set>
#include <string>

#include "common/base/result.h"
#include "controller/web/web_message.h"

namespace weir::controller {

/// The names a browser may use for this site, "HOST:PORT" as in a Host header (without ":PORT"
/// where it is the scheme's own).
using SiteNames = std::set<std::string>;

/// Refuses a name that is not ours: a page elsewhere whose name was pointed at this address (DNS
/// rebinding) would else speak with the browser's trust. Errors: permission_denied.
Status check_host(const WebRequest& request, const SiteNames& names);

/// Refuses what another site's page sends (RFC 6454 section 7): the Origin is ours, where there is
/// one; where something changes there must be one. Errors: permission_denied.
Status check_origin(const WebRequest& request, bool changes, bool secure);

}  // namespace weir::controller
