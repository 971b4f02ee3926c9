#pragma once

#include "controller/web/site_files.h"

namespace weir::controller {

/// The dashboard as it was built from dashboard/ (cmake/embed_site.py writes the source file).
const SiteFiles& dashboard_files();

}  // namespace weir::controller
