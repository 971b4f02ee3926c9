#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace weir {

using ByteView = std::span<const std::uint8_t>;
using ByteSpan = std::span<std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;

/// The bytes of a string, not copied; valid as long as the string.
inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);

/// Errors: invalid_argument (odd length, or a character that is not a hex digit).
Result<ByteVector> from_hex(std::string_view text);

/// RFC 4648 section 4, with padding: what `wg` prints for keys.
std::string to_base64(ByteView bytes);

/// Errors: invalid_argument (character, length or padding; bits beyond the last byte must be 0).
Result<ByteVector> from_base64(std::string_view text);

/// RFC 4648 section 5 without padding: fits into a word of a shell. Same errors as `from_base64`.
std::string to_base64url(ByteView bytes);
Result<ByteVector> from_base64url(std::string_view text);

namespace detail {

template <typename T, std::endian order>
T load(const std::uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return order == std::endian::native ? value : std::byteswap(value);
}

template <typename T, std::endian order>
void store(std::uint8_t* bytes, T value) {
  if (order != std::endian::native) value = std::byteswap(value);
  std::memcpy(bytes, &value, sizeof(T));
}

}  // namespace detail

/// Big-endian (network order) and little-endian integers at the start of `bytes`, which is long
/// enough by the caller's own check. One instruction each.
inline std::uint16_t load_be16(const std::uint8_t* bytes) {
  return detail::load<std::uint16_t, std::endian::big>(bytes);
}
inline std::uint32_t load_be32(const std::uint8_t* bytes) {
  return detail::load<std::uint32_t, std::endian::big>(bytes);
}
inline std::uint64_t load_be64(const std::uint8_t* bytes) {
  return detail::load<std::uint64_t, std::endian::big>(bytes);
}
inline std::uint32_t load_le32(const std::uint8_t* bytes) {
  return detail::load<std::uint32_t, std::endian::little>(bytes);
}
inline std::uint64_t load_le64(const std::uint8_t* bytes) {
  return detail::load<std::uint64_t, std::endian::little>(bytes);
}
inline void store_be16(std::uint8_t* bytes, std::uint16_t value) {
  detail::store<std::uint16_t, std::endian::big>(bytes, value);
}
inline void store_be32(std::uint8_t* bytes, std::uint32_t value) {
  detail::store<std::uint32_t, std::endian::big>(bytes, value);
}
inline void store_be64(std::uint8_t* bytes, std::uint64_t value) {
  detail::store<std::uint64_t, std::endian::big>(bytes, value);
}
inline void store_le32(std::uint8_t* bytes, std::uint32_t value) {
  detail::store<std::uint32_t, std::endian::little>(bytes, value);
}
inline void store_le64(std::uint8_t* bytes, std::uint64_t value) {
  detail::store<std::uint64_t, std::endian::little>(bytes, value);
}

}  // namespace weir
