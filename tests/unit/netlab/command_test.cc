#include "netlab/command.h"

#include <gtest/gtest.h>

namespace weir::netlab {
namespace {

TEST(NetlabCommand, ReadsEachForm) {
  const auto set = parse_command("set a b both delay=80ms loss=1%");
  ASSERT_TRUE(set.has_value()) << set.error().message();
  const auto& change = std::get<SetCommand>(*set);
  EXPECT_EQ(change.ends.from, "a");
  EXPECT_EQ(change.ends.to, "b");
  EXPECT_TRUE(change.ends.both);
  ASSERT_EQ(change.settings.size(), 2U);
  EXPECT_EQ(change.settings[1].value, "1%");

  EXPECT_FALSE(std::get<CutCommand>(*parse_command("cut a b one")).ends.both);
  EXPECT_EQ(std::get<IsolateCommand>(*parse_command("isolate a")).node, "a");
  EXPECT_EQ(std::get<HealCommand>(*parse_command("heal")).node, "");
  EXPECT_EQ(std::get<HealCommand>(*parse_command("heal a b")).peer, "b");
  EXPECT_TRUE(std::get<CaptureCommand>(*parse_command("capture /tmp/f all")).all);
  EXPECT_EQ(std::get<CaptureCommand>(*parse_command("capture /tmp/f a b one")).ends.to, "b");
  EXPECT_TRUE(std::holds_alternative<ShowCommand>(*parse_command("show")));
  EXPECT_TRUE(std::holds_alternative<ReleaseCommand>(*parse_command("release")));
  EXPECT_TRUE(std::holds_alternative<DownCommand>(*parse_command("down")));
}

struct Refusal {
  const char* name;
  std::string line;
  const char* complaint;
};

class RefusedCommand : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedCommand, IsExplained) {
  const auto command = parse_command(GetParam().line);
  ASSERT_FALSE(command.has_value());
  EXPECT_EQ(command.error().code(), Code::invalid_argument);
  EXPECT_NE(command.error().message().find(GetParam().complaint), std::string::npos)
      << command.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedCommand,
    testing::Values(Refusal{"Empty", "", "is no command"},
                    Refusal{"Unknown", "reboot", "is no command"},
                    Refusal{"Escapes", "\x1b[2J", "is no command"},
                    Refusal{"TwoBlanks", "cut a  b", "one blank"},
                    Refusal{"NoDirection", "cut a b", "FROM TO one|both"},
                    Refusal{"NothingToSet", "set a b one", "set FROM TO"},
                    Refusal{"NoEquals", "set a b one delay", "KEY=VALUE"},
                    Refusal{"UnknownKey", "set a b one lag=1ms", "a link has delay"},
                    Refusal{"NegativeDelay", "set a b one delay=-1ms", "is not a time"},
                    Refusal{"DelayTooLong", "set a b one delay=61s", "at most 60s"},
                    Refusal{"DelayWithoutUnit", "set a b one delay=80", "is not a time"},
                    Refusal{"LossAboveAll", "set a b one loss=101%", "at most 100%"},
                    Refusal{"LossNotANumber", "set a b one loss=nan", "is not a probability"},
                    Refusal{"RateTooHigh", "set a b one rate=101gbit", "is not a rate"},
                    Refusal{"RateOfOneBit", "set a b one rate=1bit", "is not a rate"},
                    Refusal{"ReorderMaybe", "set a b one reorder=maybe", "not true or false"},
                    Refusal{"RelativeFile", "capture f all", "is not absolute"},
                    Refusal{"TooManyHealed", "heal a b c", "heal [NODE [PEER]]"},
                    Refusal{"TooLong", std::string(5000, 'x'), "at most 4096"}),
    [](const auto& row) { return row.param.name; });

TEST(LinkText, ReadsUnits) {
  EXPECT_EQ(parse_duration("0"), Duration(0));
  EXPECT_EQ(parse_duration("1.5s"), std::chrono::milliseconds(1500));
  EXPECT_EQ(parse_duration("250us"), std::chrono::microseconds(250));
  EXPECT_EQ(parse_duration("7ns"), Duration(7));
  EXPECT_DOUBLE_EQ(*parse_probability("0.5%"), 0.005);
  EXPECT_DOUBLE_EQ(*parse_probability("1"), 1.0);
  EXPECT_EQ(parse_rate("64kbit"), 64'000U);
  EXPECT_EQ(parse_rate("1.5gbit"), 1'500'000'000U);
  EXPECT_EQ(parse_rate("0"), 0U);
  EXPECT_EQ(duration_text(std::chrono::microseconds(34785)), "34.785ms");
}

}  // namespace
}  // namespace weir::netlab
