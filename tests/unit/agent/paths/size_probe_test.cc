#include "agent/paths/size_probe.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Time k_start{seconds(100)};

/// Runs a path for a while that answers what leaves while `+` stands in `way`, a letter a second;
/// `d`: the path is down. Returns how many were lost in a row after each second.
std::string run(SizeProbe& probe, const std::string& way, int& sent) {
  std::string lost;
  for (std::size_t second = 0; second < way.size(); ++second) {
    for (int tenth = 0; tenth < 10; ++tenth) {
      const Time now = k_start + seconds(second) + milliseconds(100 * tenth);
      if (way[second] == 'd') {
        probe.pause(now);
        continue;
      }
      const auto sequence = probe.due(now);
      if (!sequence) continue;
      ++sent;
      if (way[second] == '+') probe.answered(*sequence, now + milliseconds(30));
    }
    lost += static_cast<char>('0' + probe.lost());
  }
  return lost;
}

struct Case {
  const char* name;
  const char* way;
  const char* lost;
  int sent;
};

class SizeProbes : public testing::TestWithParam<Case> {};

TEST_P(SizeProbes, CountWhatIsLostInARow) {
  SizeProbe probe(k_start);
  int sent = 0;
  EXPECT_EQ(run(probe, GetParam().way, sent), GetParam().lost);
  EXPECT_EQ(sent, GetParam().sent);
}

INSTANTIATE_TEST_SUITE_P(Table, SizeProbes,
                         testing::Values(Case{"AllIsWell", "++++++++++++", "000000000000", 3},
                                         Case{"BlackHole", "------", "012345", 6},
                                         Case{"BeginsLater", "++----------", "000000123456", 8},
                                         Case{"OneIsLost", "-+++++++", "00000000", 3},
                                         Case{"Heals", "----++++++", "0123000000", 6},
                                         Case{"DownIsNotSize", "---ddd++", "01200000", 4}),
                         [](const auto& row) { return row.param.name; });

TEST(SizeProbe, TakesNoAnswerToAnOlderOne) {
  SizeProbe probe(k_start);
  const auto first = probe.due(k_start);
  const auto second = probe.due(k_start + seconds(1));
  ASSERT_TRUE(first && second);
  probe.answered(*first, k_start + milliseconds(1100));
  EXPECT_EQ(probe.lost(), 1U);
  probe.answered(*second, k_start + milliseconds(1200));
  EXPECT_EQ(probe.lost(), 0U);
}

}  // namespace
}  // namespace weir::agent
