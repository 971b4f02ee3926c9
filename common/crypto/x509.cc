#include "common/crypto/x509.h"

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/crypto/openssl.h"

namespace weir {
namespace {

std::int64_t to_unix_ms(const ASN1_TIME* when) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(when, &parts) != 1) return 0;
  const std::chrono::sys_days day =
      std::chrono::year(parts.tm_year + 1900) / (parts.tm_mon + 1) / parts.tm_mday;
  const auto time = day.time_since_epoch() + std::chrono::hours(parts.tm_hour) +
                    std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

Certificate Certificate::adopt(x509_st* certificate) {
  return Certificate(std::shared_ptr<x509_st>(certificate, FreeWith<X509_free>()));
}

Result<Certificate> Certificate::from_der(ByteView der) {
  const std::uint8_t* position = der.data();
  X509* parsed = der.size() <= k_certificate_max
                     ? d2i_X509(nullptr, &position, static_cast<long>(der.size()))
                     : nullptr;
  forget_openssl_errors();
  if (parsed == nullptr) {
    return fail(Code::invalid_argument, std::to_string(der.size()) + " bytes are no certificate");
  }
  Certificate certificate = adopt(parsed);
  if (position != der.data() + der.size()) {
    return fail(Code::invalid_argument, "bytes follow the certificate");
  }
  return certificate;
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
  if (pem.size() > 4 * k_certificate_max) {
    return fail(Code::invalid_argument, "a PEM text this long is no certificate");
  }
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  X509* parsed = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
  forget_openssl_errors();
  if (parsed == nullptr) return fail(Code::invalid_argument, "the text holds no PEM certificate");
  return adopt(parsed);
}

ByteVector Certificate::to_der() const {
  return weir::to_der([&](std::uint8_t** out) { return i2d_X509(native(), out); });
}

std::string Certificate::to_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  WEIR_ASSERT(PEM_write_bio_X509(bio.get(), native()) == 1, "OpenSSL could not write PEM");
  return take_text(bio.get());
}

std::string Certificate::serial() const {
  const ASN1_INTEGER* number = X509_get0_serialNumber(native());
  return to_hex(
      {ASN1_STRING_get0_data(number), static_cast<std::size_t>(ASN1_STRING_length(number))});
}

std::int64_t Certificate::not_before_unix_ms() const {
  return to_unix_ms(X509_get0_notBefore(native()));
}

std::int64_t Certificate::not_after_unix_ms() const {
  return to_unix_ms(X509_get0_notAfter(native()));
}

ByteVector Certificate::public_key_der() const {
  return weir::to_der(
      [&](std::uint8_t** out) { return i2d_X509_PUBKEY(X509_get_X509_PUBKEY(native()), out); });
}

Result<std::string> Certificate::uri() const {
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(native(), NID_subject_alt_name, nullptr, nullptr)));
  forget_openssl_errors();
  std::string found;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    if (!found.empty()) return fail(Code::invalid_argument, "the certificate has several URIs");
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    found =
        as_text({ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))});
  }
  if (found.empty()) return fail(Code::not_found, "the certificate has no URI");
  return found;
}

bool Certificate::issued_by(const Certificate& issuer) const {
  const bool fits = X509_check_ca(issuer.native()) == 1 &&
                    X509_check_issued(issuer.native(), native()) == X509_V_OK &&
                    X509_verify(native(), X509_get0_pubkey(issuer.native())) == 1;
  forget_openssl_errors();
  return fits;
}

}  // namespace weir
