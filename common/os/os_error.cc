#include "common/os/os_error.h"

#include <cerrno>
#include <system_error>

namespace weir {
namespace {

Code code_of(int number) {
  switch (number) {
    case EPERM:
    case EACCES:
      return Code::permission_denied;
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH:
      return Code::not_found;
    case EEXIST:
      return Code::already_exists;
    case EBUSY:
    case EADDRINUSE:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
      return Code::resource_exhausted;
    case EINVAL:
    case ENAMETOOLONG:
    case EADDRNOTAVAIL:
      return Code::invalid_argument;
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case ENOSYS:
      return Code::unimplemented;
    case ETIMEDOUT:
      return Code::deadline_exceeded;
    default:
      return Code::unavailable;
  }
}

}  // namespace

Error os_error(std::string what, int number) {
  return {code_of(number), std::move(what) + ": " + std::system_category().message(number)};
}

}  // namespace weir
