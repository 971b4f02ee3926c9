#pragma once

#include <cstdint>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace weir::agent {

// One slot of the last good revision, as bytes:
//
//   0   8  magic "WEIRLKG1"
//   8   8  sequence, big-endian: the valid slot with the larger one is the newest
//  16   4  payload length, big-endian
//  20  32  SHA-256 of bytes 0..20 and the payload
//  52   n  payload: a serialised weir.policy.v1.Revision

inline constexpr std::size_t k_slot_header = 52;
inline constexpr std::size_t k_slot_payload_max = 8U << 20U;

/// The payload points into the bytes it was read from.
struct Slot {
  std::uint64_t sequence = 0;
  ByteView payload;
};

ByteVector encode_slot(std::uint64_t sequence, ByteView payload);

/// Errors: data_loss (says what is wrong: too short, magic, length, checksum).
Result<Slot> decode_slot(ByteView bytes);

}  // namespace weir::agent
