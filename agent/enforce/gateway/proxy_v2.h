#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/net/ip.h"

namespace weir::agent {

/// Who is behind a connection: PROXY protocol version 2 (HAProxy's doc/proxy-protocol.txt), with
/// two fields of our own in the range left to applications.
struct ProxyPreamble {
  Endpoint source;           // the client; unspecified where the sender speaks for itself (LOCAL)
  Endpoint destination;      // what the client connected to
  std::string service;       // TLV 0xE0; empty: not there
  bool last_resort = false;  // TLV 0xE1: nothing works, servers thought dead are to be tried too
  friend bool operator==(const ProxyPreamble&, const ProxyPreamble&) = default;
};

inline constexpr std::uint8_t k_tlv_service = 0xe0;
inline constexpr std::uint8_t k_tlv_last_resort = 0xe1;
/// Longest preamble read or written.
inline constexpr std::size_t k_proxy_v2_max = 1024;

/// Appends the preamble. An IPv4 address beside an IPv6 one is written as ::ffff:a.b.c.d; an
/// unspecified source as LOCAL.
void write_proxy_v2(const ProxyPreamble& preamble, std::string& out);

struct ParsedPreamble {
  ProxyPreamble preamble;
  std::size_t size = 0;
};

/// Nothing while bytes are missing. Unknown TLVs are skipped. Errors: invalid_argument (not the
/// signature, version, command or family; addresses or TLVs that do not fit), out_of_range (longer
/// than the limit).
Result<std::optional<ParsedPreamble>> parse_proxy_v2(ByteView bytes);

}  // namespace weir::agent
