#pragma once

#include <string>

#include "common/base/result.h"

namespace weir {

/// Checks that a server may bind a unix socket at `path`: nothing there, or a socket nobody
/// answers. Errors: already_exists (a process answers, or the file is no socket), invalid_argument
/// (length).
Status make_room_for_unix_socket(const std::string& path);

/// Until here the process's umask alone decided who may connect.
Status set_unix_socket_mode(const std::string& path, unsigned mode);

}  // namespace weir
