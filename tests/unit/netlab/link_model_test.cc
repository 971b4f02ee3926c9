#include "netlab/link_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace weir::netlab {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::size_t k_packets = 20'000;

Time at(Duration since_start) { return Time(since_start); }

/// The fates of `k_packets` packets of 100 bytes, one a millisecond.
std::vector<Passage> run(const LinkSettings& settings, std::uint64_t seed) {
  LinkModel model(settings, seed);
  std::vector<Passage> fates;
  for (std::size_t i = 0; i < k_packets; ++i) {
    fates.push_back(model.pass(100, at(milliseconds(i))));
  }
  return fates;
}

double share(const std::vector<Passage>& fates, auto predicate) {
  return static_cast<double>(std::ranges::count_if(fates, predicate)) /
         static_cast<double>(fates.size());
}

double four_deviations(double p) { return 4 * std::sqrt(p * (1 - p) / k_packets); }

TEST(LinkModel, DelaysEveryPacketByExactlyTheDelayWithoutJitter) {
  const auto fates = run({.delay = milliseconds(35)}, 1);
  for (std::size_t i = 0; i < fates.size(); ++i) {
    ASSERT_EQ(fates[i].copies, 1U);
    ASSERT_EQ(fates[i].due[0], at(milliseconds(i) + milliseconds(35)));
  }
}

TEST(LinkModel, KeepsJitterWithinItsBoundsAndUsesAllOfThem) {
  const auto fates =
      run({.delay = milliseconds(20), .jitter = milliseconds(5), .reorder = true}, 2);
  Duration least = std::chrono::hours(1);
  Duration most{0};
  for (std::size_t i = 0; i < fates.size(); ++i) {
    const Duration travelled = fates[i].due[0] - at(milliseconds(i));
    least = std::min(least, travelled);
    most = std::max(most, travelled);
  }
  EXPECT_GE(least, milliseconds(15));
  EXPECT_LE(most, milliseconds(25));
  EXPECT_LT(least, milliseconds(15) + microseconds(50));
  EXPECT_GT(most, milliseconds(25) - microseconds(50));
}

TEST(LinkModel, KeepsTheOrderUnlessToldOtherwise) {
  for (const bool reorder : {false, true}) {
    const auto fates =
        run({.delay = milliseconds(20), .jitter = milliseconds(5), .reorder = reorder}, 3);
    const bool ordered =
        std::ranges::is_sorted(fates, {}, [](const Passage& fate) { return fate.due[0]; });
    EXPECT_EQ(ordered, !reorder);
  }
}

TEST(LinkModel, KeepsTheOrderWhenTheDelayShrinks) {
  LinkModel model({.delay = milliseconds(100)}, 4);
  const Time first = model.pass(100, at(milliseconds(0))).due[0];
  model.change({.delay = milliseconds(1)});
  EXPECT_EQ(model.pass(100, at(milliseconds(1))).due[0], first);
  EXPECT_EQ(model.pass(100, at(milliseconds(200))).due[0], at(milliseconds(201)));
}

TEST(LinkModel, LosesWhatIsLargerThanItsMtu) {
  LinkModel model({.mtu = 1400}, 7);
  EXPECT_EQ(model.pass(1400, at(milliseconds(0))).copies, 1U);
  EXPECT_EQ(model.pass(1401, at(milliseconds(1))).fate, Passage::Fate::lost);
  model.change({});
  EXPECT_EQ(model.pass(65'535, at(milliseconds(2))).copies, 1U);
}

TEST(LinkModel, LosesDuplicatesAndCorruptsWithinTheirBinomialErrors) {
  for (const double p : {0.001, 0.01, 0.1, 0.5}) {
    SCOPED_TRACE(p);
    const auto fates = run({.loss = p, .duplicate = p, .corrupt = p}, 5);
    const auto lost = [](const Passage& fate) { return fate.fate == Passage::Fate::lost; };
    const auto twice = [](const Passage& fate) { return fate.copies == 2; };
    const auto corrupted = [](const Passage& fate) { return fate.corrupted_bit >= 0; };
    EXPECT_NEAR(share(fates, lost), p, four_deviations(p));
    EXPECT_NEAR(share(fates, twice), p * (1 - p), four_deviations(p));
    EXPECT_NEAR(share(fates, corrupted), p * (1 - p), four_deviations(p));
  }
}

TEST(LinkModel, FlipsOnlyBitsOfThePacket) {
  LinkModel model({.corrupt = 1}, 6);
  for (std::size_t bytes = 1; bytes < 2000; ++bytes) {
    const std::int64_t bit = model.pass(bytes, at(milliseconds(bytes))).corrupted_bit;
    ASSERT_GE(bit, 0);
    ASSERT_LT(bit, static_cast<std::int64_t>(bytes * 8));
  }
}

TEST(LinkModel, NeverPassesMoreThanItsRate) {
  // 1 Mbit/s = 10 ms for 1250 bytes; offered four times that.
  LinkModel model({.rate_bits_per_second = 1'000'000, .queue = milliseconds(50)}, 7);
  Time last{};
  std::size_t passed = 0;
  std::size_t dropped = 0;
  for (int i = 0; i < 4000; ++i) {
    const Time now = at(microseconds(2500) * i);
    const Passage passage = model.pass(1250, now);
    if (passage.fate == Passage::Fate::queue_full) {
      ++dropped;
      continue;
    }
    ++passed;
    if (passed > 1) ASSERT_GE(passage.due[0] - last, milliseconds(10));
    ASSERT_LE(passage.due[0] - now, milliseconds(60));
    last = passage.due[0];
  }
  EXPECT_NEAR(static_cast<double>(passed), 1000, 10);
  EXPECT_EQ(passed + dropped, 4000U);
}

TEST(LinkModel, GivesTheSameFatesForTheSameSeedAndOthersForAnother) {
  const LinkSettings settings{.delay = milliseconds(10), .jitter = milliseconds(2), .loss = 0.1};
  const auto same = [&](std::uint64_t a, std::uint64_t b) {
    return std::ranges::equal(run(settings, a), run(settings, b),
                              [](const Passage& left, const Passage& right) {
                                return left.fate == right.fate && left.due == right.due;
                              });
  };
  EXPECT_TRUE(same(8, 8));
  EXPECT_FALSE(same(8, 9));
}

TEST(LinkModel, LosesTheSamePacketsWhateverElseTheLinkDoes) {
  const auto plain = run({.loss = 0.05}, 10);
  const auto busy = run({.loss = 0.05, .duplicate = 0.2, .corrupt = 0.1}, 10);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    ASSERT_EQ(plain[i].fate, busy[i].fate) << "packet " << i;
  }
}

}  // namespace
}  // namespace weir::netlab
