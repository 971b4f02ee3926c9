#include "cli/command/ttl_option.h"

#include <limits>

#include "cli/render/units.h"

namespace weir::cli {

std::optional<std::uint32_t> ttl_of(const AdminSession& session, const std::string& failed,
                                    const std::string& text, const std::string& usage) {
  if (text.empty()) return 0;
  const auto ttl = parse_span(text);
  if (ttl && ttl->count() <= std::numeric_limits<std::uint32_t>::max()) {
    return static_cast<std::uint32_t>(ttl->count());
  }
  (void)session.fail_with(Exit::usage, failed, "--ttl " + text + " is no time", usage);
  return std::nullopt;
}

}  // namespace weir::cli
