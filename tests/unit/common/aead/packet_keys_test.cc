#include "common/aead/packet_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "common/sim/rng.h"

// Every kernel this machine runs against OpenSSL through SealKey, and both against RFC 8439.

namespace weir {
namespace {

SecretKey key_from(Rng& rng) {
  SecretKey key;
  for (std::uint8_t& byte : key.writable()) byte = static_cast<std::uint8_t>(rng.next());
  return key;
}

ByteVector text_from(Rng& rng, std::size_t size) {
  ByteVector text(size);
  for (std::size_t at = 0; at < size; at += 8) {
    const std::uint64_t word = rng.next();
    std::memcpy(text.data() + at, &word, std::min<std::size_t>(8, size - at));
  }
  return text;
}

ByteVector sealed_by_openssl(SealKey& key, std::uint64_t counter, ByteView text) {
  ByteVector sealed(text.size() + k_aead_tag_size);
  key.seal(counter, {}, text, sealed.data());
  return sealed;
}

class PacketKeys : public testing::TestWithParam<AeadKernel> {
 protected:
  Rng rng_{8439};
  SecretKey key_ = key_from(rng_);
  SealKey oracle_{key_};
  PacketSealKey sealer_{key_, GetParam()};
  PacketOpenKey opener_{key_, GetParam()};
};

TEST_P(PacketKeys, SealEveryLengthAsOpensslAndOpenIt) {
  for (std::size_t size = 0; size <= 2100; ++size) {
    const ByteVector text = text_from(rng_, size);
    const std::uint64_t counter = rng_.next();
    // The vector ends where the tag does: a byte read or written behind it is found by ASan.
    ByteVector packet = text;
    packet.resize(size + k_aead_tag_size);
    sealer_.seal({counter, packet.data(), size});
    ASSERT_EQ(packet, sealed_by_openssl(oracle_, counter, text)) << size;
    ASSERT_TRUE(opener_.open({counter, packet.data(), size})) << size;
    ASSERT_TRUE(std::equal(text.begin(), text.end(), packet.begin())) << size;
  }
}

TEST_P(PacketKeys, SealLongPacketsAsOpenssl) {
  std::vector<std::size_t> sizes{65535, 65534, 65520, 65472, 65408, 16384, 9000};
  for (int i = 0; i < 12; ++i) sizes.push_back(rng_.below(65536));
  for (const std::size_t size : sizes) {
    const ByteVector text = text_from(rng_, size);
    ByteVector packet = text;
    packet.resize(size + k_aead_tag_size);
    sealer_.seal({size, packet.data(), size});
    ASSERT_EQ(packet, sealed_by_openssl(oracle_, size, text)) << size;
    ASSERT_TRUE(opener_.open({size, packet.data(), size})) << size;
    ASSERT_TRUE(std::equal(text.begin(), text.end(), packet.begin())) << size;
  }
}

/// Batches of 1 to 40 packets of mixed lengths at odd addresses, some of them forged: what happens
/// to one packet says nothing about its neighbours.
TEST_P(PacketKeys, TreatEachPacketOfABatchAlone) {
  for (int round = 0; round < 150; ++round) {
    const std::size_t count = 1 + rng_.below(40);
    const std::size_t longest = rng_.chance(0.5) ? 200 : 1600;
    const bool equal_sizes = rng_.chance(0.3);
    const std::size_t common_size = rng_.below(longest);
    std::vector<ByteVector> texts;
    std::vector<ByteVector> places;
    std::vector<PacketToSeal> to_seal;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t size = equal_sizes ? common_size : rng_.below(longest);
      const std::size_t offset = rng_.below(64);
      texts.push_back(text_from(rng_, size));
      places.emplace_back(offset + size + k_aead_tag_size);
      std::ranges::copy(texts.back(), places.back().begin() + static_cast<std::ptrdiff_t>(offset));
      to_seal.push_back({rng_.next(), places.back().data() + offset, size});
    }
    sealer_.seal_many(to_seal);
    std::vector<PacketToOpen> to_open;
    std::vector<bool> forged;
    for (std::size_t i = 0; i < count; ++i) {
      const PacketToSeal& packet = to_seal[i];
      const ByteVector expected = sealed_by_openssl(oracle_, packet.counter, texts[i]);
      ASSERT_TRUE(std::equal(expected.begin(), expected.end(), packet.text)) << round << " " << i;
      forged.push_back(rng_.chance(0.2));
      if (forged.back()) {
        packet.text[rng_.below(packet.size + k_aead_tag_size)] ^=
            static_cast<std::uint8_t>(1U << rng_.below(8));
      }
      to_open.push_back({packet.counter, packet.text, packet.size, forged.back()});
    }
    opener_.open_many(to_open);
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(to_open[i].genuine, !forged[i]) << round << " " << i;
      if (forged[i]) continue;
      ASSERT_TRUE(std::ranges::equal(texts[i], ByteView(to_open[i].text, to_open[i].size)));
    }
  }
}

