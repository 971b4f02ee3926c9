#pragma once

#include <cstddef>
#include <cstdint>

// clang-format off
/// The four messages on the wire, all integers little-endian:
///
///   initiation  148   type(4) sender(4) ephemeral(32) static(48) timestamp(28) mac1 mac2
///   response     92   type(4) sender(4) receiver(4) ephemeral(32) empty(16) mac1 mac2
///   cookie       64   type(4) receiver(4) nonce(24) cookie(32)
///   data       32+n   type(4) receiver(4) counter(8) packet(n) tag(16)
///
/// `type` is one byte and three reserved zeros, so it is compared as one 32-bit number.
// clang-format on
namespace weir::wire {

inline constexpr std::uint32_t k_initiation = 1;
inline constexpr std::uint32_t k_response = 2;
inline constexpr std::uint32_t k_cookie = 3;
inline constexpr std::uint32_t k_data = 4;

inline constexpr std::size_t k_initiation_size = 148;
inline constexpr std::size_t k_response_size = 92;
inline constexpr std::size_t k_cookie_size = 64;
inline constexpr std::size_t k_data_header_size = 16;
inline constexpr std::size_t k_tag_size = 16;
inline constexpr std::size_t k_data_size_min = k_data_header_size + k_tag_size;

inline constexpr std::size_t k_mac_size = 16;
inline constexpr std::size_t k_macs_size =
    2 * k_mac_size;  ///< at the end of both handshake messages

// Where the Noise part of a handshake message lies.
inline constexpr std::size_t k_initiation_noise = 8;
inline constexpr std::size_t k_initiation_noise_size = 32 + 48 + 28;
inline constexpr std::size_t k_response_noise = 12;
inline constexpr std::size_t k_response_noise_size = 32 + 16;
inline constexpr std::size_t k_timestamp_size = 12;

}  // namespace weir::wire
