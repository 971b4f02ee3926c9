#include <openssl/bn.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/crypto/openssl.h"
#include "common/crypto/x509.h"

// A certificate is made from a template of ours: version 3, random serial, constant subject, dates,
// and the extensions written below. From a request comes one thing, the public key.

namespace weir {
namespace {

void must(bool done, const char* what) { WEIR_ASSERT(done, std::string("OpenSSL: ") + what); }

void set_serial(X509* certificate) {
  std::array<std::uint8_t, 16> bytes{};
  must(RAND_bytes(bytes.data(), bytes.size()) == 1, "random serial");
  // Positive in DER, and never shorter than 16 bytes.
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x3f) | 0x40);
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr, "serial");
}

void set_dates(X509* certificate, std::int64_t from_ms, std::int64_t to_ms) {
  must(ASN1_TIME_set(X509_getm_notBefore(certificate), from_ms / 1000) != nullptr, "not before");
  must(ASN1_TIME_set(X509_getm_notAfter(certificate), to_ms / 1000) != nullptr, "not after");
}

void set_name(X509_NAME* name, std::string_view text) {
  must(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, as_bytes(text).data(),
                                  static_cast<int>(text.size()), -1, 0) == 1,
       "common name");
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value);
}

/// Built from values, not from OpenSSL's configuration text: a comma in a name adds no name.
void add_names(X509* certificate, const LeafIdentity& identity) {
  const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(GENERAL_NAMES_new());
  const auto add = [&](int type, ASN1_STRING* value, ByteView bytes) {
    must(value != nullptr && ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())),
         "alternative name");
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, type, value);
    must(sk_GENERAL_NAME_push(names.get(), name) > 0, "alternative name");
  };
  add(GEN_URI, ASN1_IA5STRING_new(), as_bytes(identity.uri));
  for (const IpAddress& address : identity.addresses) {
    add(GEN_IPADD, ASN1_OCTET_STRING_new(), address.bytes());
  }
  must(
      X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1,
      "alternative names");
}

/// The request's key, if its signature shows that the sender holds the private one.
Result<Owned<EVP_PKEY, EVP_PKEY_free>> proven_key(ByteView csr_der) {
  const std::uint8_t* position = csr_der.data();
  const Owned<X509_REQ, X509_REQ_free> request(
      csr_der.size() <= k_csr_max
          ? d2i_X509_REQ(nullptr, &position, static_cast<long>(csr_der.size()))
          : nullptr);
  Owned<EVP_PKEY, EVP_PKEY_free> key(request ? X509_REQ_get_pubkey(request.get()) : nullptr);
  const bool whole = key && position == csr_der.data() + csr_der.size();
  const bool suitable = whole && is_p256(key.get());
  const bool proven = suitable && X509_REQ_verify(request.get(), key.get()) == 1;
  forget_openssl_errors();
  if (!whole) {
    return fail(Code::invalid_argument,
                std::to_string(csr_der.size()) + " bytes are no certificate signing request");
  }
  if (!suitable) {
    return fail(Code::invalid_argument, "the certificate signing request's key is not P-256");
  }
  if (!proven) {
    return fail(Code::invalid_argument,
                "the certificate signing request is not signed by its own key");
  }
  return key;
}

}  // namespace

CertificateAuthority CertificateAuthority::create(std::string_view mesh, std::int64_t now_unix_ms,
                                                  std::int64_t lifetime_ms) {
  P256Key key = P256Key::generate();
  Certificate certificate = Certificate::adopt(X509_new());
  X509* raw = certificate.native();
  must(X509_set_version(raw, X509_VERSION_3) == 1, "version");
  set_serial(raw);
  set_dates(raw, now_unix_ms - k_not_before_slack_ms, now_unix_ms + lifetime_ms);
  // A common name holds at most 64 characters.
  set_name(X509_get_subject_name(raw), "weir " + std::string(mesh.substr(0, 48)) + " CA");
  must(X509_set_issuer_name(raw, X509_get_subject_name(raw)) == 1, "issuer");
  must(X509_set_pubkey(raw, key.native()) == 1, "public key");
  add_extension(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(raw, raw, NID_subject_key_identifier, "hash");
  must(X509_sign(raw, key.native(), EVP_sha256()) > 0, "signature");
  return {std::move(certificate), std::move(key)};
}

Result<CertificateAuthority> CertificateAuthority::load(ByteView certificate_der,
                                                        const SecretText& key_pem) {
  WEIR_ASSIGN(certificate, Certificate::from_der(certificate_der));
  WEIR_ASSIGN(key, P256Key::from_pem(key_pem));
  if (X509_check_ca(certificate.native()) != 1) {
    return fail(Code::invalid_argument, "the certificate is not one of a certificate authority");
  }
  if (certificate.public_key_der() != key.public_key_der()) {
    return fail(Code::invalid_argument, "the certificate authority's key is not its certificate's");
  }
  return CertificateAuthority(std::move(certificate), std::move(key));
}

Result<Certificate> CertificateAuthority::issue(ByteView csr_der, const LeafIdentity& identity,
                                                std::int64_t now_unix_ms,
                                                std::int64_t lifetime_ms) const {
  WEIR_ASSIGN(key, proven_key(csr_der));
  Certificate leaf = Certificate::adopt(X509_new());
  X509* raw = leaf.native();
  must(X509_set_version(raw, X509_VERSION_3) == 1, "version");
  set_serial(raw);
  const std::int64_t end = std::min(now_unix_ms + lifetime_ms, certificate_.not_after_unix_ms());
  set_dates(raw, now_unix_ms - k_not_before_slack_ms, end);
  set_name(X509_get_subject_name(raw), "weir");
  must(X509_set_issuer_name(raw, X509_get_subject_name(certificate_.native())) == 1, "issuer");
  must(X509_set_pubkey(raw, key.get()) == 1, "public key");
  add_extension(raw, certificate_.native(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(raw, certificate_.native(), NID_key_usage, "critical,digitalSignature");
  add_extension(raw, certificate_.native(), NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(raw, certificate_.native(), NID_subject_key_identifier, "hash");
  add_extension(raw, certificate_.native(), NID_authority_key_identifier, "keyid:always");
  add_names(raw, identity);
  must(X509_sign(raw, key_.native(), EVP_sha256()) > 0, "signature");
  return leaf;
}

}  // namespace weir
