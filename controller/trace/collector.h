#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace weir::controller {

/// Where traces go: a collector's base URL, with what OTLP over HTTP adds to it.
struct Collector {
  bool tls = false;
  std::string host;  // a name or an address, without the brackets of IPv6
  std::uint16_t port = 0;
  std::string path;  // ends in /v1/traces

  /// What the Host header says, and people read.
  std::string authority() const;
  /// A literal loopback address, or localhost.
  bool on_this_machine() const;

  friend bool operator==(const Collector&, const Collector&) = default;
};

/// "http://collector:4318", "https://traces.example:443/otlp". Without a port: 4318.
/// Errors: invalid_argument.
Result<Collector> parse_collector(std::string_view url);

/// `Name: value` a line; empty lines and those that begin with # are passed over.
/// Errors: invalid_argument (names the line, never its value).
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;
Result<HttpHeaders> parse_headers(std::string_view text);

}  // namespace weir::controller
