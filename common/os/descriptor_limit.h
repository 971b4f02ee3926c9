#pragma once

#include <cstdint>

#include "common/base/result.h"

namespace weir {

/// Raises how many descriptors this process may open to what the system permits it (RLIMIT_NOFILE,
/// soft to hard), and says how many that are. Errors: of the system calls.
Result<std::uint64_t> raise_descriptor_limit();

}  // namespace weir
