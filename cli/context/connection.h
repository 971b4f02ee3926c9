#pragma once

#include <string>

#include "cli/controller_address.h"
#include "common/base/result.h"

namespace weir::cli {

/// What options and environment say of the controller to ask.
struct ConnectionWishes {
  ControllerAddress flags = {};
  std::string context_flag = {};  // --context
  ControllerAddress environment = {};
  std::string context_variable = {};  // WEIR_CONTEXT
  std::string file = {};              // of contexts; empty: there can be none
};

/// One setting with where it came from: "--socket", "WEIR_SERVER", "context prod", "default".
struct Setting {
  std::string value = {};
  std::string origin = {};  // empty: nobody said anything
  friend bool operator==(const Setting&, const Setting&) = default;
};

/// The controller to ask, and why that one.
struct Connection {
  Setting context;  // the one that says something; none: value and origin empty
  Setting socket;
  Setting server;
  Setting ca;
  Setting certificate;
  Setting key;

  ControllerAddress address() const {
    return {.socket = socket.value,
            .server = server.value,
            .ca = ca.value,
            .certificate = certificate.value,
            .key = key.value};
  }
  friend bool operator==(const Connection&, const Connection&) = default;
};

inline constexpr const char* k_default_socket = "/run/weir/admin.sock";

/// What counts, each setting by itself: options, a context named by --context, the environment, a
/// context named by WEIR_CONTEXT or the current one, the default. Socket and server are one
/// setting: whoever names either settles both. The file is read only when a context is named, or
/// could say something that nobody else does.
/// Errors: not_found (no such context), those of `load_contexts`.
Result<Connection> connection_of(const ConnectionWishes& wishes);

}  // namespace weir::cli
