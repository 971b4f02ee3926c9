#include "common/model/codec.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"

namespace weir {
namespace {

Revision example() {
  Revision revision;
  revision.id = {3, 17};
  revision.issued_unix_ms = 1'790'000'000'000;
  revision.mesh = "demo";
  revision.self = {AgentId("us-east-1/agent-1"), RegionName("us-east-1"), ClusterName("blue"),
                   *IpAddress::parse("10.90.0.2"), *IpPrefix::parse("10.90.0.0/16")};
  MeshPeer controller;
  controller.agent = AgentId("weir/controller");
  controller.overlay = *IpAddress::parse("10.90.0.1");
  controller.public_key.fill(1);
  controller.endpoint = *Endpoint::parse("[fd00::1]:51820");
  controller.controller = true;
  controller.keepalive = std::chrono::seconds(25);
  MeshPeer peer;
  peer.agent = AgentId("eu-west-1/agent-1");
  peer.region = RegionName("eu-west-1");
  peer.cluster = ClusterName("green");
  peer.overlay = *IpAddress::parse("10.90.0.3");
  peer.public_key.fill(2);
  revision.peers = {controller, peer};
  ServicePlan plan;
  plan.service = ServiceName("shop/web");
  plan.listen_port = 8080;
  plan.proxy_protocol = true;
  plan.health.kind = HealthCheckSpec::Kind::exec;
  plan.health.exec_argv = {"/usr/bin/check", "-v"};
  plan.weights = {{RegionName("us-east-1"), 130}, {RegionName("eu-west-1"), 100}};
  plan.configured = {{RegionName("eu-west-1"), 50}};
  plan.weights_ttl = std::chrono::seconds(900);
  plan.limits = {{RegionName("us-east-1"), 40, 10'000}, {RegionName("eu-west-1"), 12, 300}};
  plan.guards.residency = {RegionName("us-east-1"), RegionName("eu-west-1")};
  plan.failover.tiers = {{RegionName("us-east-1")}, {RegionName("eu-west-1")}};
  plan.failover.error_share_above = Ratio(0.25);
  revision.services = {plan};
  return revision;
}

TEST(RevisionCodec, GivesBackWhatItWasGiven) {
  Revision revision = example();
  const auto message = to_proto(revision);
  const auto back = from_proto(message);
  ASSERT_TRUE(back) << back.error().message();
  revision.digest = digest_of(message);
  EXPECT_EQ(*back, revision);
}

TEST(RevisionCodec, SeesAnyChangedField) {
  auto message = to_proto(example());
  message.mutable_services(0)->mutable_weights(0)->set_weight(131);
  EXPECT_EQ(from_proto(message).error().code(), Code::data_loss);
}

struct BrokenCase {
  const char* name;
  void (*breaks)(Revision&);
  const char* complaint;
};
class BrokenRevision : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenRevision, IsRefusedWithTheRule) {
  Revision revision = example();
  GetParam().breaks(revision);
  const auto back = from_proto(to_proto(revision));
  ASSERT_FALSE(back);
  EXPECT_NE(back.error().message().find(GetParam().complaint), std::string::npos)
      << back.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenRevision,
    testing::Values(
        BrokenCase{"NoDestination", [](Revision& r) { r.services[0].weights.clear(); },
                   "no destination has a weight above 0"},
        BrokenCase{"OnlyZeroWeights",
                   [](Revision& r) {
                     for (auto& weight : r.services[0].weights) weight.weight = 0;
                   },
                   "no destination"},
        BrokenCase{"WeightTooLarge", [](Revision& r) { r.services[0].weights[0].weight = 10001; },
                   "above 10000"},
        BrokenCase{
            "RegionTwice",
            [](Revision& r) { r.services[0].weights.push_back({RegionName("eu-west-1"), 1}); },
            "stands twice"},
        BrokenCase{"OutsideResidency",
                   [](Revision& r) { r.services[0].guards.residency = {RegionName("us-east-1")}; },
                   "residency"},
        BrokenCase{
            "ConfiguredOutsideResidency",
            [](Revision& r) { r.services[0].configured = {{RegionName("ap-northeast-1"), 1}}; },
            "residency"},
        BrokenCase{"ConfiguredAllZero",
                   [](Revision& r) { r.services[0].configured = {{RegionName("us-east-1"), 0}}; },
                   "no destination"},
        BrokenCase{"LimitTwice",
                   [](Revision& r) { r.services[0].limits[1].region = RegionName("us-east-1"); },
                   "two limits"},
        BrokenCase{"LimitOfNone", [](Revision& r) { r.services[0].limits[0].requests = 0; },
                   "not from 1 to 10000000"},
        BrokenCase{"OverflowWeightTooLarge",
                   [](Revision& r) { r.services[0].limits[0].overflow_weight = 10'001; },
                   "above 10000"},
        BrokenCase{"PeerTwice", [](Revision& r) { r.peers.push_back(r.peers[1]); }, "twice"},
        BrokenCase{"KeyTwice", [](Revision& r) { r.peers[1].public_key.fill(1); }, "public key"},
        BrokenCase{"OverlayTaken",
                   [](Revision& r) { r.peers[1].overlay = *IpAddress::parse("10.90.0.2"); },
                   "is taken"},
        BrokenCase{"OverlayOutside",
                   [](Revision& r) { r.peers[1].overlay = *IpAddress::parse("10.91.0.2"); },
                   "outside"},
        BrokenCase{"OwnOverlayOutside",
                   [](Revision& r) { r.self.overlay = *IpAddress::parse("10.91.0.2"); }, "outside"},
        BrokenCase{"PortTaken",
                   [](Revision& r) {
                     r.services.push_back(r.services[0]);
                     r.services[1].service = ServiceName("shop/api");
                   },
                   "taken by another service"},
        BrokenCase{"BadName", [](Revision& r) { r.services[0].service = ServiceName("Shop Web"); },
                   "must be"},
        BrokenCase{"ExecWithoutProgram",
                   [](Revision& r) { r.services[0].health.exec_argv.clear(); }, "needs a program"},
        BrokenCase{"NoRise", [](Revision& r) { r.services[0].health.rise = 0; }, "rise"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(RevisionCodec, SurvivesDamagedBytes) {
  const std::string good = to_proto(example()).SerializeAsString();
  Rng rng(11);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bad = good;
    for (std::uint64_t n = 1 + rng.below(3); n > 0; --n) {
      bad[rng.below(bad.size())] = static_cast<char>(rng.next());
    }
    policy::v1::Revision message;
    if (!message.ParseFromString(bad) || !from_proto(message)) ++refused;
  }
  EXPECT_GE(refused, 19800);  // the rest drew the bytes that were there
}

}  // namespace
}  // namespace weir
