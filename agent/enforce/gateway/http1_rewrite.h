#pragma once

#include <string>
#include <string_view>

#include "agent/enforce/gateway/http1_head.h"

namespace weir::agent {

/// Marks an ingress's own answer, so that the gateway which asked can tell it from a server's and
/// try elsewhere. Never passed to a client, never taken from a server.
inline constexpr std::string_view k_refused_header = "weir-refused";
/// On errors that Weir itself answers: why, for people and tests.
inline constexpr std::string_view k_error_header = "weir-error";

/// What the forwarded head says about this hop.
struct RequestRewrite {
  std::string_view client;   // appended to X-Forwarded-For; empty: left as it is
  bool drop_expect = false;  // the proxy has answered 100 itself
  bool upgrade = false;      // passes Upgrade on
};

/// Appends the head as the next hop gets it: without the fields that concern this connection only
/// (Connection and what it names, Keep-Alive, Proxy-Connection, TE, Upgrade).
void write_request(const RequestHead& head, const RequestRewrite& rewrite, std::string& out);

/// On an answer that a retry got: the regions that were tried in vain before, in their order, with
/// commas. For people and tests; never taken from a server.
inline constexpr std::string_view k_tried_header = "weir-tried";

struct ResponseRewrite {
  bool close = false;      // the connection to the client ends with this answer
  bool upgrade = false;    // 101: Upgrade and Connection stay
  bool from_weir = false;  // keeps `weir-error`
  std::string_view tried;  // `weir-tried`; empty: none
};

/// Appends the head of a final or interim answer as the client gets it.
void write_response(const ResponseHead& head, const ResponseRewrite& rewrite, std::string& out);

/// Appends a whole answer of our own: status, short text, `weir-error: reason`, and where `refused`
/// is set, `weir-refused: reason` as well.
void write_error(int status, std::string_view reason, bool close, bool refused, std::string& out);

/// How far a request came that an ingress answered for itself.
/// `refused`: the request itself breaks a rule, wherever it is sent.
enum class Progress { untouched, perhaps_done, answered, refused };
struct Refusal {
  const char* reason;
  Progress progress;
};
/// By the status and the value of `weir-refused`; a reason not known counts as perhaps done.
Refusal find_refusal(int status, std::string_view reason);

/// GET, HEAD, OPTIONS, PUT, DELETE: doing it twice is the same as doing it once.
bool is_idempotent(std::string_view method);

}  // namespace weir::agent
