#include "controller/web/web_message.h"

#include <gtest/gtest.h>

#include <string>

#include "controller/web/gzip.h"

namespace weir::controller {
namespace {

struct TargetCase {
  const char* name;
  std::string target;
  std::string path;                          // empty: refused
  std::map<std::string, std::string> query;  // of what is taken
};

class Target : public testing::TestWithParam<TargetCase> {};

TEST_P(Target, IsReadOrRefused) {
  WebRequest request;
  const Status read = read_target(GetParam().target, request);
  EXPECT_EQ(read.has_value(), !GetParam().path.empty());
  if (!read) return;
  EXPECT_EQ(request.path, GetParam().path);
  EXPECT_EQ(request.query, GetParam().query);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Target,
    testing::Values(
        TargetCase{"Plain", "/a/b", "/a/b", {}}, TargetCase{"Escaped", "/a%2Fb%20c", "/a/b c", {}},
        TargetCase{"Query", "/a?x=1&y=shop%2Fweb", "/a", {{"x", "1"}, {"y", "shop/web"}}},
        TargetCase{"Plus", "/a+b?x=1+2", "/a+b", {{"x", "1 2"}}},
        TargetCase{"NoValue", "/a?x&y=", "/a", {{"x", ""}, {"y", ""}}},
        TargetCase{"EqualsInValue", "/a?x=1=2", "/a", {{"x", "1=2"}}},
        TargetCase{"EmptyQuery", "/a?", "/a", {}}, TargetCase{"Absolute", "http://other/a", "", {}},
        TargetCase{"Star", "*", "", {}}, TargetCase{"Empty", "", "", {}},
        TargetCase{"HalfEscape", "/a%2", "", {}}, TargetCase{"BadEscape", "/a%zz", "", {}},
        TargetCase{"Nul", "/a%00", "", {}}, TargetCase{"NotUtf8", "/a?x=%ff", "", {}},
        TargetCase{"Twice", "/a?x=1&x=2", "", {}}),
    [](const auto& row) { return row.param.name; });

TEST(WebMessage, TakesNoEndOfParameters) {
  std::string target = "/a?";
  for (int i = 0; i < 30; ++i) target += "x" + std::to_string(i) + "=&";
  WebRequest request;
  EXPECT_FALSE(read_target(target, request));
}

TEST(WebMessage, FindsACookie) {
  EXPECT_EQ(cookie_value("a=1; weir=xyz; b=2", "weir"), "xyz");
  EXPECT_EQ(cookie_value("weirder=1; xweir=2", "weir"), "");
  EXPECT_EQ(cookie_value("weir", "weir"), "");
  EXPECT_EQ(cookie_value("", "weir"), "");
}

TEST(WebMessage, TellsAnErrorAsJson) {
  const WebReply reply = error_reply(Error(Code::not_found, "no \"x\"\n"));
  EXPECT_EQ(reply.status, 404U);
  EXPECT_EQ(reply.body, R"({"error":{"code":"not_found","message":"no \"x\"\n"}})");
}

TEST(Gzip, RoundTrips) {
  for (const std::size_t size : {0U, 1U, 1000U, 1'000'000U}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; i += 7) text[i] = static_cast<char>('a' + i % 26);
    EXPECT_EQ(gunzip(gzip(text)), text);
  }
  std::string damaged = gzip("hello, hello");
  damaged[12] = static_cast<char>(damaged[12] ^ 0x55);
  EXPECT_EQ(gunzip(damaged), "");
  EXPECT_EQ(gunzip("no gzip"), "");
}

}  // namespace
}  // namespace weir::controller
