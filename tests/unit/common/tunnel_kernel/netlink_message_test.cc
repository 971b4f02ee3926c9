#include "common/tunnel_kernel/netlink_message.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>

#include <cstring>

#include "common/sim/rng.h"

namespace weir {
namespace {

constexpr std::uint32_t k_sequence = 7;
constexpr std::uint32_t k_port = 4711;

/// A message as the kernel sends it.
ByteVector message(std::uint16_t type, std::uint16_t flags, ByteView payload,
                   std::uint32_t sequence = k_sequence, std::uint32_t port = k_port) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof(header) + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  header.nlmsg_pid = port;
  ByteVector bytes(sizeof(header));
  std::memcpy(bytes.data(), &header, sizeof(header));
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

ByteVector number(std::int32_t value) {
  ByteVector bytes(sizeof(value));
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}

ByteVector operator+(ByteVector a, const ByteVector& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Result<NetlinkVerdict> read(const ByteVector& datagram,
                            std::vector<std::uint16_t>* types = nullptr) {
  return read_netlink(datagram, k_sequence, k_port, [&](std::uint16_t type, ByteView) -> Status {
    if (types != nullptr) types->push_back(type);
    return {};
  });
}

TEST(NetlinkMessage, NestsAttributesThatAReaderFindsAgain) {
  NetlinkMessage made(42, 0);
  made.put_u8(1, 200);
  const std::size_t outer = made.open(2);
  made.put_text(3, "weir");
  made.put_u16(4, 515);
  made.close(outer);
  made.put_u32(5, 70000);
  const ByteView bytes = made.finish(k_sequence);
  EXPECT_EQ(bytes.size() % 4, 0u);

  AttributeReader reader(bytes.subspan(sizeof(nlmsghdr)));
  EXPECT_EQ(read_u8(reader.next()->value), 200);
  const auto nested = reader.next();
  EXPECT_EQ(nested->type, 2);
  AttributeReader inner(nested->value);
  EXPECT_EQ(read_text(inner.next()->value), "weir");
  EXPECT_EQ(read_u16(inner.next()->value), 515);
  EXPECT_FALSE(inner.next().has_value());
  EXPECT_EQ(read_u32(reader.next()->value), 70000u);
  EXPECT_FALSE(reader.next().has_value());
  EXPECT_FALSE(reader.broken());
  EXPECT_FALSE(read_u32(ByteVector{1, 2, 3}).has_value());
}

TEST(NetlinkMessage, ReadsHowARequestStands) {
  std::vector<std::uint16_t> types;
  const auto part = read(message(20, NLM_F_MULTI, {}) + message(20, NLM_F_MULTI, {}), &types);
  EXPECT_FALSE(part->done);
  EXPECT_EQ(types, (std::vector<std::uint16_t>{20, 20}));
  EXPECT_TRUE(read(message(NLMSG_DONE, NLM_F_MULTI, number(0)))->done);
  EXPECT_EQ(read(message(NLMSG_DONE, NLM_F_MULTI, number(-19)))->error, 19);
  EXPECT_TRUE(read(message(NLMSG_ERROR, 0, number(0) + ByteVector(16)))->done);
  EXPECT_EQ(read(message(NLMSG_ERROR, 0, number(-98) + ByteVector(16)))->error, 98);
  EXPECT_TRUE(read(message(20, NLM_F_DUMP_INTR, {}))->interrupted);
}

TEST(NetlinkMessage, PassesOverWhatAnswersOthers) {
  std::vector<std::uint16_t> types;
  const auto verdict =
      read(message(NLMSG_DONE, 0, number(0), k_sequence + 1) +
               message(NLMSG_DONE, 0, number(0), k_sequence, k_port + 1) + message(21, 0, {}),
           &types);
  EXPECT_FALSE(verdict->done);
  EXPECT_EQ(types, std::vector<std::uint16_t>{21});
}

TEST(NetlinkMessage, ShowsTheKernelsOwnWordsWithoutControlCharacters) {
  NetlinkMessage attributes(0, 0);
  attributes.put_text(NLMSGERR_ATTR_MSG, "no\nsuch \x1b[1mpeer");
  const ByteView text = attributes.finish(0).subspan(sizeof(nlmsghdr));
  const ByteVector payload = number(-22) + ByteVector(16) + ByteVector(text.begin(), text.end());
  const auto verdict = read(message(NLMSG_ERROR, NLM_F_ACK_TLVS | NLM_F_CAPPED, payload));
  EXPECT_EQ(verdict->explanation, "no?such ?[1mpeer");
}

TEST(NetlinkMessage, RefusesLengthsThatCannotBe) {
  ByteVector shorter = message(20, 0, {});
  shorter[0] = 15;
  ByteVector longer = message(20, 0, {});
  longer[0] = 17;
  for (const ByteVector& datagram :
       {shorter, longer, ByteVector(3), message(NLMSG_DONE, 0, {}),
        message(NLMSG_ERROR, 0, number(5)), message(NLMSG_ERROR, 0, number(-70000))}) {
    EXPECT_FALSE(read(datagram).has_value());
  }
  for (const ByteVector& attributes : {ByteVector{3, 0, 1, 0}, ByteVector{9, 0, 1, 0, 1, 2, 3, 4},
                                       ByteVector{4, 0, 1}, ByteVector{0, 0, 0, 0}}) {
    AttributeReader reader(attributes);
    EXPECT_FALSE(reader.next().has_value());
    EXPECT_TRUE(reader.broken());
  }
}

TEST(NetlinkMessage, SurvivesAnythingInPlaceOfAnAnswer) {
  Rng rng(1);
  for (int round = 0; round < 20000; ++round) {
    ByteVector datagram =
        message(static_cast<std::uint16_t>(rng.below(4)), static_cast<std::uint16_t>(rng.next()),
                ByteVector(rng.below(60)));
    for (std::uint64_t i = rng.below(8); i > 0; --i) {
      datagram[rng.below(datagram.size())] = static_cast<std::uint8_t>(rng.next());
    }
    datagram.resize(rng.below(datagram.size() + 1));
    (void)read(datagram);
  }
}

}  // namespace
}  // namespace weir
