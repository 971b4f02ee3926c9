#include <gtest/gtest.h>

#include "agent/paths/stamp_packet.h"
#include "agent/paths/stamp_reflector.h"
#include "common/sim/rng.h"

namespace weir::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time k_start{std::chrono::hours(1)};
const WallTime k_wall{seconds(1'700'000'000) + std::chrono::nanoseconds(123'456'789)};

OverlayPeer peer_at(std::uint32_t address) {
  return {AgentId("b/agent-1"), RegionName("b"), IpAddress::v4(address)};
}

TEST(StampPacket, HasTheLayoutOfTheRfc) {
  const auto request = encode_stamp_request({7, 0x0102030405060708, {true, false, 5, 9}});
  EXPECT_EQ(to_hex(request),
            "00000007"
            "0102030405060708"
            "8509" +
                std::string(60, '0'));
  StampReply reply;
  reply.sequence = 3;
  reply.sent = 0x1111111122222222;
  reply.error = {false, true, 1, 2};
  reply.received = 0x3333333344444444;
  reply.sender_sequence = 7;
  reply.sender_sent = 0x0102030405060708;
  reply.sender_error = {true, false, 5, 9};
  reply.sender_ttl = 64;
  EXPECT_EQ(to_hex(encode_stamp_reply(reply)),
            "00000003"
            "1111111122222222"
            "4102"
            "0000"
            "3333333344444444"
            "00000007"
            "0102030405060708"
            "8509"
            "0000"
            "40"
            "000000");
}

TEST(StampPacket, KeepsAMomentThroughNtpAndKnowsPtp) {
  Rng rng(1);
  for (int i = 0; i < 10000; ++i) {
    const WallTime when(std::chrono::nanoseconds(rng.below(4'000'000'000ULL * 1'000'000'000ULL)));
    EXPECT_EQ(from_ntp(to_ntp(when)), when);
  }
  EXPECT_EQ(to_ntp(WallTime{}), 2'208'988'800ULL << 32);  // RFC 5905: 1970 in NTP seconds
  EXPECT_EQ(from_ptp((1'700'000'000ULL << 32) | 123'456'789), k_wall);
}

TEST(StampPacket, RefusesWhatIsShortOrHasNoErrorEstimate) {
  auto bytes = encode_stamp_request({1, to_ntp(k_wall), own_error_estimate()});
  EXPECT_TRUE(parse_stamp_request(bytes).has_value());
  EXPECT_FALSE(parse_stamp_request(ByteView(bytes).first(43)).has_value());
  bytes[13] = 0;
  EXPECT_FALSE(parse_stamp_request(bytes).has_value());
}

TEST(StampReply, TellsHowLongTheReflectorHeldThePacket) {
  StampReply reply;
  reply.received = to_ntp(k_wall);
  reply.sent = to_ntp(k_wall + milliseconds(3));
  ASSERT_TRUE(reply.held().has_value());
  EXPECT_EQ(*reply.held(), milliseconds(3));
  reply.sent = to_ntp(k_wall - milliseconds(3));
  EXPECT_FALSE(reply.held().has_value());
  reply.sent = to_ntp(k_wall + std::chrono::minutes(2));
  EXPECT_FALSE(reply.held().has_value());
}

class Reflector : public testing::Test {
 protected:
  Reflector() {
    const OverlayPeer peer = peer_at(0x0a5a0003);
    reflector_.set_peers({&peer, 1});
  }

  std::optional<StampReply> ask(std::uint32_t sequence, std::uint16_t port = 1000,
                                std::uint32_t address = 0x0a5a0003, Time now = k_start) {
    const auto request = encode_stamp_request({sequence, 42, {true, false, 5, 9}});
    const StampReflector::Arrival arrival{{IpAddress::v4(address), port}, request, 61, k_wall};
    const auto answer = reflector_.reflect(arrival, k_wall + milliseconds(1), now);
    if (!answer) return std::nullopt;
    return *parse_stamp_reply(*answer);
  }

  StampReflector reflector_{200, 50};
};

TEST_F(Reflector, CopiesTheRequestAndCountsItsAnswersPerSession) {
  const auto first = ask(10);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->sequence, 0U);
  EXPECT_EQ(first->sender_sequence, 10U);
  EXPECT_EQ(first->sender_sent, 42U);
  EXPECT_EQ(first->sender_error, (StampErrorEstimate{true, false, 5, 9}));
  EXPECT_EQ(first->sender_ttl, 61);
  EXPECT_EQ(*first->held(), milliseconds(1));
  EXPECT_EQ(ask(13)->sequence, 1U);
  EXPECT_EQ(ask(14, 2000)->sequence, 0U);
  EXPECT_EQ(ask(15)->sequence, 2U);
}

TEST_F(Reflector, ForgetsTheIdlestSessionWhenThereAreTooMany) {
  ask(1, 999, 0x0a5a0003, k_start);
  for (std::uint16_t i = 0; i < 8; ++i)
    ask(1, static_cast<std::uint16_t>(1000 + i), 0x0a5a0003, k_start + seconds(1 + i));
  EXPECT_EQ(ask(2, 1007, 0x0a5a0003, k_start + seconds(20))->sequence, 1U);
  EXPECT_EQ(ask(2, 999, 0x0a5a0003, k_start + seconds(21))->sequence, 0U);
}

TEST_F(Reflector, AnswersPeersOnlyAndNotAboveTheirRate) {
  EXPECT_FALSE(ask(1, 1000, 0x0a5a0004).has_value());
  int answered = 0;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    answered +=
        ask(i, static_cast<std::uint16_t>(i + 1), 0x0a5a0003, k_start + milliseconds(i)) ? 1 : 0;
  }
  EXPECT_NEAR(answered, 250, 5);
  EXPECT_EQ(reflector_.refused(), 1001U - static_cast<unsigned>(answered));
}

TEST_F(Reflector, KeepsTheSessionsOfPeersThatStay) {
  ask(1);
  const std::vector<OverlayPeer> peers = {peer_at(0x0a5a0003), peer_at(0x0a5a0007)};
  reflector_.set_peers(peers);
  EXPECT_EQ(ask(2)->sequence, 1U);
  reflector_.set_peers({});
  EXPECT_FALSE(ask(3).has_value());
}

}  // namespace
}  // namespace weir::agent
