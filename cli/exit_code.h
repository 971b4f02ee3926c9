#pragma once

#include "common/base/error.h"

namespace weir::cli {

/// What the process returns; part of the interface, see README.md.
enum class Exit : int {
  ok = 0,
  failed = 1,
  usage = 2,
  condition = 3,
  timeout = 4,
  unreachable = 5,
  denied = 6,
  refused = 7,
  not_found = 8,
};

/// The exit code for an error of the admin API.
Exit exit_of(Code code);

}  // namespace weir::cli
