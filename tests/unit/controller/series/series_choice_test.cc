#include "controller/series/series_choice.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

using Candidate = SeriesChoice::Candidate;

Candidate path(int number, double rate) {
  return {.group = {"path", "a", std::to_string(number)}, .series = 1, .rate = rate};
}

Candidate traffic(int number, std::size_t destinations, double rate) {
  return {.group = {"traffic/shop/s" + std::to_string(number), "eu", ""},
          .series = destinations,
          .rate = rate};
}

std::size_t kept(const SeriesChoice& choice, const std::vector<Candidate>& candidates) {
  std::size_t series = 0;
  for (const Candidate& one : candidates) series += choice.keeps(one.group) ? one.series : 0;
  return series;
}

TEST(SeriesChoice, KeepsEverythingWhileThereIsRoom) {
  SeriesChoice choice(3);
  EXPECT_TRUE(choice.keeps(path(9, 0).group));
  choice.choose({path(1, 0), path(2, 0), path(3, 0)});
  EXPECT_FALSE(choice.crowded());
  EXPECT_TRUE(choice.keeps(path(9, 0).group)) << "one that is new has not to wait";
}

TEST(SeriesChoice, KeepsTheBusiest) {
  SeriesChoice choice(2);
  choice.choose({path(1, 5), path(2, 50), path(3, 7), path(4, 6)});
  EXPECT_TRUE(choice.crowded());
  EXPECT_EQ(choice.left_out(), 2U);
  EXPECT_FALSE(choice.keeps(path(1, 0).group));
  EXPECT_TRUE(choice.keeps(path(2, 0).group));
  EXPECT_TRUE(choice.keeps(path(3, 0).group));
}

TEST(SeriesChoice, KeepsASourceWithAllItsDestinationsOrNot) {
  SeriesChoice choice(7);
  choice.choose({traffic(1, 4, 100), traffic(2, 4, 90), traffic(3, 3, 10)});
  EXPECT_TRUE(choice.keeps({"traffic/shop/s1", "eu", "us"}));
  EXPECT_FALSE(choice.keeps({"traffic/shop/s2", "eu", "us"})) << "only a part of it would fit";
  EXPECT_TRUE(choice.keeps({"traffic/shop/s3", "eu", "ap"}));
}

TEST(SeriesChoice, GivesEachKindItsPartAndTheRestToTheBusiest) {
  SeriesChoice choice(6);
  std::vector<Candidate> candidates;
  for (int i = 0; i < 10; ++i) candidates.push_back(path(i, 1000 + i));
  candidates.push_back(traffic(1, 1, 3));
  candidates.push_back(traffic(2, 1, 2));
  choice.choose(candidates);
  EXPECT_TRUE(choice.keeps(candidates[10].group));
  EXPECT_TRUE(choice.keeps(candidates[11].group)) << "far busier paths do not take all the room";
  EXPECT_EQ(kept(choice, candidates), 6U);
  EXPECT_TRUE(choice.keeps(path(6, 0).group));
  EXPECT_FALSE(choice.keeps(path(5, 0).group));
}

TEST(SeriesChoice, DoesNotTakeTurnsWhenRatesTremble) {
  Rng rng(3);
  SeriesChoice choice(50);
  std::vector<Candidate> before;
  for (int i = 0; i < 100; ++i) before.push_back(path(i, 100));
  choice.choose(before);
  for (int round = 0; round < 200; ++round) {
    std::vector<Candidate> now;
    for (int i = 0; i < 100; ++i) now.push_back(path(i, 100 * (0.9 + 0.2 * rng.unit())));
    std::vector<bool> were;
    for (const Candidate& one : before) were.push_back(choice.keeps(one.group));
    choice.choose(now);
    for (std::size_t i = 0; i < before.size(); ++i) {
      ASSERT_EQ(choice.keeps(before[i].group), were[i]) << "round " << round;
    }
  }
}

TEST(SeriesChoice, GivesWayToWhatIsClearlyBusier) {
  SeriesChoice choice(1);
  choice.choose({path(1, 100), path(2, 90)});
  choice.choose({path(1, 100), path(2, 124)});
  EXPECT_TRUE(choice.keeps(path(1, 0).group));
  choice.choose({path(1, 100), path(2, 126)});
  EXPECT_TRUE(choice.keeps(path(2, 0).group));
  EXPECT_FALSE(choice.keeps(path(1, 0).group));
}

TEST(SeriesChoice, IsTheSameInEveryOrderAndBounded) {
  Rng rng(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Candidate> candidates;
    const int paths = static_cast<int>(rng.below(300));
    for (int i = 0; i < paths; ++i) candidates.push_back(path(i, double(rng.below(9))));
    for (int i = 0; i < 60; ++i) candidates.push_back(traffic(i, 1 + rng.below(9), double(i % 7)));
    SeriesChoice forwards(100);
    forwards.choose(candidates);
    SeriesChoice backwards(100);
    backwards.choose({candidates.rbegin(), candidates.rend()});
    EXPECT_LE(kept(forwards, candidates), 100U);
    for (const Candidate& one : candidates) {
      ASSERT_EQ(forwards.keeps(one.group), backwards.keeps(one.group));
    }
  }
}

}  // namespace
}  // namespace weir::controller
