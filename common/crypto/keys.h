#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/base/bytes.h"

namespace weir {

/// An X25519 public key: a plain value.
using PublicKey = std::array<std::uint8_t, 32>;

/// Wipes memory in a way the compiler keeps.
void wipe(ByteSpan bytes);

/// Equality in a time that depends on the length alone. Different lengths are unequal.
bool equal_in_constant_time(ByteView a, ByteView b);

/// 32 secret bytes: a private key, a preshared key, a chaining key. Wiped when destroyed.
class SecretKey {
 public:
  static constexpr std::size_t k_size = 32;

  /// All zeros.
  SecretKey() = default;
  explicit SecretKey(std::span<const std::uint8_t, k_size> bytes);
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey() { wipe(bytes_); }

  std::span<const std::uint8_t, k_size> bytes() const { return bytes_; }
  std::span<std::uint8_t, k_size> writable() { return bytes_; }
  /// In constant time.
  bool is_zero() const;
  void clear() { wipe(bytes_); }

  friend bool operator==(const SecretKey& a, const SecretKey& b) {
    return equal_in_constant_time(a.bytes_, b.bytes_);
  }

 private:
  std::array<std::uint8_t, k_size> bytes_{};
};

using PrivateKey = SecretKey;
using PresharedKey = SecretKey;

}  // namespace weir
