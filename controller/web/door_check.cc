#include "controller/web/door_check.h"

#include "common/base/text.h"

namespace weir::controller {

Status check_host(const WebRequest& request, const SiteNames& names) {
  std::string host = request.host;
  for (char& letter : host) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (names.contains(host)) return {};
  return fail(Code::permission_denied,
              "the name " + in_quotes(request.host) +
                  " is none of this site's; if it should be, add it to web.hosts");
}

Status check_origin(const WebRequest& request, bool changes, bool secure) {
  if (request.origin.empty() && !changes) return {};
  if (request.origin == (secure ? "https://" : "http://") + request.host) return {};
  return fail(Code::permission_denied,
              request.origin.empty()
                  ? std::string("a change needs an Origin header, as browsers send it")
                  : "the origin " + in_quotes(request.origin) + " is not this site");
}

}  // namespace weir::controller
