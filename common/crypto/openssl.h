#pragma once

// Only for sources of common/crypto: what keeps OpenSSL's objects and conventions in one place.

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <string>

#include "common/base/assert.h"
#include "common/base/bytes.h"

namespace weir {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, FreeWith<Free>>;
using Bio = Owned<BIO, BIO_free_all>;

/// Runs an i2d function twice: for the size, then for the bytes.
template <typename Encode>
ByteVector to_der(Encode encode) {
  const int size = encode(nullptr);
  WEIR_ASSERT(size > 0, "OpenSSL could not write DER");
  ByteVector der(static_cast<std::size_t>(size));
  std::uint8_t* out = der.data();
  encode(&out);
  return der;
}

/// A refused input leaves errors in the thread's queue, where a later call of gRPC would find them.
inline void forget_openssl_errors() { ERR_clear_error(); }

bool is_p256(const EVP_PKEY* key);
std::string take_text(BIO* bio);
ByteVector spki_der(EVP_PKEY* key);

}  // namespace weir
