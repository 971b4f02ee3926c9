#include "common/os/fd.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "common/os/os_error.h"

namespace weir {

void Fd::reset() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

Result<Fd> make_eventfd() {
  Fd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!fd) return fail(os_error("make an eventfd", errno));
  return fd;
}

}  // namespace weir