TEST_P(PacketKeys, RefuseAPacketWithOneBitChangedAnywhere) {
  for (const std::size_t size : {0U, 1U, 15U, 16U, 63U, 64U, 100U, 255U, 272U, 273U, 1424U}) {
    const ByteVector text = text_from(rng_, size);
    ByteVector sealed = text;
    sealed.resize(size + k_aead_tag_size);
    sealer_.seal({7, sealed.data(), size});
    const std::size_t step = size > 300 ? 13 : 1;
    for (std::size_t at = 0; at < sealed.size(); at += at + step < size ? step : 1) {
      ByteVector changed = sealed;
      changed[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
      ASSERT_FALSE(opener_.open({7, changed.data(), size})) << size << " " << at;
    }
    ByteVector other = sealed;
    EXPECT_FALSE(opener_.open({8, other.data(), size})) << "another counter";
    other = sealed;
    EXPECT_FALSE(opener_.open({7 + (std::uint64_t{1} << 32), other.data(), size}));
    ASSERT_TRUE(opener_.open({7, sealed.data(), size}));
  }
}

TEST_P(PacketKeys, TouchNothingBesideAPacket) {
  for (const std::size_t size : {0U, 1U, 31U, 64U, 65U, 128U, 191U, 1000U, 1424U}) {
    for (const std::size_t offset : {0U, 1U, 31U, 63U}) {
      ByteVector around(offset + size + k_aead_tag_size + 64, 0xa5);
      sealer_.seal({1, around.data() + offset, size});
      const auto end = around.begin() + static_cast<std::ptrdiff_t>(offset + size + 16);
      const auto is_filler = [](std::uint8_t byte) { return byte == 0xa5; };
      ASSERT_TRUE(std::all_of(around.begin(), around.begin() + static_cast<std::ptrdiff_t>(offset),
                              is_filler));
      ASSERT_TRUE(std::all_of(end, around.end(), is_filler));
      ASSERT_TRUE(opener_.open({1, around.data() + offset, size}));
      ASSERT_TRUE(std::all_of(end, around.end(), is_filler));
    }
  }
}

TEST_P(PacketKeys, TakeAnEmptyBatch) {
  sealer_.seal_many({});
  opener_.open_many({});
}

/// The keystream of RFC 8439 appendix A.1: the text of a packet meets block 1 first. Test vectors 2
/// (key and nonce zero), 3 (another key) and 4 (a third, block 2).
TEST_P(PacketKeys, HaveTheKeystreamOfRfc8439) {
  PacketSealKey zero(SecretKey(), GetParam());
  ByteVector packet(64 + k_aead_tag_size);
  zero.seal({0, packet.data(), 64});
  EXPECT_EQ(to_hex(ByteView(packet).first(64)),
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
            "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");

  SecretKey last_bit;
  last_bit.writable()[31] = 1;
  std::ranges::fill(packet, std::uint8_t{0});
  PacketSealKey(last_bit, GetParam()).seal({0, packet.data(), 64});
  EXPECT_EQ(to_hex(ByteView(packet).first(64)),
            "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
            "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0");

  SecretKey second_byte;
  second_byte.writable()[1] = 0xff;
  packet.assign(128 + k_aead_tag_size, 0);
  PacketSealKey(second_byte, GetParam()).seal({0, packet.data(), 128});
  EXPECT_EQ(to_hex(ByteView(packet).subspan(64, 64)),
            "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
            "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096");
}

INSTANTIATE_TEST_SUITE_P(Kernels, PacketKeys, testing::ValuesIn(aead_kernels()),
                         [](const auto& row) {
                           std::string name(name_of(row.param));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace weir
