#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/controller_address.h"
#include "common/base/result.h"

namespace weir::cli {

/// Controllers an operator has given names, and which of them is meant when none is named: what
/// stands in the configuration file of weirctl. A value.
///
///   current: prod
///   contexts:
///     prod: {server: weir.example:7443, ca: /etc/weir/ca.pem, cert: ..., key: ...}
///     here: {socket: /run/weir/admin.sock}
struct ContextBook {
  std::string current;  // empty: none
  std::map<std::string, ControllerAddress> contexts;

  friend bool operator==(const ContextBook&, const ContextBook&) = default;
};

inline constexpr std::size_t k_contexts_max = 1000;

/// 1 to 63 of a-z A-Z 0-9 - . _, the first a letter or a digit. Errors: invalid_argument.
Status check_context_name(const std::string& name);

/// A socket, or a server with ca, cert and key; paths from the root.
/// Errors: invalid_argument (what is missing or too much).
Status check_context(const ControllerAddress& address);

/// `name` stands for the file in complaints.
/// Errors: invalid_argument with all complaints, "FILE:LINE: path: what" each.
Result<ContextBook> parse_contexts(std::string_view text, const std::string& name);

/// What `parse_contexts` reads back as it was.
std::string contexts_text(const ContextBook& book);

}  // namespace weir::cli
