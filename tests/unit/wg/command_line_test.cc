#include "wg/command_line.h"

#include <gtest/gtest.h>

namespace weir::wg {
namespace {

TEST(WgCommandLine, GoesIntoTheBackgroundAndLogsErrorsByDefault) {
  const auto line = parse_command_line({"wg0"}, {});
  ASSERT_TRUE(line.has_value());
  EXPECT_EQ(line->interface, "wg0");
  EXPECT_FALSE(line->foreground);
  EXPECT_FALSE(line->keep_log);
  EXPECT_EQ(line->verbosity, Verbosity::error);
}

TEST(WgCommandLine, StaysInTheForegroundWhenToldInAnyWay) {
  EXPECT_TRUE(parse_command_line({"-f", "wg0"}, {})->foreground);
  EXPECT_TRUE(parse_command_line({"wg0", "--foreground"}, {})->foreground);
  EXPECT_TRUE(parse_command_line({"wg0"}, {.log_level = nullptr, .foreground = "1"})->foreground);
  EXPECT_FALSE(parse_command_line({"wg0"}, {.log_level = nullptr, .foreground = "0"})->foreground);
}

TEST(WgCommandLine, KeepsTheLogOfABackgroundProcessOnlyWhenALevelIsNamed) {
  const auto line = parse_command_line({"wg0"}, {.log_level = "verbose", .foreground = nullptr});
  EXPECT_TRUE(line->keep_log);
  EXPECT_EQ(line->verbosity, Verbosity::debug);
  const auto silent = parse_command_line({"wg0"}, {.log_level = "silent", .foreground = nullptr});
  EXPECT_FALSE(silent->keep_log);
  EXPECT_EQ(silent->verbosity, Verbosity::silent);
  const auto empty = parse_command_line({"wg0"}, {.log_level = "", .foreground = nullptr});
  EXPECT_FALSE(empty->keep_log);
}

TEST(WgCommandLine, UsesTheOffloadsThatAreNamed) {
  const auto with = [](const char* text) {
    return parse_command_line({"wg0"},
                              {.log_level = nullptr, .foreground = nullptr, .offloads = text});
  };
  EXPECT_TRUE(with(nullptr)->offloads.tun && with("")->offloads.udp_join);
  const TunnelOffloads some = with("tun,udp-join")->offloads;
  EXPECT_TRUE(some.tun && some.udp_join && !some.tun_udp && !some.udp_cut);
  EXPECT_FALSE(with("none")->offloads.tun);
  EXPECT_NE(with("tun,tso").error().message().find("\"tun,tso\""), std::string::npos);
}

TEST(WgCommandLine, LooksBusyForMicroseconds) {
  const auto with = [](const char* text) {
    return parse_command_line(
        {"wg0"},
        {.log_level = nullptr, .foreground = nullptr, .offloads = nullptr, .busy_poll = text});
  };
  EXPECT_EQ(with(nullptr)->busy_poll, TunnelOptions().busy_poll);
  EXPECT_EQ(with("0")->busy_poll, Duration(0));
  EXPECT_EQ(with("50")->busy_poll, std::chrono::microseconds(50));
  for (const char* bad : {"-1", "1001", "50us", "x"}) EXPECT_FALSE(with(bad)) << bad;
}

TEST(WgCommandLine, KeepsTimestampsWhereItIsTold) {
  Environment environment;
  EXPECT_EQ(parse_command_line({"wg0"}, environment)->timestamp_file, "");
  environment.timestamps = "/var/lib/wg0.timestamp";
  EXPECT_EQ(parse_command_line({"wg0"}, environment)->timestamp_file, "/var/lib/wg0.timestamp");
}

TEST(WgCommandLine, NeedsNoInterfaceToExplainItself) {
  EXPECT_TRUE(parse_command_line({"--help"}, {})->help);
  EXPECT_TRUE(parse_command_line({"--version"}, {})->version);
}

TEST(WgCommandLine, SaysWhatIsWrong) {
  EXPECT_NE(parse_command_line({}, {}).error().message().find("usage:"), std::string::npos);
  EXPECT_NE(parse_command_line({"wg0", "wg1"}, {}).error().message().find("\"wg1\""),
            std::string::npos);
  EXPECT_NE(parse_command_line({"-x", "wg1"}, {}).error().message().find("\"-x\""),
            std::string::npos);
  EXPECT_NE(parse_command_line({"wg0"}, {.log_level = "loud", .foreground = nullptr})
                .error()
                .message()
                .find("\"loud\""),
            std::string::npos);
}

}  // namespace
}  // namespace weir::wg
