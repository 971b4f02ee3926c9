#include "controller/trace/collector.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

TEST(Collector, IsReadFromItsUrl) {
  struct Case {
    const char* url;
    Collector wanted;
  };
  const Case cases[] = {
      {"http://collector:4318", {false, "collector", 4318, "/v1/traces"}},
      {"http://collector", {false, "collector", 4318, "/v1/traces"}},
      {"http://10.0.0.1:80/", {false, "10.0.0.1", 80, "/v1/traces"}},
      {"https://Traces.Example:443/otlp//", {true, "traces.example", 443, "/otlp/v1/traces"}},
      {"http://[fd00::1]:4318", {false, "fd00::1", 4318, "/v1/traces"}},
      {"http://[fd00::1]", {false, "fd00::1", 4318, "/v1/traces"}},
  };
  for (const auto& [url, wanted] : cases) {
    const auto read = parse_collector(url);
    ASSERT_TRUE(read) << url << read.error().message();
    EXPECT_EQ(*read, wanted) << url;
  }
}

TEST(Collector, RefusesWhatIsNoUrlOfOne) {
  for (const char* url : {"", "collector:4318", "ftp://collector", "http://", "http://:4318",
                          "http://a:0", "http://a:65536", "http://a:4318x",
                          "http://user:password@a", "http://a/x?y", "http://a/x#y", "http://a/x y",
                          "http://a b", "http://[fd00::1", "http://a\r\nx", "http://a/\r\nX: y"}) {
    EXPECT_FALSE(parse_collector(url)) << url;
  }
  EXPECT_FALSE(parse_collector("http://a/" + std::string(1000, 'x')));
}

TEST(Collector, KnowsWhetherItIsOnThisMachine) {
  EXPECT_TRUE(parse_collector("http://localhost:1")->on_this_machine());
  EXPECT_TRUE(parse_collector("http://127.0.0.1:1")->on_this_machine());
  EXPECT_TRUE(parse_collector("http://[::1]:1")->on_this_machine());
  EXPECT_FALSE(parse_collector("http://10.0.0.1:1")->on_this_machine());
  // A name anybody may give to a machine of theirs.
  EXPECT_FALSE(parse_collector("http://127.example:1")->on_this_machine());
}

TEST(Collector, TellsItsAuthority) {
  EXPECT_EQ(parse_collector("http://a:1")->authority(), "a:1");
  EXPECT_EQ(parse_collector("http://[::1]:1")->authority(), "[::1]:1");
}

TEST(Headers, AreNamesAndValues) {
  const auto read = parse_headers("# of the collector\n\nAuthorization: Bearer a:b\r\nX-Team:7\n");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (HttpHeaders{{"Authorization", "Bearer a:b"}, {"X-Team", "7"}}));
}

TEST(Headers, RefuseWhatWouldChangeTheRequestAndTellNoSecrets) {
  for (const char* text : {"secret", "two words: secret", ": secret", "Host: secret",
                           "content-LENGTH: secret", "A: secret\x01", "A: secr\xc3\xa4t"}) {
    const auto read = parse_headers(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().message().find("secr"), std::string::npos) << read.error().message();
  }
  std::string many;
  for (int i = 0; i < 17; ++i) many += "A: b\n";
  EXPECT_FALSE(parse_headers(many));
  EXPECT_FALSE(parse_headers("A: " + std::string(4000, 'x')));
}

}  // namespace
}  // namespace weir::controller
