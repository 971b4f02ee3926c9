#include "common/crypto/x509.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <map>
#include <set>

#include "common/crypto/openssl.h"
#include "common/sim/rng.h"

namespace weir {
namespace {

constexpr std::int64_t k_now = 1'800'000'000'000;
constexpr std::int64_t k_minute = 60'000;
constexpr std::int64_t k_day = 24 * 60 * k_minute;
const LeafIdentity k_agent{"weir://demo/agent/us-east-1/agent-1", {}};

CertificateAuthority make_ca() { return CertificateAuthority::create("demo", k_now, 3652 * k_day); }

/// Everything of a certificate that does not depend on its key, serial and dates.
std::map<std::string, std::string> template_of(const Certificate& certificate) {
  X509* raw = certificate.native();
  std::map<std::string, std::string> parts;
  const auto text = [](const X509_NAME* name) {
    const Bio bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
    return take_text(bio.get());
  };
  parts["subject"] = text(X509_get_subject_name(raw));
  parts["issuer"] = text(X509_get_issuer_name(raw));
  parts["version"] = std::to_string(X509_get_version(raw));
  for (int i = 0; i < X509_get_ext_count(raw); ++i) {
    X509_EXTENSION* extension = X509_get_ext(raw, i);
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    const ASN1_OCTET_STRING* data = X509_EXTENSION_get_data(extension);
    const std::string value =
        to_hex({ASN1_STRING_get0_data(data), static_cast<std::size_t>(ASN1_STRING_length(data))});
    parts[OBJ_nid2sn(nid)] =
        (X509_EXTENSION_get_critical(extension) != 0 ? "critical " : "") +
        (nid == NID_subject_key_identifier ? std::string("of the key") : value);
  }
  return parts;
}

/// A request by somebody who wants more than an agent gets.
ByteVector greedy_csr(const P256Key& key) {
  const Owned<X509_REQ, X509_REQ_free> request(X509_REQ_new());
  X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
  X509_NAME* name = X509_REQ_get_subject_name(request.get());
  for (const auto& [field, value] :
       {std::pair("O", "system:masters"), {"CN", "weir://demo/controller"}}) {
    X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, as_bytes(value).data(), -1, -1, 0);
  }
  STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
  for (const auto& [nid, value] :
       {std::pair(NID_basic_constraints, "critical,CA:TRUE"),
        {NID_subject_alt_name, "URI:weir://demo/controller,DNS:weir.example,IP:10.90.0.1"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_ext_key_usage, "codeSigning,OCSPSigning"},
        {NID_name_constraints, "permitted;DNS:example"}}) {
    sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  }
  X509_REQ_add_extensions(request.get(), extensions);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  X509_REQ_set_pubkey(request.get(), key.native());
  X509_REQ_sign(request.get(), key.native(), EVP_sha256());
  return to_der([&](std::uint8_t** out) { return i2d_X509_REQ(request.get(), out); });
}

bool verifies(const Certificate& leaf, const Certificate& ca, int purpose, std::int64_t now_ms) {
  const Owned<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca.native());
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf.native(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  X509_STORE_CTX_set_time(context.get(), 0, now_ms / 1000);
  X509_STORE_CTX_set_flags(context.get(), X509_V_FLAG_X509_STRICT);
  return X509_verify_cert(context.get()) == 1;
}

TEST(CertificateAuthority, IssuesWhatATlsClientAndAServerAccept) {
  const auto ca = make_ca();
  const auto key = P256Key::generate();
  const LeafIdentity controller{"weir://demo/controller",
                                {*IpAddress::parse("10.90.0.1"), *IpAddress::parse("fd00::1")}};
  const auto leaf = ca.issue(make_csr(key), controller, k_now, k_day);
  ASSERT_TRUE(leaf) << leaf.error().message();
  for (const int purpose : {X509_PURPOSE_SSL_SERVER, X509_PURPOSE_SSL_CLIENT}) {
    EXPECT_TRUE(verifies(*leaf, ca.certificate(), purpose, k_now));
    EXPECT_TRUE(verifies(*leaf, ca.certificate(), purpose, k_now - 4 * k_minute));
    EXPECT_FALSE(verifies(*leaf, ca.certificate(), purpose, k_now - 6 * k_minute));
    EXPECT_FALSE(verifies(*leaf, ca.certificate(), purpose, k_now + k_day + k_minute));
    EXPECT_FALSE(verifies(*leaf, make_ca().certificate(), purpose, k_now));
  }
  EXPECT_EQ(X509_check_ip_asc(leaf->native(), "10.90.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf->native(), "fd00::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(leaf->native(), "10.90.0.2", 0), 0);
  EXPECT_EQ(*leaf->uri(), "weir://demo/controller");
  EXPECT_EQ(leaf->public_key_der(), key.public_key_der());
  EXPECT_EQ(leaf->not_before_unix_ms(), k_now - 5 * k_minute);
  EXPECT_EQ(leaf->not_after_unix_ms(), k_now + k_day);
  EXPECT_TRUE(leaf->issued_by(ca.certificate()));
  EXPECT_FALSE(leaf->issued_by(make_ca().certificate()));
  EXPECT_FALSE(leaf->issued_by(*leaf));
  EXPECT_EQ(X509_check_ca(leaf->native()), 0);
}

TEST(CertificateAuthority, TakesNothingFromARequestButItsKey) {
  const auto ca = make_ca();
  const auto key = P256Key::generate();
  const auto plain = ca.issue(make_csr(P256Key::generate()), k_agent, k_now, k_day);
  const auto greedy = ca.issue(greedy_csr(key), k_agent, k_now, k_day);
  ASSERT_TRUE(plain && greedy);
  EXPECT_EQ(template_of(*greedy), template_of(*plain));
  EXPECT_EQ(greedy->public_key_der(), key.public_key_der());
  EXPECT_EQ(*greedy->uri(), k_agent.uri);
  const std::set<std::string> wanted = {"version",
                                        "subject",
                                        "issuer",
                                        "basicConstraints",
                                        "keyUsage",
                                        "extendedKeyUsage",
                                        "subjectKeyIdentifier",
                                        "authorityKeyIdentifier",
                                        "subjectAltName"};
  std::set<std::string> found;
  for (const auto& [part, value] : template_of(*greedy)) found.insert(part);
  EXPECT_EQ(found, wanted);
  auto parts = template_of(*greedy);
  EXPECT_EQ(parts["subject"], "CN=weir");
  EXPECT_EQ(parts["issuer"], "CN=weir demo CA");
  EXPECT_EQ(parts["basicConstraints"], "critical 3000") << "CA:FALSE";
  EXPECT_EQ(parts["keyUsage"], "critical 03020780") << "digitalSignature alone";
  EXPECT_EQ(parts["extendedKeyUsage"], "301406082b0601050507030106082b06010505070302");
  EXPECT_EQ(template_of(ca.certificate())["basicConstraints"], "critical 30060101ff020100");
  EXPECT_EQ(template_of(ca.certificate())["keyUsage"], "critical 03020106");
}

TEST(CertificateAuthority, KeepsToItsTemplateForEveryMutatedRequest) {
  const auto ca = make_ca();
  const ByteVector sound = greedy_csr(P256Key::generate());
  const auto wanted = template_of(*ca.issue(sound, k_agent, k_now, k_day));
  Rng rng(2);
  int refused = 0;
  constexpr int runs = 5000;
  for (int i = 0; i < runs; ++i) {
    ByteVector mutated = sound;
    for (std::uint64_t n = 1 + rng.below(3); n > 0; --n) {
      const std::size_t at = rng.below(mutated.size());
      switch (rng.below(3)) {
        case 0:
          mutated[at] = static_cast<std::uint8_t>(rng.next());
          break;
        case 1:
          mutated.erase(mutated.begin() + static_cast<std::ptrdiff_t>(at));
          break;
        default:
          mutated[at] ^= static_cast<std::uint8_t>(1U << rng.below(8));
      }
    }
    const auto issued = ca.issue(mutated, k_agent, k_now, k_day);
    if (issued) {
      ASSERT_EQ(template_of(*issued), wanted) << "run " << i;
    } else {
      ++refused;
      ASSERT_EQ(issued.error().code(), Code::invalid_argument);
    }
  }
  EXPECT_GT(refused, runs * 9 / 10);
}

TEST(CertificateAuthority, RefusesRequestsWithoutProofOrOfOtherKinds) {
  const auto ca = make_ca();
  const auto key = P256Key::generate();
  const auto other = P256Key::generate();
  const auto make = [](EVP_PKEY* public_key, EVP_PKEY* signer) {
    const Owned<X509_REQ, X509_REQ_free> request(X509_REQ_new());
    X509_REQ_set_pubkey(request.get(), public_key);
    X509_REQ_sign(request.get(), signer, EVP_sha256());
    return to_der([&](std::uint8_t** out) { return i2d_X509_REQ(request.get(), out); });
  };
  const Owned<EVP_PKEY, EVP_PKEY_free> rsa(EVP_RSA_gen(2048));
  const Owned<EVP_PKEY, EVP_PKEY_free> p384(EVP_EC_gen("P-384"));
  ByteVector trailing = make_csr(key);
  trailing.push_back(0);
  const struct {
    const char* what;
    ByteVector csr;
    const char* complaint;
  } table[] = {
      {"another's key", make(other.native(), key.native()), "not signed by its own key"},
      {"RSA", make(rsa.get(), rsa.get()), "not P-256"},
      {"P-384", make(p384.get(), p384.get()), "not P-256"},
      {"nothing", {}, "no certificate signing request"},
      {"trailing byte", trailing, "no certificate signing request"},
      {"too large", ByteVector(k_csr_max + 1, 0x30), "no certificate signing request"},
      {"a certificate", ca.certificate().to_der(), "no certificate signing request"},
  };
  for (const auto& row : table) {
    const auto issued = ca.issue(row.csr, k_agent, k_now, k_day);
    ASSERT_FALSE(issued) << row.what;
    EXPECT_EQ(issued.error().code(), Code::invalid_argument) << row.what;
    EXPECT_NE(issued.error().message().find(row.complaint), std::string::npos)
        << row.what << ": " << issued.error().message();
  }
  EXPECT_EQ(ERR_peek_error(), 0U) << "errors are left for the next user of OpenSSL in this thread";
}

TEST(CertificateAuthority, GivesEachCertificateA128BitSerialOfItsOwn) {
  const auto ca = make_ca();
  const auto csr = make_csr(P256Key::generate());
  std::set<std::string> serials = {ca.certificate().serial()};
  for (int i = 0; i < 100; ++i) {
    const std::string serial = ca.issue(csr, k_agent, k_now, k_day)->serial();
    EXPECT_EQ(serial.size(), 32U) << serial;
    EXPECT_TRUE(serials.insert(serial).second);
  }
}

TEST(CertificateAuthority, OutlivesNoneOfItsCertificates) {
  const auto ca = CertificateAuthority::create("demo", k_now, k_day);
  const auto leaf = ca.issue(make_csr(P256Key::generate()), k_agent, k_now, 10 * k_day);
  EXPECT_EQ(leaf->not_after_unix_ms(), k_now + k_day);
}

TEST(CertificateAuthority, AnswersANameThatLooksLikeConfigurationLiterally) {
  const LeafIdentity sly{"weir://demo/agent/x,DNS:evil.example", {}};
  const auto leaf = make_ca().issue(make_csr(P256Key::generate()), sly, k_now, k_day);
  ASSERT_TRUE(leaf);
  EXPECT_EQ(*leaf->uri(), sly.uri);
  EXPECT_EQ(X509_check_host(leaf->native(), "evil.example", 0, 0, nullptr), 0);
}

TEST(CertificateAuthority, IsTheSameAfterBeingStored) {
  const auto ca = make_ca();
  const auto again = CertificateAuthority::load(ca.certificate().to_der(), ca.key_pem());
  ASSERT_TRUE(again) << again.error().message();
  const auto leaf = again->issue(make_csr(P256Key::generate()), k_agent, k_now, k_day);
  EXPECT_TRUE(leaf->issued_by(ca.certificate()));

  EXPECT_FALSE(CertificateAuthority::load(ca.certificate().to_der(), make_ca().key_pem()));
  EXPECT_FALSE(CertificateAuthority::load(leaf->to_der(), ca.key_pem()));
  EXPECT_FALSE(CertificateAuthority::load({}, ca.key_pem()));
  EXPECT_FALSE(CertificateAuthority::load(ca.certificate().to_der(), SecretText("no key")));
}

TEST(Certificate, IsTheSameAsDerAndAsPem) {
  const auto ca = make_ca();
  const ByteVector der = ca.certificate().to_der();
  EXPECT_EQ(Certificate::from_der(der)->to_der(), der);
  EXPECT_EQ(Certificate::from_pem(ca.certificate().to_pem())->to_der(), der);
  EXPECT_EQ(ca.certificate().uri().error().code(), Code::not_found);
  ByteVector trailing = der;
  trailing.push_back(0);
  EXPECT_FALSE(Certificate::from_der(trailing));
  EXPECT_FALSE(Certificate::from_der({}));
  EXPECT_FALSE(Certificate::from_der(ByteVector(k_certificate_max + 1, 0x30)));
  EXPECT_FALSE(Certificate::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n"));
  EXPECT_FALSE(Certificate::from_pem(""));
}

TEST(Certificate, RefusesToChooseBetweenTwoUris) {
  const auto ca = make_ca();
  const auto leaf = ca.issue(make_csr(P256Key::generate()), k_agent, k_now, k_day);
  X509* raw = leaf->native();
  const int at = X509_get_ext_by_NID(raw, NID_subject_alt_name, -1);
  X509_EXTENSION_free(X509_delete_ext(raw, at));
  const Owned<X509_EXTENSION, X509_EXTENSION_free> two(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "URI:weir://a,URI:weir://b"));
  X509_add_ext(raw, two.get(), -1);
  EXPECT_EQ(leaf->uri().error().code(), Code::invalid_argument);
}

TEST(P256Key, IsTheSameAfterBeingStored) {
  const auto key = P256Key::generate();
  const auto again = P256Key::from_pem(key.to_pem());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key_der(), key.public_key_der());
  EXPECT_NE(key.to_pem().reveal().find("BEGIN PRIVATE KEY"), std::string::npos);
  EXPECT_FALSE(P256Key::from_pem(SecretText("")));
  const Owned<EVP_PKEY, EVP_PKEY_free> rsa(EVP_RSA_gen(2048));
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), rsa.get(), nullptr, nullptr, 0, nullptr, nullptr);
  EXPECT_FALSE(P256Key::from_pem(SecretText(take_text(bio.get()))));
}

}  // namespace
}  // namespace weir
