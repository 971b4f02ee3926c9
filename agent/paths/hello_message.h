#pragma once

#include <array>
#include <cstdint>

#include "common/base/bytes.h"
#include "common/base/result.h"

namespace weir::agent {

// What failure detectors say to each other over UDP: 28 bytes, integers in network order.
//
//    0  'W' 'H'             12  boot id of the receiver, as last heard; 0: never heard
//    2  version 1           16  sequence of the receiver's last message heard
//    3  kind                20  hello: age of that message in microseconds; echoes: echo number
//    4  sender's boot id    24  flags: 1 = I hear you, 2 = the path is up for me
//    8  sequence            25  0 0 0
//
// The sequence counts every message to one peer. A hello answers nothing, yet tells enough to
// measure the round trip: now - when that sequence was sent - its age.

inline constexpr std::size_t k_hello_size = 28;

struct HelloMessage {
  enum class Kind : std::uint8_t { hello = 1, echo_request = 2, echo_reply = 3 };
  Kind kind = Kind::hello;
  std::uint32_t boot_id = 0;
  std::uint32_t sequence = 0;
  std::uint32_t heard_boot_id = 0;
  std::uint32_t heard_sequence = 0;
  std::uint32_t age_or_echo = 0;  // microseconds in a hello, the echo's number otherwise
  bool hears_you = false;
  bool up = false;
  friend bool operator==(const HelloMessage&, const HelloMessage&) = default;
};

std::array<std::uint8_t, k_hello_size> encode_hello(const HelloMessage& message);

/// Errors: invalid_argument. Accepts exactly what `encode_hello` makes.
Result<HelloMessage> parse_hello(ByteView datagram);

}  // namespace weir::agent
