// A browser's request: "VERB TARGET\n", then its body. What is taken can be turned into a message
// of the API and into JSON again, whatever stood there.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "controller/web/routes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::controller;
  if (size > 65536) return 0;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t line = all.find('\n');
  const std::string_view head = all.substr(0, line);
  const std::size_t blank = head.find(' ');
  if (blank == std::string_view::npos) return 0;
  WebRequest request;
  request.method = head.substr(0, blank);
  request.body = line == std::string_view::npos ? "" : all.substr(line + 1);
  if (!read_target(head.substr(blank + 1), request)) return 0;
  (void)cookie_value(request.body, "weir");
  if (request.path.empty() || request.path[0] != '/') abort();
  const auto route = find_route(request.method, request.path);
  if (!route || *route == nullptr) return 0;
  const auto bytes = request_bytes(**route, request);
  if (bytes && error_reply(weir::Error(weir::Code::internal, request.path)).body.empty()) abort();
  return 0;
}
