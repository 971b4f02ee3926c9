#pragma once

#include <cstdint>

#include "common/base/bytes.h"

namespace weir {

inline constexpr std::size_t k_too_big_size_max = 1280;

/// The answer to an IP packet that cannot go on because it is longer than `mtu`: ICMP
/// "fragmentation needed" (RFC 792, RFC 1191) or ICMPv6 "packet too big" (RFC 4443 section 3.2) to
/// its sender, as if from its destination, which is routed to where the answer comes from. Its size
/// in `into`, which has k_too_big_size_max bytes; 0 for what gets no answer: an ICMP error, a later
/// fragment, a sender that is nobody alone.
std::size_t write_too_big(ByteView packet, std::size_t mtu, ByteSpan into);

}  // namespace weir
