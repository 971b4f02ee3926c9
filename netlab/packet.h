#pragma once

#include <optional>

#include "common/base/bytes.h"
#include "common/net/ip.h"

namespace weir::netlab {

/// Where an IP packet wants to go; nothing when it is too short or neither IPv4 nor IPv6.
std::optional<IpAddress> destination_of(ByteView packet);

}  // namespace weir::netlab
