#include "cli/exit_code.h"

namespace weir::cli {

Exit exit_of(Code code) {
  switch (code) {
    case Code::ok:
      return Exit::ok;
    case Code::invalid_argument:
    case Code::out_of_range:
      return Exit::usage;
    case Code::deadline_exceeded:
      return Exit::timeout;
    case Code::unavailable:
      return Exit::unreachable;
    case Code::permission_denied:
    case Code::unauthenticated:
      return Exit::denied;
    case Code::failed_precondition:
      return Exit::refused;
    case Code::not_found:
      return Exit::not_found;
    default:
      return Exit::failed;
  }
}

}  // namespace weir::cli
