#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "common/crypto/keys.h"

namespace weir {

/// The pieces of one input, hashed one after the other.
using ByteParts = std::initializer_list<ByteView>;

/// BLAKE2s with 32 bytes of output (RFC 7693). Any thread; about 0.3 us for short inputs.
SecretKey blake2s(ByteParts parts);

/// Keyed BLAKE2s; `out` has 1 to 32 bytes, `key` 1 to 32. Not HMAC.
void blake2s_mac(ByteView key, ByteParts parts, ByteSpan out);

/// HMAC (RFC 2104) with BLAKE2s-256.
SecretKey blake2s_hmac(ByteView key, ByteParts parts);

/// The derivation of Noise and WireGuard: HKDF with HMAC-BLAKE2s and no info, `outputs` filled in
/// order (1 to 3 of them).
void blake2s_kdf(const SecretKey& key, ByteView input, std::initializer_list<SecretKey*> outputs);

}  // namespace weir
