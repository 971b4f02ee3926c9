#pragma once

#include <cstdint>

#include "common/base/bytes.h"

namespace weir {

/// A TCP or UDP packet to be, with what tests like to change.
struct TransportSpec {
  bool v4 = true;
  bool tcp = true;
  std::uint8_t flow = 1;          ///< last byte of the source address and port
  std::uint32_t sequence = 1000;  ///< TCP
  std::uint32_t acknowledged = 7;
  std::uint8_t flags = 0x10;
  std::uint16_t window = 512;
  ByteVector options = {};  ///< of TCP, a multiple of four bytes
  std::uint16_t id = 1;
  bool may_be_cut = false;  ///< IPv4 without "don't fragment"
  std::uint8_t hops = 64;
  std::uint8_t service = 0;
  bool without_checksum = false;  ///< UDP
  std::size_t payload = 100;
};

/// With all checksums right, by a slow sum of its own. The payload's bytes follow from the sequence
/// number.
ByteVector make_packet(const TransportSpec& spec);

/// RFC 1071 as its first page has it, two bytes at a time.
std::uint16_t slow_checksum(ByteView bytes, std::uint32_t sum = 0);

/// True when IP and transport checksums of a packet without options are right.
bool checksums_hold(ByteView packet);

}  // namespace weir
