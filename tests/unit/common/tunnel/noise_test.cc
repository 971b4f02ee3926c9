#include "common/tunnel/noise.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/aead/packet_keys.h"
#include "common/crypto/aead.h"
#include "common/tunnel/cookie.h"
#include "common/tunnel/engine.h"
#include "common/tunnel/messages.h"
#include "tests/doubles/tunnel_world.h"

// The first vector is the one cacophony publishes for this protocol; the exchange on the wire was
// derived by ../crypto/derive_known_answers.py.

namespace weir {
namespace {

ByteVector hex(std::string_view text) { return *from_hex(text); }

SecretKey key(std::string_view text) {
  const ByteVector bytes = hex(text);
  return SecretKey(std::span<const std::uint8_t, 32>(bytes));
}

SecretKey key_of(std::uint8_t byte) {
  SecretKey made;
  std::ranges::fill(made.writable(), byte);
  return made;
}

TEST(Noise, ReproducesThePublishedVectorAtBothEnds) {
  const X25519KeyPair si(key("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1"));
  const X25519KeyPair ei(key("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a"));
  const X25519KeyPair sr(key("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893"));
  const X25519KeyPair er(key("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b"));
  const SecretKey psk = key("54686973206973206d7920417573747269616e20706572737065637469766521");
  const ByteVector prologue = hex("4a6f686e2047616c74");
  const ByteVector payload1 = hex("4c756477696720766f6e204d69736573");
  const ByteVector payload2 = hex("4d757272617920526f746862617264");
  const SecretKey ss = *si.agree(sr.public_key());

  NoiseState initiator(prologue);
  ByteVector first(k_noise_first_size + payload1.size());
  ASSERT_TRUE(noise_write_first(initiator, ei, si.public_key(), sr.public_key(), ss, payload1,
                                first.data()));
  EXPECT_EQ(
      to_hex(first),
      "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944001e21de9f98ddd8e2ad57527207"
      "feb56253c9c94a9e496782ecfcb2a75fbcaf1b52948cc48daefe660c62119ab5000980c84831215f2441eba61654"
      "8e832985464cf17e51ee93109008399a21f7e13f");

  NoiseState responder(prologue);
  NoiseInitiator from;
  ASSERT_TRUE(noise_read_identity(responder, sr, first, from));
  EXPECT_EQ(from.identity, si.public_key());
  EXPECT_EQ(from.ephemeral, ei.public_key());
  ByteVector read1(payload1.size());
  ASSERT_TRUE(noise_read_payload(responder, *sr.agree(from.identity), first, read1.data()));
  EXPECT_EQ(read1, payload1);

  ByteVector second(k_noise_second_size + payload2.size());
  ASSERT_TRUE(noise_write_second(responder, er, from, psk, payload2, second.data()));
  EXPECT_EQ(
      to_hex(second),
      "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843cb765f2caef0751b8f007572dab0"
      "322217755c0632f365717edbf34d33e87a");
  ByteVector read2(payload2.size());
  ASSERT_TRUE(noise_read_second(initiator, ei, si, psk, second, read2.data()));
  EXPECT_EQ(read2, payload2);
  EXPECT_EQ(initiator.transcript(), responder.transcript());
  EXPECT_EQ(to_hex(initiator.transcript().bytes()),
            "f5191b875290abcd41347ac3622d9679688a7e980229cb937ef748336cfde0e5");

  const NoiseState::Keys keys = initiator.split();
  EXPECT_EQ(keys.initiator, responder.split().initiator);
  EXPECT_EQ(keys.responder, responder.split().responder);
  struct Message {
    const SecretKey& key;
    std::uint64_t counter;
    std::string_view payload, sealed;
  };
  for (const Message& message :
       {Message{keys.initiator, 0, "462e20412e20486179656b",
                "8153ca9833bc3c1b91a7e66e5f4d4f5b59bf9e64c2f20d15f0bba7"},
        Message{keys.responder, 0, "4361726c204d656e676572",
                "07af0c9c86e1b4e80f36b04ff7688d51141af3debd0332f0a705ef"},
        Message{keys.initiator, 1, "4a65616e2d426170746973746520536179",
                "6ab1467c0448cc78394494abaaf23afce0e234315d6e2624dcbfa8a21c1c4d073d"},
        Message{keys.responder, 1, "457567656e2042f6686d20766f6e2042617765726b",
                "dfc346c0d2296ae6cf1acf6f12b8456a1dba228cf8d8b774aacf1c47fc53aa80ebc7a4c292"}}) {
    const ByteVector payload = hex(message.payload);
    ByteVector packet = payload;
    packet.resize(payload.size() + k_aead_tag_size);
    PacketSealKey(message.key).seal({message.counter, packet.data(), payload.size()});
    EXPECT_EQ(to_hex(packet), message.sealed);
    ASSERT_TRUE(PacketOpenKey(message.key).open({message.counter, packet.data(), payload.size()}));
    EXPECT_TRUE(std::ranges::equal(payload, ByteView(packet).first(payload.size())));
  }
}

TEST(Noise, RefusesAResponseUnderAnotherPresharedKey) {
  const X25519KeyPair si(key_of(1));
  const X25519KeyPair ei(key_of(2));
  const X25519KeyPair sr(key_of(3));
  const X25519KeyPair er(key_of(4));
  NoiseState initiator = NoiseState::wireguard();
  NoiseState responder = NoiseState::wireguard();
  const SecretKey ss = *si.agree(sr.public_key());
  ByteVector first(k_noise_first_size);
  ByteVector second(k_noise_second_size);
  NoiseInitiator from;
  ASSERT_TRUE(
      noise_write_first(initiator, ei, si.public_key(), sr.public_key(), ss, {}, first.data()));
  ASSERT_TRUE(noise_read_identity(responder, sr, first, from));
  ASSERT_TRUE(noise_read_payload(responder, ss, first, nullptr));
  ASSERT_TRUE(noise_write_second(responder, er, from, key_of(5), {}, second.data()));
  EXPECT_FALSE(noise_read_second(initiator, ei, si, key_of(6), second, nullptr));
}

/// Gives what the derivation used, by what is asked for: 32 bytes are a key, 24 a nonce, 4 an
/// index.
class ScriptedKeys final : public KeySource {
 public:
  ScriptedKeys(std::uint8_t key, std::uint32_t index) : key_(key), index_(index) {}
  void fill(ByteSpan bytes) override {
    std::ranges::fill(bytes, std::uint8_t{0});
    if (bytes.size() == 32) std::ranges::fill(bytes, key_);
    if (bytes.size() == 24) std::ranges::fill(bytes, std::uint8_t{7});
    if (bytes.size() == 4) store_le32(bytes.data(), index_);
  }

