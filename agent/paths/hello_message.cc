#include "agent/paths/hello_message.h"

namespace weir::agent {

namespace {

constexpr std::uint8_t k_version = 1;
constexpr std::uint8_t k_hears_you = 1;
constexpr std::uint8_t k_up = 2;

}  // namespace

std::array<std::uint8_t, k_hello_size> encode_hello(const HelloMessage& message) {
  std::array<std::uint8_t, k_hello_size> out{};
  out[0] = 'W';
  out[1] = 'H';
  out[2] = k_version;
  out[3] = static_cast<std::uint8_t>(message.kind);
  store_be32(&out[4], message.boot_id);
  store_be32(&out[8], message.sequence);
  store_be32(&out[12], message.heard_boot_id);
  store_be32(&out[16], message.heard_sequence);
  store_be32(&out[20], message.age_or_echo);
  out[24] =
      static_cast<std::uint8_t>((message.hears_you ? k_hears_you : 0) | (message.up ? k_up : 0));
  return out;
}

Result<HelloMessage> parse_hello(ByteView datagram) {
  if (datagram.size() != k_hello_size) {
    return fail(Code::invalid_argument, "a hello has 28 bytes");
  }
  if (datagram[0] != 'W' || datagram[1] != 'H' || datagram[2] != k_version) {
    return fail(Code::invalid_argument, "not a hello of version 1");
  }
  const std::uint8_t kind = datagram[3];
  const std::uint8_t flags = datagram[24];
  const bool padded = datagram[25] == 0 && datagram[26] == 0 && datagram[27] == 0;
  if (kind < 1 || kind > 3 || (flags & ~(k_hears_you | k_up)) != 0 || !padded) {
    return fail(Code::invalid_argument, "unknown kind or flags in a hello");
  }
  HelloMessage message;
  message.kind = static_cast<HelloMessage::Kind>(kind);
  message.boot_id = load_be32(&datagram[4]);
  message.sequence = load_be32(&datagram[8]);
  message.heard_boot_id = load_be32(&datagram[12]);
  message.heard_sequence = load_be32(&datagram[16]);
  message.age_or_echo = load_be32(&datagram[20]);
  message.hears_you = (flags & k_hears_you) != 0;
  message.up = (flags & k_up) != 0;
  return message;
}

}  // namespace weir::agent
