#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cli/admin_session.h"

namespace weir::cli {

/// --ttl in seconds; 0 when it was not given. Prints three lines, of which the last is `usage`, and
/// returns nothing when it is no time.
std::optional<std::uint32_t> ttl_of(const AdminSession& session, const std::string& failed,
                                    const std::string& text, const std::string& usage);

}  // namespace weir::cli
