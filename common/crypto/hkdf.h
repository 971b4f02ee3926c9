#pragma once

#include <string_view>

#include "common/base/bytes.h"
#include "common/crypto/keys.h"

namespace weir {

/// HKDF-SHA256 (RFC 5869): fills `out` (at most 8160 bytes) from `secret`. Different `info` texts
/// give independent outputs. Aborts when OpenSSL has no memory.
void hkdf_sha256(ByteView secret, ByteView salt, std::string_view info, ByteSpan out);

/// 32 bytes without salt: the usual case.
SecretKey derive_key(ByteView secret, std::string_view info);

}  // namespace weir
