#include "agent/enforce/gateway/proxy_v2.h"

#include <algorithm>
#include <array>

#include "common/model/revision.h"

namespace weir::agent {
namespace {

constexpr std::array<std::uint8_t, 12> k_signature = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                      0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr std::size_t k_fixed = 16;
constexpr std::uint8_t k_local = 0x20;
constexpr std::uint8_t k_proxy = 0x21;
constexpr std::uint8_t k_tcp4 = 0x11;
constexpr std::uint8_t k_tcp6 = 0x21;

std::array<std::uint8_t, 16> as_v6(const IpAddress& address) {
  std::array<std::uint8_t, 16> bytes{};
  const ByteView own = address.bytes();
  if (address.is_v4()) bytes[10] = bytes[11] = 0xff;
  std::ranges::copy(own, bytes.end() - static_cast<std::ptrdiff_t>(own.size()));
  return bytes;
}

void append(ByteView bytes, std::string& out) { out.append(as_text(bytes)); }

void append_be16(std::size_t value, std::string& out) {
  out.push_back(static_cast<char>(value >> 8));
  out.push_back(static_cast<char>(value & 0xff));
}

void append_addresses(const ProxyPreamble& preamble, bool v4, std::string& out) {
  for (const Endpoint* end : {&preamble.source, &preamble.destination}) {
    if (v4) {
      append(end->address.bytes(), out);
    } else {
      append(as_v6(end->address), out);
    }
  }
  append_be16(preamble.source.port, out);
  append_be16(preamble.destination.port, out);
}

std::unexpected<Error> broken(std::string message) {
  return fail(Code::invalid_argument, "PROXY v2: " + std::move(message));
}

template <std::size_t Size>
IpAddress address_at(ByteView bytes, std::size_t at) {
  if constexpr (Size == 4) {
    return IpAddress::v4(std::span<const std::uint8_t, 4>(bytes.data() + at, 4));
  } else {
    return IpAddress::v6(std::span<const std::uint8_t, 16>(bytes.data() + at, 16));
  }
}

template <std::size_t Size>
Result<std::size_t> read_addresses(ByteView body, ProxyPreamble& preamble) {
  constexpr std::size_t length = 2 * Size + 4;
  if (body.size() < length) return broken("too short for its addresses");
  preamble.source = {address_at<Size>(body, 0), load_be16(body.data() + 2 * Size)};
  preamble.destination = {address_at<Size>(body, Size), load_be16(body.data() + 2 * Size + 2)};
  return length;
}

/// Length of the address block, which it also reads.
Result<std::size_t> read_addresses(std::uint8_t command, std::uint8_t family, ByteView body,
                                   ProxyPreamble& preamble) {
  ProxyPreamble ignored;
  ProxyPreamble& into = command == k_local ? ignored : preamble;
  if (family == k_tcp4) return read_addresses<4>(body, into);
  if (family == k_tcp6) return read_addresses<16>(body, into);
  if (family == 0 && command == k_local) return 0;
  return broken("family " + std::to_string(family) + " is neither TCP over IPv4 nor over IPv6");
}

Status read_fields(ByteView body, ProxyPreamble& preamble) {
  while (!body.empty()) {
    if (body.size() < 3) return broken("a field is cut off");
    const std::size_t length = load_be16(body.data() + 1);
    if (body.size() < 3 + length) return broken("a field is longer than the preamble");
    const std::string_view value = as_text(body.subspan(3, length));
    if (body[0] == k_tlv_service) {
      if (!preamble.service.empty() || !valid_name(value, true)) {
        return broken("the service is no name, or stands twice");
      }
      preamble.service = value;
    }
    if (body[0] == k_tlv_last_resort) preamble.last_resort = true;
    body = body.subspan(3 + length);
  }
  return {};
}

}  // namespace

void write_proxy_v2(const ProxyPreamble& preamble, std::string& out) {
  const bool local = preamble.source.address.is_unspecified();
  const bool v4 = preamble.source.address.is_v4() && preamble.destination.address.is_v4();
  std::string body;
  if (!local) append_addresses(preamble, v4, body);
  if (!preamble.service.empty()) {
    body.push_back(static_cast<char>(k_tlv_service));
    append_be16(preamble.service.size(), body);
    body.append(preamble.service);
  }
  if (preamble.last_resort) {
    body.push_back(static_cast<char>(k_tlv_last_resort));
    append_be16(0, body);
  }
  append(k_signature, out);
  out.push_back(static_cast<char>(local ? k_local : k_proxy));
  out.push_back(static_cast<char>(local ? 0 : v4 ? k_tcp4 : k_tcp6));
  append_be16(body.size(), out);
  out.append(body);
}

Result<std::optional<ParsedPreamble>> parse_proxy_v2(ByteView bytes) {
  const std::size_t compared = std::min(bytes.size(), k_signature.size());
  if (!std::equal(k_signature.begin(), k_signature.begin() + static_cast<std::ptrdiff_t>(compared),
                  bytes.begin())) {
    return broken("the signature is missing");
  }
  if (bytes.size() < k_fixed) return std::nullopt;
  const std::uint8_t command = bytes[12];
  if (command != k_local && command != k_proxy) return broken("version or command is not known");
  ParsedPreamble parsed;
  parsed.size = k_fixed + load_be16(bytes.data() + 14);
  if (parsed.size > k_proxy_v2_max) {
    return fail(Code::out_of_range, "PROXY v2: " + std::to_string(parsed.size) +
                                        " bytes; the limit is " + std::to_string(k_proxy_v2_max));
  }
  if (bytes.size() < parsed.size) return std::nullopt;
  const ByteView body = bytes.subspan(k_fixed, parsed.size - k_fixed);
  const auto addresses = read_addresses(command, bytes[13], body, parsed.preamble);
  if (!addresses) return std::unexpected(addresses.error());
  WEIR_TRY(read_fields(body.subspan(*addresses), parsed.preamble));
  return parsed;
}

}  // namespace weir::agent
