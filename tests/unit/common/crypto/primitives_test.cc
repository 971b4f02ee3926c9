#include <gtest/gtest.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstdlib>

#include "common/crypto/aead.h"
#include "common/crypto/blake2s.h"
#include "common/crypto/x25519.h"

// Constants named by an RFC, a draft or a project's vectors are from there; the others come from
// derive_known_answers.py, which also checks all of them.

namespace weir {
namespace {

ByteVector hex(std::string_view text) { return *from_hex(text); }

SecretKey key(std::string_view text) {
  const ByteVector bytes = hex(text);
  return SecretKey(std::span<const std::uint8_t, 32>(bytes));
}

PublicKey point(std::string_view text) {
  PublicKey made{};
  std::ranges::copy(hex(text), made.begin());
  return made;
}

ByteVector counting(std::size_t size) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}

constexpr std::string_view k_sunscreen =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    "sunscreen would be it.";
constexpr std::string_view k_aead_key =
    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f";

TEST(Aead, OpensTheMessageOfRfc8439) {
  // Appendix A.5; its nonce starts with 32 zero bits, as ours always do.
  OpenKey opener(key("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0"));
  const ByteVector nonce = hex("0102030405060708");
  const ByteVector aad = hex("f33388860000000000004e91");
  const ByteVector sealed =
      hex("64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e"
          "382d26"
          "b0bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982"
          "b1ff37"
          "c8559797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b"
          "5216cd"
          "e7a4e99040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b"
          "422273"
          "f548271a0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094"
          "fa68f0"
          "ff77987130305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709beead9d67890cbb22392336fea185"
          "1f38");
  ByteVector text(sealed.size() - k_aead_tag_size);
  ASSERT_TRUE(opener.open(load_le64(nonce.data()), aad, sealed, text.data()));
  EXPECT_TRUE(as_text(text).starts_with("Internet-Drafts are draft documents valid for a maximum"));
}

TEST(Aead, SealsWhatTheDerivationSays) {
  SealKey sealer(key(k_aead_key));
  ByteVector sealed(k_sunscreen.size() + k_aead_tag_size);
  sealer.seal(0x4746454443424140U, hex("50515253c0c1c2c3c4c5c6c7"), as_bytes(k_sunscreen),
              sealed.data());
  EXPECT_EQ(
      to_hex(sealed),
      "a479cb54628946d6f4042a8e384ef4bd2fbc7330b8be55eb2d8dc18aaa51d66a8ec1f8d3619a258db0ac56956015"
      "b7b4937e9b8e6aa957b3dc0214d803d77660aabc913092971da8f207171ce7843608162e2e759d8efc25d8d09369"
      "90af63c820ba87e8a955b5c8274ef7d10f6fafd046472dbf189b668bd430aef9147e99cb6c89");
}

TEST(Aead, IsUndoneInPlaceForEveryLengthAndRefusesEveryFlippedBit) {
  SealKey sealer(key(k_aead_key));
  OpenKey opener(key(k_aead_key));
  for (std::size_t size = 0; size <= 130; ++size) {
    const ByteVector plain = counting(size);
    ByteVector buffer = plain;
    buffer.resize(size + k_aead_tag_size);
    sealer.seal(size, {}, ByteView(buffer).first(size), buffer.data());
    const ByteVector sealed = buffer;
    for (std::size_t bit = 0; bit < sealed.size() * 8; bit += 13) {
      ByteVector broken = sealed;
      broken[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      EXPECT_FALSE(opener.open(size, {}, broken, broken.data())) << size << ' ' << bit;
    }
    EXPECT_FALSE(opener.open(size + 1, {}, sealed, ByteVector(sealed).data()));
    EXPECT_EQ(ERR_peek_error(), 0U) << "left for the next user of the thread to find";
    ASSERT_TRUE(opener.open(size, {}, buffer, buffer.data())) << size;
    buffer.resize(size);
    EXPECT_EQ(buffer, plain);
  }
}

TEST(Aead, RefusesWhatIsShorterThanATag) {
  OpenKey opener(key(k_aead_key));
  ByteVector out(16);
  for (std::size_t size = 0; size < k_aead_tag_size; ++size) {
    EXPECT_FALSE(opener.open(0, {}, counting(size), out.data()));
  }
}

TEST(HChaCha20, GivesTheDraftsSubkey) {
  // draft-irtf-cfrg-xchacha-03, section 2.2.1
  const ByteVector input = hex("000000090000004a0000000031415927");
  const ByteVector counted = counting(32);
  const SecretKey derived = hchacha20(SecretKey(std::span<const std::uint8_t, 32>(counted)),
                                      std::span<const std::uint8_t, 16>(input));
  EXPECT_EQ(to_hex(derived.bytes()),
            "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc");
}

TEST(XChaCha20Poly1305, SealsAndOpensTheDraftsExample) {
  // draft-irtf-cfrg-xchacha-03, appendix A.3.1
  const ByteVector nonce_bytes = hex("404142434445464748494a4b4c4d4e4f5051525354555657");
  const std::span<const std::uint8_t, k_xnonce_size> nonce(nonce_bytes);
  const ByteVector aad = hex("50515253c0c1c2c3c4c5c6c7");
  ByteVector sealed(k_sunscreen.size() + k_aead_tag_size);
  xseal(key(k_aead_key), nonce, aad, as_bytes(k_sunscreen), sealed.data());
  EXPECT_EQ(
      to_hex(sealed),
      "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda"
      "7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b23835"
      "65d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49");
  ByteVector text(k_sunscreen.size());
  ASSERT_TRUE(xopen(key(k_aead_key), nonce, aad, sealed, text.data()));
  EXPECT_EQ(as_text(text), k_sunscreen);
  sealed.front() ^= 1;
  EXPECT_FALSE(xopen(key(k_aead_key), nonce, aad, sealed, text.data()));
}

TEST(Blake2s, HashesAsRfc7693AndInPiecesAsInOne) {
  EXPECT_EQ(to_hex(blake2s({as_bytes("abc")}).bytes()),
            "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
  const ByteVector bytes = counting(200);
  const ByteView all(bytes);
  for (std::size_t cut = 0; cut <= 200; cut += 9) {
    EXPECT_EQ(blake2s({all.first(cut), all.subspan(cut)}), blake2s({all}));
  }
}

TEST(Blake2s, AgreesOverAllShortInputs) {
  const ByteVector key_bytes = counting(32);
  ByteVector all;
  for (std::size_t size = 0; size < 256; ++size) {
    const ByteVector input = counting(size);
    const SecretKey digest = blake2s({input});
    all.insert(all.end(), digest.bytes().begin(), digest.bytes().end());
    ByteVector tag(1 + size % 32);
    blake2s_mac(ByteView(key_bytes).first(1 + size % 31), {input}, tag);
    all.insert(all.end(), tag.begin(), tag.end());
  }
  EXPECT_EQ(to_hex(blake2s({all}).bytes()),
            "aad0beabc96c3cd87eaf065c005e276d24739eedb84d111f5274646980272fc5");
}

TEST(Blake2s, MakesKeyedTagsOfBothLengths) {
  ByteVector tag(16);
  blake2s_mac(counting(32), {counting(100)}, tag);
  EXPECT_EQ(to_hex(tag), "0b67d33f8b859c3157fbabd9e6e47ed0");
  tag.resize(32);
  blake2s_mac(counting(16), {counting(64)}, tag);
  EXPECT_EQ(to_hex(tag), "02ba5ce93a26f31312dd2226e48e522df956817d30e797fc3dd232f6bfb5d6a2");
}

TEST(Blake2s, MakesTheTagsOfItsReferenceVectors) {
  // The keyed list that BLAKE2's authors publish: key 00 to 1f, input of 0, 1 and 255 bytes.
  for (const auto& [size, expected] :
       {std::pair<std::size_t, std::string_view>(
            0, "48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49"),
        {1, "40d15fee7c328830166ac3f918650f807e7e01e177258cdc0a39b11f598066f1"},
        {255, "3fb735061abc519dfe979e54c1ee5bfad0a9d858b3315bad34bde999efd724dd"}}) {
    ByteVector tag(32);
    blake2s_mac(counting(32), {counting(size)}, tag);
    EXPECT_EQ(to_hex(tag), expected) << size;
  }
}

TEST(Blake2s, MakesHmacsWithShortAndLongKeys) {
  EXPECT_EQ(
      to_hex(blake2s_hmac(counting(32), {as_bytes("what do ya want "), as_bytes("for nothing?")})
                 .bytes()),
      "14229dde9cdbd4dd31b1a703ac36832ecc9177e0ba0d4632568515aaec7e401f");
  EXPECT_EQ(to_hex(blake2s_hmac(counting(100), {as_bytes("x")}).bytes()),
            "7c5a4a1c1150b1eadcba56974986fd860c4aca9cd69fa0c65c9f67dadad9883a");
}

TEST(Blake2s, DerivesOneToThreeKeysAndMayOverwriteItsInput) {
  const ByteVector counted = counting(32);
  const SecretKey start{std::span<const std::uint8_t, 32>(counted)};
  SecretKey one = start;
  SecretKey two;
  SecretKey three;
  blake2s_kdf(one, as_bytes("input"), {&one, &two, &three});
  EXPECT_EQ(to_hex(one.bytes()),
            "87b7f70b24183c6db5dc4f6d9f4c47cdb203321aa2a0bef714896adb3107a040");
  EXPECT_EQ(to_hex(two.bytes()),
            "538a02e1eb2e31b7e4d4b82476d1fe2acf50085d3fb584537279195f5d1f5824");
  EXPECT_EQ(to_hex(three.bytes()),
            "9ad858025593be88de0f9442a589cfe84a88dc19e4753d93684d1c5efc4837f9");
  SecretKey only;
  blake2s_kdf(start, as_bytes("input"), {&only});
  EXPECT_EQ(only, one);
}

TEST(Blake2s, DerivesTheKeysOfWireguardGosVectors) {
  struct Row {
    std::string_view key, input;
    std::array<std::string_view, 3> keys;
  };
  for (const Row& row :
       {Row{"test-key",
            "test-input",
            {"6f0e5ad38daba1bea8a0d213688736f19763239305e0f58aba697f9ffc41c633",
             "df1194df20802a4fe594cde27e92991c8cae66c366e8106aaa937a55fa371e8a",
             "fac6e2745a325f5dc5d11a5b165aad08b0ada28e7b4e666b7c077934a4d76c24"}},
        Row{"wireguard",
            "wireguard",
            {"491d43bbfdaa8750aaf535e334ecbfe5129967cd64635101c566d4caefda96e8",
             "1e71a379baefd8a79aa4662212fcafe19a23e2b609a3db7d6bcba8f560e3d25f",
             "31e1ae48bddfbe5de38f295e5452b1909a1b4e38e183926af3780b0c1e1f0160"}},
        Row{"",
            "",
            {"8387b46bf43eccfcf349552a095d8315c4055beb90208fb1be23b894bc2ed5d0",
             "58a0e5f6faefccf4807bff1f05fa8a9217945762040bcec2f4b4a62bdfe0e86e",
             "0ce6ea98ec548f8e281e93e32db65621c45eb18dc6f0a7ad94178610a2f7338e"}}}) {
    SecretKey key;  // HMAC pads short keys with zeros: so may we
    std::ranges::copy(as_bytes(row.key), key.writable().begin());
    for (std::size_t count = 1; count <= 3; ++count) {
      std::array<SecretKey, 3> made;
      if (count == 1) blake2s_kdf(key, as_bytes(row.input), {&made[0]});
      if (count == 2) blake2s_kdf(key, as_bytes(row.input), {&made[0], &made[1]});
      if (count == 3) blake2s_kdf(key, as_bytes(row.input), {&made[0], &made[1], &made[2]});
      for (std::size_t i = 0; i < count; ++i) {
        EXPECT_EQ(to_hex(made[i].bytes()), row.keys[i]) << row.key << ' ' << count << ' ' << i;
      }
    }
  }
}

TEST(X25519, AgreesAsRfc7748) {
  // Section 5.2
  const X25519KeyPair pair(key("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"));
  const SharedSecret secret =
      pair.agree(point("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"));
  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(to_hex(secret->bytes()),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");

  // The second one's point has its highest bit set, which does not count.
  const X25519KeyPair other(
      key("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"));
  const SharedSecret second =
      other.agree(point("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"));
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(to_hex(second->bytes()),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST(X25519, GivesBothEndsOfRfc7748TheSameSecret) {
  // Section 6.1
  const X25519KeyPair alice(
      key("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const X25519KeyPair bob(key("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  EXPECT_EQ(to_hex(alice.public_key()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(bob.public_key()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  ASSERT_TRUE(alice.agree(bob.public_key()).has_value());
  EXPECT_EQ(to_hex(alice.agree(bob.public_key())->bytes()),
            "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  EXPECT_EQ(alice.agree(bob.public_key()), bob.agree(alice.public_key()));
}

TEST(X25519, StandsTheRoundsOfRfc7748) {
  // Section 5.2: k, u = X25519(k, u), k
  SecretKey scalar = key("0900000000000000000000000000000000000000000000000000000000000000");
  PublicKey at = point("0900000000000000000000000000000000000000000000000000000000000000");
  const int rounds = std::getenv("WEIR_TEST_LONG") == nullptr ? 1000 : 1'000'000;
  for (int i = 1; i <= rounds; ++i) {
    const SharedSecret next = X25519KeyPair(scalar).agree(at);
    ASSERT_TRUE(next.has_value());
    std::ranges::copy(scalar.bytes(), at.begin());
    scalar = *next;
    if (i == 1) {
      EXPECT_EQ(to_hex(scalar.bytes()),
                "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    } else if (i == 1000) {
      EXPECT_EQ(to_hex(scalar.bytes()),
                "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
    } else if (i == 1'000'000) {
      EXPECT_EQ(to_hex(scalar.bytes()),
                "7c3911e0ab2586fd864497297e575e6f3bc601c0883c30df5f4dd2d24f665424");
    }
  }
}

TEST(X25519, RefusesEveryPointOfLowOrder) {
  const X25519KeyPair pair(key("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  for (const std::string_view low :
       {"0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    EXPECT_FALSE(pair.agree(point(low)).has_value()) << low;
    EXPECT_EQ(ERR_peek_error(), 0U) << "left for the next user of the thread to find";
  }
}

TEST(X25519, ClampsPrivateKeys) {
  SecretKey loose = key("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
  const X25519KeyPair pair(loose);
  clamp(loose);
  EXPECT_EQ(to_hex(loose.bytes()),
            "f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  EXPECT_EQ(pair.private_key(), loose);
  EXPECT_EQ(X25519KeyPair(loose).public_key(), pair.public_key());
}

TEST(SecretKey, IsWipedWhenDestroyed) {
  alignas(SecretKey) std::array<std::uint8_t, sizeof(SecretKey)> place{};
  auto* const made = new (place.data())
      SecretKey(key("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  made->~SecretKey();
  EXPECT_EQ(std::ranges::count(place, 0), 32);
}

}  // namespace
}  // namespace weir
