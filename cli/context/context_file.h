#pragma once

#include <string>

#include "cli/context/context_book.h"
#include "common/base/result.h"

namespace weir::cli {

/// Where the configuration file of weirctl is: $XDG_CONFIG_HOME/weir/config.yaml, else
/// $HOME/.config/weir/config.yaml; empty: neither is set. As the XDG specification has it, a
/// relative XDG_CONFIG_HOME counts as unset.
std::string context_path(const std::string& xdg_config_home, const std::string& home);

/// What stands in the file; an empty book when there is none. `path` may be empty.
/// Errors: invalid_argument (with lines), permission_denied, resource_exhausted (over 1 MiB).
Result<ContextBook> load_contexts(const std::string& path);

/// Writes the file anew, mode 0600, its folder 0700 when it has to be made: whoever reads sees the
/// old file or the new one, also after a crash. A symbolic link stays one.
/// Errors: failed_precondition (no path), permission_denied, unavailable.
Status save_contexts(const std::string& path, const ContextBook& book);

}  // namespace weir::cli
