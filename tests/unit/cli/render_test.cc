#include <gtest/gtest.h>

#include "cli/render/matrix.h"
#include "cli/render/table.h"
#include "cli/render/text.h"
#include "cli/render/units.h"
#include "cli/render/yaml.h"

namespace weir::cli {
namespace {

TEST(Table, KeepsControlCharactersFromTheTerminal) {
  Table table({{"NAME"}});
  table.add({Cell("a\x1b]0;owned\x07")});
  EXPECT_EQ(table.render(false), "NAME\na\\x1b]0;owned\\x07\n");
}

TEST(Table, AlignsByLettersNotBytes) {
  Table table({{"A"}, {"B"}});
  table.add({"é", "1"});
  table.add({"ab", "2"});
  EXPECT_EQ(table.render(false), "A   B\né   1\nab  2\n");
}

TEST(Table, ColoursWithoutMovingColumns) {
  Table table({{"A"}, {"B"}});
  table.add({Cell("up", Tone::good), "1"});
  EXPECT_EQ(table.render(true), "A   B\n\x1b[32mup\x1b[0m  1\n");
}

TEST(ShortRegionNames, StayDifferent) {
  EXPECT_EQ(short_region_names({"us-east-1", "ap-northeast-1", "onprem"}),
            (std::vector<std::string>{"us-e", "ap-ne", "onprem"}));
  const std::vector<std::string> alike = {"us-east-1", "us-east-2"};
  EXPECT_EQ(short_region_names(alike), alike);
}

TEST(Units, ReadTheWayPeopleWriteThem) {
  EXPECT_EQ(show_us(0), "-");
  EXPECT_EQ(show_us(420), "0.42 ms");
  EXPECT_EQ(show_us(12'340), "12.3 ms");
  EXPECT_EQ(show_us(318'000), "318 ms");
  EXPECT_EQ(show_us(1'200'000), "1.20 s");
  EXPECT_EQ(show_share(720'000), "72.0%");
  EXPECT_EQ(show_ago(0, 1000), "-");
  EXPECT_EQ(show_ago(1000, 5000), "4s ago");
  EXPECT_EQ(show_ago(1000 + 600'000, 1000), "in 10m");
  EXPECT_EQ(show_utc(1'767'268'800'000), "2026-01-01T12:00:00Z");
}

struct SpanCase {
  const char* text;
  std::int64_t seconds;  // 0: refused
};

TEST(Units, TakeSpansOrRefuseThem) {
  for (const SpanCase& row :
       {SpanCase{"90s", 90}, SpanCase{"10m", 600}, SpanCase{"1h30m", 5400}, SpanCase{"2d", 172'800},
        SpanCase{"", 0}, SpanCase{"5", 0}, SpanCase{"0s", 0}, SpanCase{"-1s", 0}, SpanCase{"5y", 0},
        SpanCase{"9999999999d", 0}, SpanCase{"99999999999999999999s", 0}}) {
    const auto span = parse_span(row.text);
    EXPECT_EQ(span ? span->count() : 0, row.seconds) << row.text;
  }
}

TEST(Nearest, FindsWhatWasMeantAndNothingFarAway) {
  const std::vector<std::string> known = {"status", "mesh", "paths"};
  EXPECT_EQ(nearest("staus", known), "status");
  EXPECT_EQ(nearest("path", known), "paths");
  EXPECT_EQ(nearest("simulate", known), "");
}

TEST(Units, ReadAMomentAgoOrByTheClock) {
  constexpr std::int64_t now = 1'767'268'800'000;  // 2026-01-01T12:00:00Z
  EXPECT_EQ(*parse_moment("90s", now), now - 90'000);
  EXPECT_EQ(*parse_moment("2026-01-01T12:00:00Z", 0), now);
  EXPECT_EQ(show_utc(*parse_moment("2024-02-29T23:59:59Z", 0)), "2024-02-29T23:59:59Z");
  for (const char* text : {"", "now", "2026-01-01", "2026-01-01T12:00:00", "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T12:00:00ZZ",
                           "2026-1-01T12:00:00Z", "+026-01-01T12:00:00Z", "20260-1-01T12:00:00Z"}) {
    EXPECT_FALSE(parse_moment(text, now)) << text;
  }
}

TEST(Yaml, IsWhatTheJsonWas) {
  EXPECT_EQ(yaml_of(R"({"a":"plain words","b":"yes","c":"1","d":1.5,"e":null,"f":[],"g":{},"":"",)"
                    R"("list":[1,"x: y",{"k":[true,{"deep":"v"}]},[2,3]]})"),
            "a: plain words\n"
            "b: \"yes\"\n"
            "c: \"1\"\n"
            "d: 1.5\n"
            "e: null\n"
            "f: []\n"
            "g: {}\n"
            "\"\": \"\"\n"
            "list:\n"
            "  - 1\n"
            "  - \"x: y\"\n"
            "  - k:\n"
            "      - true\n"
            "      - deep: v\n"
            "  - - 2\n"
            "    - 3\n");
  EXPECT_EQ(yaml_of("[]"), "[]\n");
}

}  // namespace
}  // namespace weir::cli
