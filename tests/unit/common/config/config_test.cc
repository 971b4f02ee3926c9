#include "common/config/config.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

enum class Colour { red, green };

struct Options {
  std::string name;
  std::int64_t mtu = 0;
  std::chrono::milliseconds interval{0};
  double share = 0;
  Colour colour = Colour::red;
  bool on = false;
  std::vector<std::string> regions;
};

Options read(Config& config) {
  Options options;
  ConfigSection root = config.root();
  options.name = root.text("name");
  ConfigSection tunnel = root.section("tunnel");
  options.mtu = tunnel.integer("mtu", {.min = 576, .max = 65535, .fallback = 1420});
  options.interval = tunnel.duration("interval", {.min = 10ms, .max = 1h, .fallback = 1s});
  options.share = root.ratio("share", 0.5);
  options.colour = root.choice<Colour>("colour", {{"red", Colour::red}, {"green", Colour::green}},
                                       Colour::green);
  options.on = root.boolean("on", false);
  options.regions = root.texts("regions");
  for (ConfigSection service : root.sections("services")) service.text("name");
  return options;
}

TEST(Config, GivesWhatTheFileSaysAndDefaultsForTheRest) {
  auto config = Config::parse("name: demo\ntunnel: {mtu: 1300}\nshare: 5%\nregions: [a, b]\n", "f");
  ASSERT_TRUE(config) << config.error().message();
  const Options options = read(*config);
  ASSERT_TRUE(config->finish());
  EXPECT_EQ(options.name, "demo");
  EXPECT_EQ(options.mtu, 1300);
  EXPECT_EQ(options.interval, 1s);
  EXPECT_DOUBLE_EQ(options.share, 0.05);
  EXPECT_EQ(options.colour, Colour::green);
  EXPECT_EQ(options.regions, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(config->effective(),
            "name: demo           # line 1\n"
            "tunnel.mtu: 1300     # line 2\n"
            "tunnel.interval: 1s  # default\n"
            "share: 5%            # line 3\n"
            "colour: green        # default\n"
            "on: false            # default\n"
            "regions: [a, b]      # line 4\n");
}

TEST(Config, ReadsNumbersWithinTheirBounds) {
  auto config = Config::parse("a: 2.5\nb: -1\nc: nan\nd: [1, 2e3, x]\n", "f");
  ASSERT_TRUE(config) << config.error().message();
  ConfigSection root = config->root();
  EXPECT_EQ(root.number("a", {.min = 0, .max = 10}), 2.5);
  EXPECT_EQ(root.number("missing", {.min = 0, .max = 10, .fallback = 4}), 4);
  root.number("b", {.min = 0, .max = 10});
  root.number("c", {.min = 0, .max = 10});
  EXPECT_EQ(root.numbers("d", {.min = 0, .max = 5000}), (std::vector<double>{1, 2000}));
  const Status finished = config->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().message(),
            "f:2: b: \"-1\" must be a number from 0.0 to 10.0\n"
            "f:3: c: \"nan\" must be a number from 0.0 to 10.0\n"
            "f:4: d: \"x\" must be a number from 0.0 to 5000.0");
}

TEST(Config, TellsEveryComplaintAtOnceWithItsLine) {
  auto config = Config::parse(
      "tunnel:\n"
      "  mtu: 100\n"
      "  intervall: 5s\n"
      "share: 2\n"
      "colour: geen\n"
      "on: yes\n"
      "on: true\n"
      "services:\n"
      "  - name: a\n"
      "  - nam: b\n",
      "agent.yaml");
  ASSERT_TRUE(config) << config.error().message();
  read(*config);
  const Status finished = config->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().message(),
            "agent.yaml:1: name: is required\n"
            "agent.yaml:2: tunnel.mtu: \"100\" must be a whole number from 576 to 65535\n"
            "agent.yaml:3: tunnel.intervall: unknown field; did you mean interval?\n"
            "agent.yaml:4: share: \"2\" must be a share from 0 to 1, or a percentage such as 5%\n"
            "agent.yaml:5: colour: \"geen\" must be one of red, green; did you mean green?\n"
            "agent.yaml:6: on: \"yes\" must be one of true, false\n"
            "agent.yaml:7: on: stands twice; keep one\n"
            "agent.yaml:10: services[1].nam: unknown field; did you mean name?\n"
            "agent.yaml:10: services[1].name: is required");
}

struct RefusedCase {
  const char* name;
  const char* text;
  const char* complaint;
};
class RefusedFile : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedFile, SaysWhereAndWhy) {
  const auto config = Config::parse(GetParam().text, "f");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code(), Code::invalid_argument);
  EXPECT_NE(config.error().message().find(GetParam().complaint), std::string::npos)
      << config.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedFile,
    testing::Values(RefusedCase{"Broken", "a: [1, 2\nb: 3\n", "f:"},
                    RefusedCase{"Tab", "a:\n\t- b\n", "f:2: not YAML"},
                    RefusedCase{"Alias", "a: &x 1\nb: *x\n", "f:1: anchors"},
                    RefusedCase{"TwoDocuments", "a: 1\n---\nb: 2\n", "more than one document"},
                    RefusedCase{"List", "- a\n", "must be a map"},
                    RefusedCase{"Deep",
                                "a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]"
                                "]]]]]]]]]]\n",
                                "nested more than 32"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Config, TakesAnEmptyFileAsOneWithoutFields) {
  auto config = Config::parse("# nothing\n", "f");
  ASSERT_TRUE(config);
  config->root().text("name", "x");
  EXPECT_TRUE(config->finish());
}

TEST(Config, ReadsAddressesAndMapsWhoseNamesAreData) {
  auto config = Config::parse(
      "listen: \"[::1]:80\"\noverlay: 10.90.1.2/16\nresidency: {eu: [eu], us: [us, eu]}\n", "f");
  ASSERT_TRUE(config) << config.error().message();
  ConfigSection root = config->root();
  EXPECT_EQ(root.endpoint("listen").to_string(), "[::1]:80");
  EXPECT_EQ(root.prefix("overlay").to_string(), "10.90.0.0/16");
  EXPECT_EQ(root.optional_endpoint("metrics"), std::nullopt);
  ConfigSection residency = root.section("residency");
  EXPECT_EQ(residency.keys(), (std::vector<std::string>{"eu", "us"}));
  EXPECT_EQ(residency.texts("us"), (std::vector<std::string>{"us", "eu"}));
  EXPECT_TRUE(config->finish());
}

TEST(Config, NamesAFileThatIsNotThere) {
  const auto config = Config::load("/nonexistent/agent.yaml");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code(), Code::not_found);
}

TEST(Config, TellsEveryFieldThatWasAskedForWithItsRule) {
  auto config = Config::parse("list: [{rise: 3}, {rise: 4}]\n", "f");
  ASSERT_TRUE(config);
  ConfigSection root = config->root();
  for (ConfigSection& entry : root.sections("list")) {
    entry.integer("rise", {.min = 1, .max = 100, .fallback = 2});
  }
  root.text("name");
  root.optional_endpoint("listen");
  root.duration("wait", {.max = std::chrono::seconds(60), .fallback = std::chrono::seconds(5)});
  root.choice<int>("level", {{"low", 0}, {"high", 1}}, 1);
  EXPECT_EQ(config->fields(), (std::vector<ConfigField>{{"level", "low, high", "high"},
                                                        {"list[].rise", "1 to 100", "2"},
                                                        {"listen", "address:port", "none"},
                                                        {"name", "text", std::nullopt},
                                                        {"wait", "0ms to 60s", "5s"}}));
}

}  // namespace
}  // namespace weir
