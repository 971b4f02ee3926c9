#include "common/os/fd.h"

#include <unistd.h>

namespace weir {

void Fd::reset() {
  if (number_ >= 0) ::close(number_);
  number_ = -1;
}

}  // namespace weir
