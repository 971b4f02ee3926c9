#include "controller/app/options.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

constexpr const char* k_least =
    "mesh: demo\n"
    "tunnel: {public_endpoint: \"192.0.2.1:51820\"}\n"
    "regions: [us, eu, ap]\n";

Result<ControllerOptions> read(const std::string& text) {
  auto config = Config::parse(text, "controller.yaml");
  if (!config) return fail(config.error());
  return read_controller_options(*config);
}

TEST(ControllerOptions, HaveADefaultForAllButThree) {
  const auto options = read(k_least);
  ASSERT_TRUE(options) << options.error().message();
  EXPECT_EQ(options->overlay.to_string(), "10.90.0.0/16");
  EXPECT_EQ(options->tunnel.listen_port, 51820);
  EXPECT_EQ(options->store, ControllerOptions::StoreKind::rocksdb);
  EXPECT_EQ(options->admin_socket, "/run/weir/admin.sock");
  EXPECT_FALSE(options->admin_tcp);
  EXPECT_FALSE(options->metrics);
  EXPECT_TRUE(options->services.empty());
}

TEST(ControllerOptions, ReadAServiceWhole) {
  const auto options = read(std::string(k_least) + R"(
services:
  - name: shop/web
    protocol: tcp
    listen_port: 8080
    objective: 400ms
    weights: {nearby: 200, other: 50, pairs: [{from: eu, to: us, weight: 0}]}
    health: {kind: http, path: /up, status: [200, 204], rise: 1, fall: 5, interval: 2s}
    guards: {min_share: 2%, max_step: 0.5, residency: {eu: [eu, us]}}
    failover: {hold: 1s, ramp: 0s, tiers: {us: [[us, eu], [ap]]}}
)");
  ASSERT_TRUE(options) << options.error().message();
  ASSERT_EQ(options->services.size(), 1U);
  const ServiceConfig& service = options->services[0];
  EXPECT_EQ(service.plan.protocol, Protocol::tcp);
  EXPECT_EQ(service.plan.objective, std::chrono::milliseconds(400));
  EXPECT_EQ(service.weights.of(RegionName("eu"), RegionName("us")), 0U);
  EXPECT_EQ(service.weights.of(RegionName("us"), RegionName("us")), 200U);
  EXPECT_EQ(service.weights.of(RegionName("us"), RegionName("ap")), 50U);
  EXPECT_EQ(service.plan.health.http_path, "/up");
  EXPECT_EQ(service.plan.health.http_status_max, 204);
  EXPECT_EQ(service.plan.health.fall, 5);
  EXPECT_DOUBLE_EQ(service.plan.guards.min_share.value(), 0.02);
  EXPECT_EQ(service.guards_for(RegionName("eu")).residency,
            (std::vector<RegionName>{RegionName("eu"), RegionName("us")}));
  EXPECT_TRUE(service.guards_for(RegionName("us")).residency.empty());
  EXPECT_EQ(service.tiers.at(RegionName("us")).size(), 2U);
  EXPECT_EQ(service.plan.failover.ramp, std::chrono::milliseconds(0));
}

TEST(ControllerOptions, ReadWhereTracesGo) {
  EXPECT_FALSE(read(k_least)->tracing);
  const auto least = read(std::string(k_least) + "tracing: {endpoint: \"http://collector\"}\n");
  ASSERT_TRUE(least) << least.error().message();
  EXPECT_EQ(least->tracing->collector, *parse_collector("http://collector:4318"));
  EXPECT_DOUBLE_EQ(least->tracing->sample, 0.01);
  for (const char* endpoint : {"https://collector", "http://127.0.0.1:4318", "http://localhost"}) {
    const auto whole = read(std::string(k_least) + "tracing: {endpoint: \"" + endpoint +
                            "\", sample: 20%, headers: /etc/weir/headers}\n");
    ASSERT_TRUE(whole) << whole.error().message();
    EXPECT_EQ(whole->tracing->headers, "/etc/weir/headers");
    EXPECT_DOUBLE_EQ(whole->tracing->sample, 0.2);
  }
}

struct Break {
  const char* name;
  const char* text;
  const char* complaint;
};
class BrokenOptions : public testing::TestWithParam<Break> {};

