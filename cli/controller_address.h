#pragma once

#include <string>

#include "common/base/result.h"
#include "common/rpc/channel.h"

namespace weir::cli {

/// Where the controller's admin API is: a unix socket of this machine, or, when `server` is set,
/// HOST:PORT over mutual TLS. One source's words: the options', the environment's, a context's, or
/// what `connection_of` made of all of them.
struct ControllerAddress {
  std::string socket = {};       // --socket, WEIR_SOCKET
  std::string server = {};       // --server, WEIR_SERVER
  std::string ca = {};           // --ca, WEIR_CA: a file, who may sign the controller's certificate
  std::string certificate = {};  // --cert, WEIR_CERT: a file, the operator's
  std::string key = {};          // --key, WEIR_KEY: a file

  /// For people: "/run/weir/admin.sock", "weir.example:7443".
  const std::string& text() const { return server.empty() ? socket : server; }

  friend bool operator==(const ControllerAddress&, const ControllerAddress&) = default;
};

/// Whether `server` can be HOST:PORT. Errors: invalid_argument.
Status check_host_and_port(const std::string& server);

/// Reads the files a TLS connection needs. Errors: invalid_argument (a file is not named, or the
/// server is no HOST:PORT), not_found or permission_denied (a file cannot be read).
Result<RpcChannelOptions> channel_to(const ControllerAddress& address);

}  // namespace weir::cli
