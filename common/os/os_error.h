#pragma once

#include <string>

#include "common/base/error.h"

namespace weir {

/// A failed system call: "`what`: the kernel's words", with the code that fits `number` (an errno).
Error os_error(std::string what, int number);

}  // namespace weir
