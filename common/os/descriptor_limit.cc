#include "common/os/descriptor_limit.h"

#include <sys/resource.h>

#include <cerrno>

#include "common/os/os_error.h"

namespace weir {

Result<std::uint64_t> raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return fail(os_error("read the limit of descriptors", errno));
  }
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
      return fail(os_error("raise the limit of descriptors", errno));
    }
  }
  return limit.rlim_cur;
}

}  // namespace weir