TEST_P(BrokenOptions, AreRefusedWithLineAndRule) {
  const auto options = read(std::string(k_least) + GetParam().text);
  ASSERT_FALSE(options);
  EXPECT_NE(options.error().message().find(GetParam().complaint), std::string::npos)
      << options.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenOptions,
    testing::Values(
        Break{"UnknownField", "overlays: 10.0.0.0/8\n", "controller.yaml:4"},
        Break{"Ipv6Overlay", "overlay: fd00::/64\n", "IPv4 prefix"},
        Break{"TinyOverlay", "overlay: 10.0.0.0/30\n", "from 8 to 29"},
        Break{"LongInterface", "tunnel: {interface: an-interface-too-long}\n", "tunnel"},
        Break{"NoServiceName", "services: [{listen_port: 1}]\n", "services[0].name"},
        Break{"PlainServiceName", "services: [{name: web, listen_port: 1}]\n", "namespace/name"},
        Break{"SamePort", "services: [{name: a/a, listen_port: 1}, {name: a/b, listen_port: 1}]\n",
              "another service listens"},
        Break{"SameService",
              "services: [{name: a/a, listen_port: 1}, {name: a/a, listen_port: 2}]\n",
              "stands twice"},
        Break{"UnknownRegionInAPair",
              "services: [{name: a/a, listen_port: 1, weights: {pairs: [{from: us, to: mars, "
              "weight: 1}]}}]\n",
              "\"mars\" is none of the mesh's regions"},
        Break{"WeightTooLarge",
              "services: [{name: a/a, listen_port: 1, weights: {nearby: 10001}}]\n", "10000"},
        Break{"EmptyResidency",
              "services: [{name: a/a, listen_port: 1, guards: {residency: {us: []}}}]\n",
              "at least one region"},
        Break{"FloorAboveStep",
              "services: [{name: a/a, listen_port: 1, guards: {min_share: 0.2, max_step: 0.1}}]\n",
              "must not be above max_step"},
        Break{"ExecWithoutProgram",
              "services: [{name: a/a, listen_port: 1, health: {kind: exec}}]\n",
              "must name a program"},
        Break{"PriceOfAnUnknownRegion", "prices: {egress_from: {mars: 0.02}}\n",
              "\"mars\" is none of the mesh's regions"},
        Break{"PriceOfAnUnknownPair", "prices: {pairs: [{from: us, to: mars, per_gb: 1}]}\n",
              "\"mars\" is none of the mesh's regions"},
        Break{"NegativePrice", "prices: {egress_per_gb: -1}\n", "prices.egress_per_gb"},
        Break{"NegativeCeiling",
              "services: [{name: a/a, listen_port: 1, guards: {max_cost_per_hour: -1}}]\n",
              "max_cost_per_hour"},
        Break{"StatusBackwards",
              "services: [{name: a/a, listen_port: 1, health: {kind: http, status: [300, 200]}}]\n",
              "[lowest, highest]"},
        Break{"TierOfAnUnknownRegion",
              "services: [{name: a/a, listen_port: 1, failover: {tiers: {us: [[us], [mars]]}}}]\n",
              "\"mars\""},
        Break{"TracesWithoutAnEndpoint", "tracing: {sample: 1}\n", "tracing.endpoint"},
        Break{"TracesToNoUrl", "tracing: {endpoint: collector}\n", "must begin with http://"},
        Break{"TracesMoreThanAll", "tracing: {endpoint: \"http://a\", sample: 2}\n",
              "tracing.sample"},
        Break{"ATokenInTheClear", "tracing: {endpoint: \"http://a\", headers: /h}\n",
              "https://, or on this machine"},
        Break{"ACaWithoutTls", "tracing: {endpoint: \"http://a\", ca: /c}\n", "https://"},
        Break{"FlatTiers",
              "services: [{name: a/a, listen_port: 1, failover: {tiers: {us: [us, eu]}}}]\n",
              "[[a, b], [c]]"}),
    [](const auto& row) { return row.param.name; });

TEST(ControllerOptions, LimitTheNameOfARegionSoThatAnAgentsNameFits) {
  const auto with = [](std::size_t size) {
    return read("mesh: demo\ntunnel: {public_endpoint: \"192.0.2.1:1\"}\nregions: [" +
                std::string(size, 'r') + "]\n");
  };
  EXPECT_TRUE(with(100));
  ASSERT_FALSE(with(101));
  EXPECT_NE(with(101).error().message().find("has 101 characters; the limit is 100"),
            std::string::npos)
      << with(101).error().message();
}

TEST(ControllerOptions, NeedAtLeastOneRegion) {
  const auto options = read("mesh: demo\ntunnel: {public_endpoint: \"192.0.2.1:1\"}\n");
  ASSERT_FALSE(options);
  EXPECT_NE(options.error().message().find("at least one region"), std::string::npos);
}

TEST(ControllerOptions, ReadWhatTransfersCost) {
  const auto options = read(std::string(k_least) + R"(
prices: {egress_per_gb: 0.02, egress_from: {ap: 0.09}, pairs: [{from: us, to: eu, per_gb: 0.01}]}
services: [{name: a/a, listen_port: 1, guards: {max_cost_per_hour: 2.5}},
           {name: a/b, listen_port: 2, policy: {goal: cost, keep_in_objective: 95%}}]
)");
  ASSERT_TRUE(options) << options.error().message();
  const RegionName us("us");
  const RegionName eu("eu");
  const RegionName ap("ap");
  EXPECT_EQ(options->prices.of(us, us), 0);
  EXPECT_EQ(options->prices.of(us, eu), 0.01);
  EXPECT_EQ(options->prices.of(eu, us), 0.02);
  EXPECT_EQ(options->prices.of(ap, us), 0.09);
  EXPECT_EQ(options->services[0].max_cost_per_hour, 2.5);
  EXPECT_FALSE(options->services[1].max_cost_per_hour);
  EXPECT_DOUBLE_EQ(options->services[1].policy.keep_in_slo, 0.95);
}

}  // namespace
}  // namespace weir::controller
