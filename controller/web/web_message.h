#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace weir::controller {

/// One HTTP request, as much of it as the web door looks at. Nothing of it is trusted.
struct WebRequest {
  std::string remote;  // the sender's address, as the socket has it
  std::string method;  // "GET", "POST", ...
  std::string path;    // decoded, begins with '/'
  std::map<std::string, std::string> query;
  std::string host;    // the Host header
  std::string origin;  // the Origin header; empty: none
  std::string cookie;  // the Cookie header
  std::string csrf;    // the X-Weir-CSRF header
  std::string known_etag;
  bool takes_gzip = false;
  std::string body;
};

struct WebReply {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Fills `path` and `query` from a request line's target ("/a%20b?x=1&y").
/// Errors: invalid_argument (no path, a bad escape, a NUL, not UTF-8, a name twice, too many
/// names).
Status read_target(std::string_view target, WebRequest& request);

/// The value of a cookie in a Cookie header; empty: not there.
std::string cookie_value(std::string_view header, std::string_view name);

/// An error as the API tells it: the HTTP status of its code, {"error":{"code":...,"message":...}}.
WebReply error_reply(const Error& error);

}  // namespace weir::controller
