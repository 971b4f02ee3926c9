#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/result.h"
#include "common/crypto/p256.h"
#include "common/net/ip.h"

struct x509_st;

namespace weir {

/// One X.509 certificate, immutable. Any thread.
class Certificate {
 public:
  /// One certificate and nothing after it, at most k_certificate_max bytes. Errors:
  /// invalid_argument.
  static Result<Certificate> from_der(ByteView der);
  /// The first certificate of a PEM text. Errors: invalid_argument.
  static Result<Certificate> from_pem(std::string_view pem);

  ByteVector to_der() const;
  std::string to_pem() const;

  /// Lower-case hex, 32 digits for ours.
  std::string serial() const;
  std::int64_t not_before_unix_ms() const;
  std::int64_t not_after_unix_ms() const;
  ByteVector public_key_der() const;
  /// The URI among the subject's alternative names.
  /// Errors: not_found (there is none), invalid_argument (more than one: ours have exactly one).
  Result<std::string> uri() const;
  /// Signed by `issuer`'s key, and `issuer` is a CA. Dates are the caller's business.
  bool issued_by(const Certificate& issuer) const;

  /// OpenSSL's object, borrowed.
  x509_st* native() const { return certificate_.get(); }

 private:
  friend class CertificateAuthority;
  struct Release {
    void operator()(x509_st* certificate) const;
  };
  explicit Certificate(std::shared_ptr<x509_st> certificate)
      : certificate_(std::move(certificate)) {}
  static Certificate adopt(x509_st* certificate);
  std::shared_ptr<x509_st> certificate_;
};

inline constexpr std::size_t k_certificate_max = 16 << 10;
inline constexpr std::size_t k_csr_max = 8 << 10;

/// What the CA puts into a leaf: all that tells it from another but key, serial and dates.
struct LeafIdentity {
  std::string uri;                   // "weir://demo/agent/us-east-1/agent-1"
  std::vector<IpAddress> addresses;  // for TLS clients that check the address they dial
};

/// Makes certificates whose content it decides alone: of a request only the public key is used,
/// after its signature has shown that the sender holds the private one. Any thread.
class CertificateAuthority {
 public:
  /// Self-signed: P-256, path length 0, valid from 5 minutes before `now` for `lifetime`.
  static CertificateAuthority create(std::string_view mesh, std::int64_t now_unix_ms,
                                     std::int64_t lifetime_ms);
  /// Errors: invalid_argument (not readable, not a CA, or the key is another's).
  static Result<CertificateAuthority> load(ByteView certificate_der, const SecretText& key_pem);

  const Certificate& certificate() const { return certificate_; }
  SecretText key_pem() const { return key_.to_pem(); }

  /// A certificate for TLS client and server alike, valid from 5 minutes before `now` until
  /// `lifetime` after it, though not beyond the CA's own end; the serial is 127 random bits below a
  /// leading one. Errors: invalid_argument (no CSR, too large, not P-256, its signature does not
  /// fit).
  Result<Certificate> issue(ByteView csr_der, const LeafIdentity& identity,
                            std::int64_t now_unix_ms, std::int64_t lifetime_ms) const;

  static constexpr std::int64_t k_not_before_slack_ms = 5 * 60 * 1000;

 private:
  CertificateAuthority(Certificate certificate, P256Key key)
      : certificate_(std::move(certificate)), key_(std::move(key)) {}
  Certificate certificate_;
  P256Key key_;
};

}  // namespace weir
