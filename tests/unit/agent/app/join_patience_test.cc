#include "agent/app/join_patience.h"

#include <gtest/gtest.h>

#include <set>

namespace weir::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time k_start{std::chrono::hours(1)};

TEST(JoinPatience, AsksASilentControllerAgainForHalfAMinute) {
  JoinPatience patience(k_start, 1);
  const Error silent(Code::unavailable, "no answer");
  EXPECT_EQ(patience.pause_after(silent, k_start), Duration(milliseconds(500)));
  EXPECT_TRUE(patience.pause_after(Error(Code::deadline_exceeded, "late"), k_start + seconds(29)));
  EXPECT_FALSE(patience.pause_after(silent, k_start + seconds(30)));
}

TEST(JoinPatience, WaitsLongerAndByLotWhileThereIsNoRoom) {
  JoinPatience patience(k_start, 1);
  const Error crowd(Code::resource_exhausted, "too many enrolments at once");
  std::set<Duration> pauses;
  for (int i = 0; i < 50; ++i) {
    const auto pause = patience.pause_after(crowd, k_start + seconds(60));
    ASSERT_TRUE(pause);
    EXPECT_GE(*pause, seconds(2));
    EXPECT_LE(*pause, seconds(10));
    pauses.insert(*pause);
  }
  EXPECT_GT(pauses.size(), 40U) << "machines that wait alike meet again";
  EXPECT_FALSE(patience.pause_after(crowd, k_start + seconds(180)));
}

TEST(JoinPatience, TakesARefusalForTheLastWord) {
  JoinPatience patience(k_start, 1);
  for (const Code code : {Code::failed_precondition, Code::unauthenticated, Code::permission_denied,
                          Code::invalid_argument}) {
    EXPECT_FALSE(patience.pause_after(Error(code, "no"), k_start));
  }
}

}  // namespace
}  // namespace weir::agent
