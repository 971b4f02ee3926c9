#include "controller/registry/registry.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

AgentRecord make_agent(const char* region, std::uint64_t number, std::uint8_t key) {
  AgentRecord agent;
  agent.region = RegionName(region);
  agent.id = make_agent_id(agent.region, number);
  agent.cluster = ClusterName("c1");
  agent.overlay = IpAddress::v4(0x0a5a0000U + static_cast<std::uint32_t>(number));
  agent.public_key.fill(key);
  agent.listen_port = 51820;
  agent.joined_unix_ms = 1'800'000'000'000;
  agent.first_session_unix_ms = 1'800'000'000'001;
  agent.certificate_serial = "4a";
  agent.certificate_expires_unix_ms = 1'800'086'400'000;
  agent.token_id = "0011223344556677";
  return agent;
}

TEST(AgentRecord, IsTheSameAfterBeingStored) {
  const AgentRecord agent = make_agent("us-east-1", 7, 1);
  EXPECT_EQ(agent.id, AgentId("us-east-1/agent-7"));
  EXPECT_EQ(agent_row_key(agent.id), "registry/agent/us-east-1/agent-7");
  const auto read = decode_agent(encode_agent(agent));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(*read, agent);
}

TEST(AgentRecord, RefusesRowsThatAreNotOne) {
  AgentRecord nameless = make_agent("us-east-1", 7, 1);
  nameless.id = AgentId("Upper Case");
  EXPECT_EQ(decode_agent(encode_agent(nameless)).error().code(), Code::data_loss);
  EXPECT_FALSE(decode_agent(""));
  const std::string sound = encode_agent(make_agent("us-east-1", 7, 1));
  Rng rng(3);
  for (int i = 0; i < 2000; ++i) {
    std::string mutated = sound.substr(0, rng.below(sound.size() + 1));
    if (!mutated.empty()) mutated[rng.below(mutated.size())] = static_cast<char>(rng.below(128));
    const auto read = decode_agent(mutated);  // any outcome but a crash; what is accepted is whole
    if (read) EXPECT_FALSE(read->id.empty() || read->region.empty());
  }
}

TEST(Registry, FindsAnAgentByNameAndByKey) {
  Registry registry;
  ASSERT_TRUE(registry.put(make_agent("us-east-1", 1, 1)));
  ASSERT_TRUE(registry.put(make_agent("eu-west-1", 1, 2)));
  EXPECT_EQ(registry.find(AgentId("eu-west-1/agent-1"))->public_key[0], 2);
  EXPECT_EQ(registry.find_key(make_agent("", 0, 1).public_key)->region, RegionName("us-east-1"));
  EXPECT_EQ(registry.find(AgentId("eu-west-1/agent-2")), nullptr);
  EXPECT_EQ(registry.all().front().id, AgentId("eu-west-1/agent-1"));
  EXPECT_EQ(registry.region_of(ClusterName("c1")), RegionName("eu-west-1"));
  EXPECT_EQ(registry.region_of(ClusterName("c2")), std::nullopt);
}

TEST(Registry, LetsNoTwoAgentsHaveOneKey) {
  Registry registry;
  ASSERT_TRUE(registry.put(make_agent("us-east-1", 1, 1)));
  EXPECT_EQ(registry.put(make_agent("us-east-1", 2, 1)).error().code(), Code::already_exists);
  EXPECT_EQ(registry.size(), 1U);
  // A new key under the same name frees the old one.
  ASSERT_TRUE(registry.put(make_agent("us-east-1", 1, 3)));
  EXPECT_EQ(registry.find_key(make_agent("", 0, 1).public_key), nullptr);
  ASSERT_TRUE(registry.put(make_agent("us-east-1", 2, 1)));
  registry.remove(AgentId("us-east-1/agent-1"));
  registry.remove(AgentId("us-east-1/agent-1"));
  EXPECT_EQ(registry.find_key(make_agent("", 0, 3).public_key), nullptr);
  EXPECT_EQ(registry.size(), 1U);
}

}  // namespace
}  // namespace weir::controller
