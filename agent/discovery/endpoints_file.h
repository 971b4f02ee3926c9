#pragma once

#include <string_view>

#include "agent/discovery/endpoint_map.h"
#include "common/base/result.h"

namespace weir::agent {

inline constexpr std::size_t k_endpoints_file_max = 1024 * 1024;  // bytes
inline constexpr std::size_t k_endpoints_max = 10000;             // over all services

/// Reads
///
///   services:
///     shop/web: ["10.1.0.11:8080", "10.1.0.12:8080"]
///
/// A service may have an empty list; an empty file is no services. Nothing else may stand in it.
/// Errors: invalid_argument (line, value, rule), resource_exhausted (too large, too many).
Result<EndpointMap> parse_endpoints(std::string_view text);

}  // namespace weir::agent
