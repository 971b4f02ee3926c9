#include "common/offload/checksum.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"
#include "tests/doubles/transport_packets.h"

namespace weir {
namespace {

std::uint16_t in_network_order(std::uint16_t native) {
  return static_cast<std::uint16_t>((native << 8U) | (native >> 8U));
}

TEST(Checksum, IsTheSlowOneForEveryLengthAndPlace) {
  Rng rng(1);
  ByteVector bytes(700);
  for (std::uint8_t& byte : bytes)
    byte = static_cast<std::uint8_t>(rng.chance(0.3) ? 0xff : rng.next());
  for (std::size_t size = 0; size <= 600; ++size) {
    const ByteView part = ByteView(bytes).subspan(size % 67, size);
    const auto fast = static_cast<std::uint16_t>(~checksum_fold(checksum_add(part)));
    ASSERT_EQ(in_network_order(fast), slow_checksum(part)) << size << " bytes";
  }
}

TEST(Checksum, FoldsWithoutLosingACarry) {
  const ByteVector ones(65535, 0xff);
  EXPECT_EQ(checksum_fold(checksum_add(ByteView(ones).first(65534))), 0xffff);
  EXPECT_EQ(checksum_fold(~std::uint64_t{0}), 0xffff);
  EXPECT_EQ(checksum_fold(0xffff0001), 1U);
  EXPECT_EQ(checksum_fold(0x1'0000'0000), 1U);
}

TEST(Checksum, GoesOnWhereItEnded) {
  const ByteVector bytes = {1, 2, 3, 4, 5, 6, 7};
  const std::uint64_t whole = checksum_add(bytes);
  const std::uint64_t parts =
      checksum_add(ByteView(bytes).subspan(4), checksum_add(ByteView(bytes).first(4)));
  EXPECT_EQ(checksum_fold(whole), checksum_fold(parts));
  EXPECT_EQ(checksum_word(0x0102), 0x0201U);
}

}  // namespace
}  // namespace weir
