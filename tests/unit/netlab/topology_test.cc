#include "netlab/topology.h"

#include <gtest/gtest.h>

namespace weir::netlab {
namespace {

const std::string k_nodes =
    "name: demo\nnodes:\n  a: {addresses: [10.0.0.1/24]}\n  b: {addresses: [10.0.0.2/24]}\n";

TEST(Topology, ReadsNodesAndLinks) {
  const auto lab = parse_topology(k_nodes +
                                  "seed: 7\nmtu: 1400\n"
                                  "links:\n  - {between: [a, b], delay: 35ms, loss: 0.1%}\n"
                                  "  - {from: b, to: a, delay: 50ms, reorder: true}\n");
  ASSERT_TRUE(lab.has_value()) << lab.error().message();
  EXPECT_EQ(lab->seed, 7U);
  EXPECT_EQ(lab->mtu, 1400);
  EXPECT_EQ(lab->namespace_of(lab->nodes[1]), "demo-b");
  ASSERT_EQ(lab->links.size(), 2U);
  EXPECT_EQ(lab->links[0].settings.delay, std::chrono::milliseconds(35));
  EXPECT_DOUBLE_EQ(lab->links[0].settings.loss, 0.001);
  EXPECT_EQ(lab->links[1].settings.delay, std::chrono::milliseconds(50));  // the later line
  EXPECT_TRUE(lab->links[1].settings.reorder);
}

TEST(Topology, JoinsEveryOtherPairByTheDefault) {
  const auto lab =
      parse_topology(k_nodes + "default: {delay: 1ms}\nlinks: [{from: a, to: b, delay: 2ms}]\n");
  ASSERT_TRUE(lab.has_value()) << lab.error().message();
  ASSERT_EQ(lab->links.size(), 2U);
  EXPECT_EQ(lab->links[0].settings.delay, std::chrono::milliseconds(2));
  EXPECT_EQ(lab->links[1].settings.delay, std::chrono::milliseconds(1));
}

struct Refusal {
  const char* name;
  std::string yaml;
  const char* complaint;
};

class RefusedTopology : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedTopology, IsExplainedWithItsLine) {
  const auto lab = parse_topology(GetParam().yaml);
  ASSERT_FALSE(lab.has_value());
  EXPECT_EQ(lab.error().code(), Code::invalid_argument);
  EXPECT_NE(lab.error().message().find(GetParam().complaint), std::string::npos)
      << lab.error().message();
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedTopology,
    testing::Values(
        Refusal{"Empty", "", "a topology is a mapping"}, Refusal{"NotYaml", "a: [", "line "},
        Refusal{"NoNodes", "name: x\n", "name and nodes"},
        Refusal{"UnknownKey", k_nodes + "speed: 3\n", "line 5: a topology has no key \"speed\""},
        Refusal{"BadName", "name: ../x\nnodes: {}\n", "a-z, 0-9"},
        Refusal{"OptionAsName", "name: -n\nnodes: {}\n", "starts with no -"},
        Refusal{"NoPrefix", "name: x\nnodes: {a: {addresses: [10.0.0.1]}}\n", "prefix length"},
        Refusal{"PrefixTooLong", "name: x\nnodes: {a: {addresses: [10.0.0.1/33]}}\n",
                "10.0.0.1/33"},
        Refusal{"NoAddress", "name: x\nnodes: {a: {addresses: []}}\n", "1 to 64 addresses"},
        Refusal{"AddressTwice", "name: x\nnodes: {a: {addresses: [10.0.0.1/24, 10.0.0.1/8]}}\n",
                "is twice"},
        Refusal{
            "NodeTwice",
            "name: x\nnodes:\n  a: {addresses: [10.0.0.1/24]}\n  a: {addresses: [10.0.0.2/24]}\n",
            "is twice"},
        Refusal{"UnknownNode", k_nodes + "links: [{between: [a, z]}]\n", "no node \"z\""},
        Refusal{"LoopLink", k_nodes + "links: [{between: [a, a]}]\n", "two different"},
        Refusal{"BothForms", k_nodes + "links: [{between: [a, b], from: a}]\n", "either"},
        Refusal{"HalfALink", k_nodes + "links: [{from: a}]\n", "from and to"},
        Refusal{"BadSetting", k_nodes + "links: [{between: [a, b], loss: 2}]\n", "probability"},
        Refusal{"SmallMtu", k_nodes + "mtu: 100\n", "576"},
        Refusal{"TooLarge", std::string(2U << 20, ' '), "1 MiB"}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace weir::netlab
