#include <gtest/gtest.h>

#include <sstream>

#include "common/crypto/hkdf.h"
#include "common/crypto/secret_text.h"
#include "common/crypto/sha256.h"

namespace weir {
namespace {

TEST(Sha256, GivesThePublishedDigests) {
  // FIPS 180-4 examples.
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 million;
  const std::string piece(1000, 'a');
  for (int i = 0; i < 1000; ++i) million.update(as_bytes(piece));
  EXPECT_EQ(to_hex(million.finish()),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hkdf, GivesThePublishedKeys) {
  // RFC 5869, appendix A.1 and A.3.
  const ByteVector secret(22, 0x0b);
  const ByteVector salt = *from_hex("000102030405060708090a0b0c");
  const ByteVector info = *from_hex("f0f1f2f3f4f5f6f7f8f9");
  ByteVector out(42);
  hkdf_sha256(secret, salt, as_text(info), out);
  EXPECT_EQ(to_hex(out),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  hkdf_sha256(secret, {}, "", out);
  EXPECT_EQ(to_hex(out),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(SecretText, IsNotWrittenToAStream) {
  SecretText secret("weir1.abc");
  std::ostringstream out;
  out << secret;
  EXPECT_EQ(out.str(), "[secret]");
  EXPECT_EQ(secret.reveal(), "weir1.abc");
  const SecretText moved = std::move(secret);
  EXPECT_EQ(moved.reveal(), "weir1.abc");
  EXPECT_TRUE(secret.empty());  // NOLINT(bugprone-use-after-move): wiped, as promised
}

}  // namespace
}  // namespace weir
