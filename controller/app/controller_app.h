#pragma once

#include "common/base/result.h"
#include "controller/app/options.h"
#include "controller/web/site_files.h"

namespace weir::controller {

/// The controller as a process, from start to clean stop.
///
/// Blocks until SIGTERM or SIGINT (a second one ends the process at once) or until it cannot go on.
/// `files`: the dashboard's, as built. Errors: what could not be started, or why it had to stop.
Status run_controller(const ControllerOptions& options, const SiteFiles& files);

}  // namespace weir::controller
