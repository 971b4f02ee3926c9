#include "agent/health/health_machine.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::agent {
namespace {

using std::chrono::milliseconds;

constexpr Time k_start{std::chrono::hours(1)};

HealthCheckSpec spec(int rise, int fall, double jitter = 0) {
  HealthCheckSpec spec;
  spec.interval = milliseconds(200);
  spec.timeout = milliseconds(400);
  spec.rise = rise;
  spec.fall = fall;
  spec.jitter = Ratio(jitter);
  return spec;
}

struct Story {
  const char* name;
  int rise;
  int fall;
  const char* results;  // + - passed or failed, ! a broken request
  const char* changes;  // u d or .
};

class HealthMachineStory : public testing::TestWithParam<Story> {};

TEST_P(HealthMachineStory, IsTold) {
  HealthMachine machine(spec(GetParam().rise, GetParam().fall), Rng(1), k_start);
  std::string changes;
  for (const char event : std::string(GetParam().results)) {
    const Time now = machine.next_check();
    const auto change =
        event == '!' ? machine.on_broken_request(now) : machine.on_result(event == '+', now);
    changes += !change ? '.' : *change ? 'u' : 'd';
  }
  EXPECT_EQ(changes, GetParam().changes);
}

INSTANTIATE_TEST_SUITE_P(
    Table, HealthMachineStory,
    testing::Values(Story{"TheFirstResultDecides", 2, 3, "+", "u"},
                    Story{"TheFirstFailureDecidesToo", 2, 3, "-+", "d."},
                    Story{"DownNeedsAnUnbrokenRunOfFailures", 2, 3, "++--+---", "u......d"},
                    Story{"UpNeedsAnUnbrokenRunOfSuccesses", 3, 2, "-++-+++", "d.....u"},
                    Story{"ABrokenRequestIsEnough", 2, 3, "+!++", "ud.u"},
                    Story{"ABrokenRequestBreaksARise", 2, 3, "-+!++", "d...u"},
                    Story{"SingleSteps", 1, 1, "+-+-", "udud"}),
    [](const auto& row) { return row.param.name; });

TEST(HealthMachine, FindsASilentServerInTwelveTenthsOfASecond) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    HealthMachine machine(spec(2, 2, 0.1), Rng(seed), k_start);
    Time now = machine.next_check();
    machine.on_result(true, now);
    const Time silent = now;  // right after a good answer is the worst moment
    while (machine.healthy()) {
      now = machine.next_check() + milliseconds(400);
      machine.on_result(false, now);
    }
    EXPECT_LE(now - silent, milliseconds(1130));
  }
}

TEST(HealthMachine, SpreadsItsChecksButNotBeyondTheJitter) {
  HealthMachine machine(spec(2, 2, 0.1), Rng(1), k_start);
  Duration shortest = milliseconds(1000);
  Duration longest{0};
  for (int i = 0; i < 1000; ++i) {
    const Time now = machine.next_check();
    machine.on_result(true, now);
    shortest = std::min(shortest, machine.next_check() - now);
    longest = std::max(longest, machine.next_check() - now);
  }
  EXPECT_GE(shortest, milliseconds(180));
  EXPECT_LE(shortest, milliseconds(182));
  EXPECT_LE(longest, milliseconds(220));
  EXPECT_GE(longest, milliseconds(218));
}

TEST(HealthMachine, LooksAgainSoonAfterABrokenRequest) {
  HealthCheckSpec slow = spec(2, 2);
  slow.interval = std::chrono::seconds(30);
  HealthMachine machine(slow, Rng(1), k_start);
  const Time now = machine.next_check();
  machine.on_result(true, now);
  EXPECT_EQ(machine.on_broken_request(now + milliseconds(5)), false);
  EXPECT_LE(machine.next_check(), now + milliseconds(105));
}

TEST(HealthMachine, KeepsWhatWasKnownWhenItsCheckChanges) {
  HealthMachine machine(spec(2, 2), Rng(1), k_start, true);
  EXPECT_TRUE(machine.healthy());
  EXPECT_EQ(machine.on_result(false, k_start), std::nullopt);
  EXPECT_EQ(machine.on_result(false, k_start), false);
}

}  // namespace
}  // namespace weir::agent
