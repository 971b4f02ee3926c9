#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "controller/web/web_message.h"

namespace weir::controller {

/// One resource of the HTTP API and the method of weir.admin.v1.Admin that answers for it.
struct Route {
  std::string_view verb;  // "GET": the request's fields are parameters; "POST": its body
  std::string_view path;  // below /api/v1
  std::string_view method;
};

/// All of them. What else the site answers is in web_site.h.
std::span<const Route> routes();

/// nullptr: no such resource. Errors: unimplemented (there is, for another verb).
Result<const Route*> find_route(std::string_view verb, std::string_view path);

/// The path the router knows the method by.
std::string method_path(const Route& route);

/// The serialised request message that an HTTP request stands for. Of a GET, `at`, `since`, `until`
/// and `from` may be written without their unit or kind. Errors: invalid_argument (a parameter that
/// is none of the message's, a value of the wrong kind, a body that is no such JSON).
Result<std::string> request_bytes(const Route& route, const WebRequest& request);

/// A serialised reply as JSON (proto3 mapping; every field that is no message is printed).
/// Errors: data_loss.
Result<std::string> reply_json(std::string_view method, const std::string& bytes);

}  // namespace weir::controller
