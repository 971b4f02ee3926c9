#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "common/aead/vector_batch.h"
#include "common/sim/rng.h"

// The authenticator of each kernel with keys of our choice, which no packet key could bring about:
// against OpenSSL's Poly1305 and the numbers of RFC 8439.

namespace weir {
namespace {

using Tag = std::array<std::uint8_t, k_aead_tag_size>;
using MacKey = std::array<std::uint8_t, 32>;

/// What the kernels authenticate: the text, zeros to a multiple of 16, no associated data.
ByteVector mac_input(ByteView text) {
  ByteVector input(text.begin(), text.end());
  input.resize((text.size() + 15) / 16 * 16 + 16);
  store_le64(input.data() + input.size() - 8, text.size());
  return input;
}

Tag openssl_poly1305(const MacKey& key, ByteView input) {
  static EVP_MAC* const k_mac = EVP_MAC_fetch(nullptr, "POLY1305", nullptr);
  const std::unique_ptr<EVP_MAC_CTX, void (*)(EVP_MAC_CTX*)> context(EVP_MAC_CTX_new(k_mac),
                                                                     EVP_MAC_CTX_free);
  Tag tag{};
  std::size_t length = 0;
  EXPECT_EQ(EVP_MAC_init(context.get(), key.data(), key.size(), nullptr), 1);
  EXPECT_EQ(EVP_MAC_update(context.get(), input.data(), input.size()), 1);
  EXPECT_EQ(EVP_MAC_final(context.get(), tag.data(), &length, tag.size()), 1);
  return tag;
}

struct Rfc8439Vector {
  std::string_view key, text, tag;
};

// Section 2.5.2, and appendix A.3 from number 7 on: sums at and around the modulus.
const std::array<Rfc8439Vector, 8> k_rfc8439 = {{
    {"85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b",
     "43727970746f6772617068696320466f72756d2052657365617263682047726f7570",
     "a8061dc1305136c6c22b8baf0c0127a9"},
    {"0200000000000000000000000000000000000000000000000000000000000000",
     "ffffffffffffffffffffffffffffffff", "03000000000000000000000000000000"},
    {"02000000000000000000000000000000ffffffffffffffffffffffffffffffff",
     "02000000000000000000000000000000", "03000000000000000000000000000000"},
    {"0100000000000000000000000000000000000000000000000000000000000000",
     "fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff"
     "11000000000000000000000000000000",
     "05000000000000000000000000000000"},
    {"0100000000000000000000000000000000000000000000000000000000000000",
     "fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe"
     "01010101010101010101010101010101",
     "00000000000000000000000000000000"},
    {"0200000000000000000000000000000000000000000000000000000000000000",
     "fdffffffffffffffffffffffffffffff", "faffffffffffffffffffffffffffffff"},
    {"0100000000000000040000000000000000000000000000000000000000000000",
     "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000"
     "0000000000000000000000000000000001000000000000000000000000000000",
     "14000000000000005500000000000000"},
    {"0100000000000000040000000000000000000000000000000000000000000000",
     "e33594d7505e43b900000000000000003394d7505e4379cd0100000000000000"
     "00000000000000000000000000000000",
     "13000000000000000000000000000000"},
}};

/// The kernels are judged by OpenSSL's Poly1305: it is judged by the RFC.
TEST(Poly1305Oracle, GivesTheTagsOfRfc8439) {
  for (const Rfc8439Vector& vector : k_rfc8439) {
    MacKey key{};
    std::ranges::copy(*from_hex(vector.key), key.begin());
    EXPECT_EQ(to_hex(openssl_poly1305(key, *from_hex(vector.text))), vector.tag) << vector.text;
  }
}

struct NamedKernel {
  const char* name;
  AeadKernel needs;
  const VectorKernel* (*kernel)();
};

class Poly1305Edges : public testing::TestWithParam<NamedKernel> {
 protected:
  void SetUp() override {
    const auto can = aead_kernels();
    if (std::ranges::find(can, GetParam().needs) == can.end()) GTEST_SKIP() << "no such processor";
  }
  /// Alone, and in a batch with others: one after the other or side by side is the kernel's choice.
  void expect_like_openssl(const MacKey& key, ByteView text) {
    const Tag expected = openssl_poly1305(key, mac_input(text));
    for (const std::size_t count : {1U, 3U, 8U, 13U}) {
      std::vector<Tag> tags(count);
      std::vector<MacJob> jobs;
      for (Tag& tag : tags) jobs.push_back({text.data(), text.size(), key.data(), tag.data()});
      GetParam().kernel()->mac(jobs.data(), jobs.size());
      for (const Tag& tag : tags) {
        ASSERT_EQ(to_hex(tag), to_hex(expected)) << text.size() << " bytes, " << count << " jobs";
      }
    }
  }
};

constexpr std::size_t k_sizes[] = {0,   1,   16,  17,  48,  63,  64,  112, 127, 128,  129,  240,
                                   241, 255, 256, 257, 272, 273, 400, 496, 500, 1424, 1500, 4099};

TEST_P(Poly1305Edges, CarryThroughExtremeKeysAndTexts) {
  std::vector<MacKey> keys(6);
  keys[0].fill(0);
  keys[1].fill(0xff);  // the greatest r there is, and the greatest s
  keys[2].fill(0xff);
  std::fill_n(keys[2].begin(), 16, std::uint8_t{0});  // r = 0
  keys[3].fill(0);
  keys[3][0] = 1;  // r = 1: sums without a product
  keys[4].fill(0);
  keys[4][0] = 2;  // r = 2: into the top bit
  keys[5].fill(0xff);
  std::fill_n(keys[5].begin() + 16, 16, std::uint8_t{0});
  for (const MacKey& key : keys) {
    for (const std::size_t size : k_sizes) {
      for (const int fill : {0x00, 0xff, 0x80, 0x01}) {
        const ByteVector text(size, static_cast<std::uint8_t>(fill));
        ASSERT_NO_FATAL_FAILURE(expect_like_openssl(key, text));
      }
    }
  }
}

/// A kernel ends every text with a block of its own, so the tags are others than the RFC's.
TEST_P(Poly1305Edges, AgreeOnTheKeysAndTextsOfRfc8439) {
  for (const Rfc8439Vector& vector : k_rfc8439) {
    MacKey key{};
    std::ranges::copy(*from_hex(vector.key), key.begin());
    ASSERT_NO_FATAL_FAILURE(expect_like_openssl(key, *from_hex(vector.text)));
  }
}

/// With r = 1 the polynomial is the sum of the blocks. It is aimed at every value around p = 2^130
/// - 5, where the last subtraction decides.
TEST_P(Poly1305Edges, ReduceSumsAroundTheModulus) {
  MacKey key{};
  key[0] = 1;
  for (const std::uint64_t blocks : {7U, 11U, 15U, 31U, 63U}) {
    // The top bits, the length block's included: (blocks + 1) * 2^128 = (blocks + 1) / 4 * 5 mod p.
    const std::uint64_t top = (blocks + 1) / 4 * 5;
    for (int past = -6; past <= static_cast<int>(top) + 1; ++past) {
      // Four blocks make p + past less that and the length: p is 3 * (2^128 - 1) + 2^128 - 2.
      ByteVector text(16 * blocks);
      std::fill_n(text.begin(), 48, std::uint8_t{0xff});
      store_le64(text.data() + 48, UINT64_MAX - 1 - top + static_cast<std::uint64_t>(past));
      store_le64(text.data() + 56, UINT64_MAX - text.size());
      ASSERT_NO_FATAL_FAILURE(expect_like_openssl(key, text));
    }
  }
}

TEST_P(Poly1305Edges, AgreeOnRandomKeysAndTextsOfFewBits) {
  Rng rng(1305);
  for (int round = 0; round < 1500; ++round) {
    MacKey key;
    for (std::uint8_t& byte : key) {
      byte = rng.chance(0.6) ? 0xff : static_cast<std::uint8_t>(rng.next());
    }
    ByteVector text(rng.below(700));
    for (std::uint8_t& byte : text) {
      byte = rng.chance(0.7) ? 0xff : static_cast<std::uint8_t>(rng.next());
    }
    ASSERT_NO_FATAL_FAILURE(expect_like_openssl(key, text));
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, Poly1305Edges,
                         testing::Values(NamedKernel{"avx2", AeadKernel::avx2, avx2_kernel},
                                         NamedKernel{"ifma", AeadKernel::avx512_ifma, ifma_kernel}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace weir
