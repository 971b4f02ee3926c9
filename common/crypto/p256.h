#pragma once

#include <memory>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/crypto/secret_text.h"

struct evp_pkey_st;

namespace weir {

/// A NIST P-256 key pair: what TLS certificates of the mesh are made for. The private key leaves
/// the machine that made it only as PEM into a file of mode 0600.
class P256Key {
 public:
  /// About 30 us. Aborts when the system has no randomness.
  static P256Key generate();
  /// PKCS#8, "-----BEGIN PRIVATE KEY-----". Errors: invalid_argument (not PEM, not P-256).
  static Result<P256Key> from_pem(const SecretText& pem);
  P256Key(P256Key&&) noexcept;
  P256Key& operator=(P256Key&&) noexcept;
  ~P256Key();

  SecretText to_pem() const;
  /// SubjectPublicKeyInfo in DER.
  ByteVector public_key_der() const;

  /// OpenSSL's object, borrowed.
  evp_pkey_st* native() const { return key_.get(); }

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  explicit P256Key(evp_pkey_st* key) : key_(key) {}
  std::unique_ptr<evp_pkey_st, Free> key_;
};

/// A certificate signing request (PKCS#10, DER) with an empty subject, signed by `key`: shows that
/// the sender holds it. Everything else about the certificate is the controller's decision.
ByteVector make_csr(const P256Key& key);

}  // namespace weir
