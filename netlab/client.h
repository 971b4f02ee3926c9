#pragma once

#include <sys/un.h>

#include <string>

#include "common/base/result.h"
#include "common/os/fd.h"

namespace weir::netlab {

/// Errors: invalid_argument (longer than a socket's path may be).
Result<sockaddr_un> socket_address(const std::string& path);

/// A connection to the lab at `path`. Errors: invalid_argument, unavailable.
Result<Fd> connect_to(const std::string& path);

/// Sends one command line to the lab at `path` and waits at most ten seconds for its answer:
/// what follows "ok ", or an error with the lab's own words.
/// Errors: unavailable (no lab there), deadline_exceeded, invalid_argument (the lab's refusal).
Result<std::string> ask(const std::string& path, const std::string& line);

}  // namespace weir::netlab
