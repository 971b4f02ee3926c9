#pragma once

#include <cstdint>

#include "common/base/result.h"
#include "common/net/ip.h"

namespace weir::bench {

struct Flood {
  Endpoint to;
  std::size_t size = 64;  ///< bytes of UDP payload
  double per_second = 0;  ///< 0: as many as the socket takes
  double seconds = 2;
};

/// Sends and returns how many left.
Result<std::uint64_t> send_datagrams(const Flood& flood);

/// Counts what arrives until nothing has for `quiet_seconds`; before the first, waits ten seconds.
Result<std::uint64_t> count_datagrams(std::uint16_t port, double quiet_seconds);

}  // namespace weir::bench
