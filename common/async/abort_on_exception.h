#pragma once

#include <exception>
#include <string>

namespace weir {

/// For coroutines that must not throw: aborts with `rule` and what `who` threw.
[[noreturn]] void abort_on_exception(const char* rule, const std::string& who,
                                     const std::exception_ptr& thrown);

}  // namespace weir
