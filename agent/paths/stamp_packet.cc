#include "agent/paths/stamp_packet.h"

namespace weir::agent {

namespace {

constexpr std::uint64_t k_ntp_to_unix = 2'208'988'800;  // seconds from 1900 to 1970
constexpr std::uint64_t k_billion = 1'000'000'000;

void store_error(std::uint8_t* out, const StampErrorEstimate& error) {
  out[0] = static_cast<std::uint8_t>((error.synchronised ? 0x80 : 0) | (error.ptp ? 0x40 : 0) |
                                     (error.scale & 0x3f));
  out[1] = error.multiplier;
}

StampErrorEstimate load_error(const std::uint8_t* in) {
  return {(in[0] & 0x80) != 0, (in[0] & 0x40) != 0, static_cast<std::uint8_t>(in[0] & 0x3f), in[1]};
}

Status check(ByteView datagram) {
  if (datagram.size() < k_stamp_size) {
    return fail(Code::invalid_argument, "a STAMP packet has at least 44 bytes");
  }
  if (datagram[13] == 0) {
    return fail(Code::invalid_argument, "a STAMP error estimate has a multiplier above 0");
  }
  return {};
}

WallTime at_unix(std::int64_t seconds, std::int64_t nanoseconds) {
  return WallTime(std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanoseconds));
}

}  // namespace

StampTime to_ntp(WallTime when) {
  const auto since = static_cast<std::uint64_t>(when.time_since_epoch().count());
  const std::uint64_t seconds = since / k_billion + k_ntp_to_unix;
  const std::uint64_t fraction = ((since % k_billion) << 32) / k_billion;
  return (seconds << 32) | fraction;
}

WallTime from_ntp(StampTime ntp) {
  std::uint64_t seconds = ntp >> 32;
  if ((seconds & 0x80000000U) == 0) seconds += std::uint64_t{1} << 32;  // era 1 begins in 2036
  const std::uint64_t fraction = ntp & 0xffffffffU;
  // Rounded, so that a moment survives the way there and back.
  const std::uint64_t nanoseconds = (fraction * k_billion + (std::uint64_t{1} << 31)) >> 32;
  return at_unix(static_cast<std::int64_t>(seconds) - static_cast<std::int64_t>(k_ntp_to_unix),
                 static_cast<std::int64_t>(nanoseconds));
}

WallTime from_ptp(StampTime ptp) {
  return at_unix(static_cast<std::int64_t>(ptp >> 32),
                 static_cast<std::int64_t>(ptp & 0xffffffffU));
}

Result<Duration> StampReply::held() const {
  const Duration held =
      error.ptp ? from_ptp(sent) - from_ptp(received) : from_ntp(sent) - from_ntp(received);
  if (held < Duration(0) || held > std::chrono::minutes(1)) {
    return fail(Code::invalid_argument, "a STAMP reflector's timestamps are out of order");
  }
  return held;
}

StampErrorEstimate own_error_estimate() {
  // multiplier * 2^-32 * 2^scale seconds: 2^-10 s.
  return {.synchronised = false, .ptp = false, .scale = 22, .multiplier = 1};
}

std::array<std::uint8_t, k_stamp_size> encode_stamp_request(const StampRequest& request) {
  std::array<std::uint8_t, k_stamp_size> out{};
  store_be32(&out[0], request.sequence);
  store_be64(&out[4], request.sent);
  store_error(&out[12], request.error);
  return out;
}

std::array<std::uint8_t, k_stamp_size> encode_stamp_reply(const StampReply& reply) {
  std::array<std::uint8_t, k_stamp_size> out{};
  store_be32(&out[0], reply.sequence);
  store_be64(&out[4], reply.sent);
  store_error(&out[12], reply.error);
  store_be64(&out[16], reply.received);
  store_be32(&out[24], reply.sender_sequence);
  store_be64(&out[28], reply.sender_sent);
  store_error(&out[36], reply.sender_error);
  out[40] = reply.sender_ttl;
  return out;
}

Result<StampRequest> parse_stamp_request(ByteView datagram) {
  WEIR_TRY(check(datagram));
  return StampRequest{load_be32(&datagram[0]), load_be64(&datagram[4]), load_error(&datagram[12])};
}

Result<StampReply> parse_stamp_reply(ByteView datagram) {
  WEIR_TRY(check(datagram));
  StampReply reply;
  reply.sequence = load_be32(&datagram[0]);
  reply.sent = load_be64(&datagram[4]);
  reply.error = load_error(&datagram[12]);
  reply.received = load_be64(&datagram[16]);
  reply.sender_sequence = load_be32(&datagram[24]);
  reply.sender_sent = load_be64(&datagram[28]);
  reply.sender_error = load_error(&datagram[36]);
  reply.sender_ttl = datagram[40];
  return reply;
}

}  // namespace weir::agent
