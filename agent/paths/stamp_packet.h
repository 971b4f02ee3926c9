#pragma once

#include <array>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/base/time.h"

namespace weir::agent {

// STAMP, RFC 8762, unauthenticated mode: both packets have 44 bytes, integers in network order.
//
//   sender (4.2.1)              reflector (4.3.1)
//    0  sequence                 0  sequence of the reflector (stateful: its own count)
//    4  timestamp, 8 bytes       4  timestamp of the answer
//   12  error estimate          12  error estimate, 14: zero
//   14  zero                    16  when the request was received
//                               24  the sender's sequence, 28: timestamp, 36: error estimate
//                               38  zero, 40: TTL the request came with, 41: zero

inline constexpr std::size_t k_stamp_size = 44;

/// A moment as the wire has it: NTP's 32.32 seconds since 1900, or PTP's 32 + 32 seconds and
/// nanoseconds since 1970 when Z in the error estimate says so.
using StampTime = std::uint64_t;
StampTime to_ntp(WallTime when);
/// `ntp` is taken to lie between 1968 and 2104 (NTP era 0 or 1).
WallTime from_ntp(StampTime ntp);
WallTime from_ptp(StampTime ptp);

/// RFC 4656 4.1.2 as changed by RFC 8186: S, Z, scale and multiplier.
struct StampErrorEstimate {
  bool synchronised = false;  // with UTC by an outside source
  bool ptp = false;           // format of the timestamp beside it
  std::uint8_t scale = 0;     // 6 bits
  std::uint8_t multiplier = 1;
  friend bool operator==(const StampErrorEstimate&, const StampErrorEstimate&) = default;
};

struct StampRequest {
  std::uint32_t sequence = 0;
  StampTime sent = 0;
  StampErrorEstimate error;
};

struct StampReply {
  std::uint32_t sequence = 0;
  StampTime sent = 0;
  StampErrorEstimate error;
  StampTime received = 0;
  std::uint32_t sender_sequence = 0;
  StampTime sender_sent = 0;
  StampErrorEstimate sender_error;
  std::uint8_t sender_ttl = 0;

  /// How long the reflector held the packet. Errors: invalid_argument (it says: negative, or above
  /// a minute).
  Result<Duration> held() const;
};

/// What we claim of our clock: NTP format, not known to be synchronised, about 1 ms.
StampErrorEstimate own_error_estimate();

std::array<std::uint8_t, k_stamp_size> encode_stamp_request(const StampRequest& request);
std::array<std::uint8_t, k_stamp_size> encode_stamp_reply(const StampReply& reply);

/// At least 44 bytes (more are TLVs of RFC 8972 or padding, and not read); the multiplier is not 0.
/// Errors: invalid_argument.
Result<StampRequest> parse_stamp_request(ByteView datagram);
Result<StampReply> parse_stamp_reply(ByteView datagram);

}  // namespace weir::agent