 private:
  const std::uint8_t key_;
  const std::uint32_t index_;
};

struct Recorder final : EngineOutput {
  ByteSpan send_buffer(const UdpPath&, std::size_t size) override {
    arena.assign(size, 0xee);
    return arena;
  }
  std::size_t room() const override { return 0; }
  void send(const UdpPath&, ByteSpan datagram, std::size_t) override {
    sent.emplace_back(datagram.begin(), datagram.end());
  }
  void deliver(ByteSpan packet) override { delivered.emplace_back(packet.begin(), packet.end()); }
  ByteVector arena;
  std::vector<ByteVector> sent;
  std::vector<ByteVector> delivered;
};

constexpr std::string_view k_initiation =
    "0100000044332211ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d59e071c6904094"
    "1f890172e72e6662f05122ee15ef25b328c29cd11010e779aa94be3a4c127d2b7cb9f6534df390c0672bfa7aad9b"
    "6f56b7240f358d214b0f080b0d8bcdb936836e7805d784bdab1e68ecd6b5044b0da151a44a108f98000000000000"
    "00000000000000000000";
constexpr std::string_view k_response =
    "020000008877665544332211ac01b2209e86354fb853237b5de0f4fab13c7fcbf433a61c019369617fecf10ba94e"
    "3b3a160a1ec29a2a2ae34cec19b7d031acad4536aee2bbcc1ab06a69278500000000000000000000000000000000";
constexpr std::string_view k_keepalive =
    "040000008877665500000000000000002506ced6f427740e9c840da55b2896dc";
constexpr std::string_view k_data =
    "04000000443322110000000000000000ef9c50ebed3360cf656b8f20e5b2ab9f239fc635cc1eab2bbde94945d164"
    "489a0bd80188a656beb31cefdf281ecf1d2d976462884abab37aee1825fce11412ca";
constexpr std::string_view k_cookie_reply =
    "030000004433221107070707070707070707070707070707070707070707070765c77194e85438e920e128afd7cb"
    "c070f51192391b122d632bcd49af832d1507";
constexpr std::string_view k_mac2 = "ea0dfbaf0ae257e98712eb56ed77867e";

struct Exchange : testing::Test {
  Exchange()
      : a({}, keys_a,
          [] { return WallTime(std::chrono::seconds(1700000000) + Duration(0x2a123456)); }),
        b({}, keys_b, [] { return WallTime(); }) {
    a.set_private_key(key_of(1), now, out);
    b.set_private_key(key_of(3), now, out);
    set_up(a, *b.public_key(), "10.90.0.2/32", "192.0.2.2:51820");
    set_up(b, *a.public_key(), "10.90.0.1/32", "192.0.2.1:51820");
  }
  void set_up(Engine& engine, const PublicKey& other, std::string_view inner, std::string_view at) {
    PeerUpdate peer;
    peer.public_key = other;
    peer.preshared_key = key_of(5);
    peer.endpoint = *Endpoint::parse(at);
    peer.allowed_ips = {*IpPrefix::parse(inner)};
    ASSERT_TRUE(engine.update_peer(peer, now, out).has_value());
    engine.bring_up(now, out);
  }
  ByteVector sent() {
    EXPECT_EQ(out.sent.size(), 1U);
    ByteVector bytes = out.sent.empty() ? ByteVector() : out.sent.front();
    out.sent.clear();
    return bytes;
  }
  Time now{std::chrono::seconds(1000)};
  Recorder out;
  ScriptedKeys keys_a{2, 0x11223344};
  ScriptedKeys keys_b{4, 0x55667788};
  Engine a;
  Engine b;
};

TEST_F(Exchange, IsByteForByteWhatTheProtocolSays) {
  const IpAddress at_a = *IpAddress::parse("10.90.0.1");
  const IpAddress at_b = *IpAddress::parse("10.90.0.2");
  PeerUpdate keepalive;
  keepalive.public_key = *b.public_key();
  keepalive.persistent_keepalive = std::chrono::seconds(25);
  ASSERT_TRUE(a.update_peer(keepalive, now, out).has_value());
  ByteVector message = sent();
  EXPECT_EQ(to_hex(message), k_initiation);

  b.on_datagram(message, UdpPath{.remote = *Endpoint::parse("192.0.2.1:51820")}, now, out);
  message = sent();
  EXPECT_EQ(to_hex(message), k_response);

  a.on_datagram(message, UdpPath{.remote = *Endpoint::parse("192.0.2.2:51820")}, now, out);
  message = sent();
  EXPECT_EQ(to_hex(message), k_keepalive);

  b.on_datagram(message, UdpPath{.remote = *Endpoint::parse("192.0.2.1:51820")}, now, out);
  ByteVector payload(24);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<std::uint8_t>(i);
  const ByteVector packet = ipv4_packet(at_b, at_a, payload);
  EXPECT_EQ(b.on_inner_packet(packet, now, out), InnerVerdict::sent);
  message = sent();
  EXPECT_EQ(to_hex(message), k_data);

  a.on_datagram(message, UdpPath{.remote = *Endpoint::parse("192.0.2.2:51820")}, now, out);
  EXPECT_EQ(out.delivered, std::vector<ByteVector>{packet});
}

TEST(Cookies, AreByteForByteWhatTheProtocolSays) {
  const X25519KeyPair responder(key_of(3));
  ScriptedKeys keys(6, 0);
  CookieChecker checker(responder.public_key());
  CookieJar jar(responder.public_key());
  const Endpoint from = *Endpoint::parse("192.0.2.1:51820");
  const Time now{std::chrono::seconds(1000)};
  ByteVector initiation = hex(k_initiation);
  ASSERT_TRUE(checker.mac1_holds(initiation));
  jar.add_macs(initiation, now);
  EXPECT_EQ(to_hex(initiation), k_initiation);

  const auto reply = checker.reply(initiation, from, now, keys);
  EXPECT_EQ(to_hex(reply), k_cookie_reply);
  ASSERT_TRUE(jar.take(reply, now));
  jar.add_macs(initiation, now);
  EXPECT_EQ(to_hex(ByteView(initiation).last(16)), k_mac2);
  EXPECT_TRUE(checker.mac2_holds(initiation, from, now));
}

}  // namespace
}  // namespace weir
