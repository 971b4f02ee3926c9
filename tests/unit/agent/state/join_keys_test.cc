#include "agent/state/join_keys.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "agent/state/identity.h"
#include "common/crypto/p256.h"

namespace weir::agent {
namespace {

constexpr TokenId k_first{1};
constexpr TokenId k_second{2};

class JoinKeysTest : public testing::Test {
 protected:
  JoinKeysTest() {
    std::string pattern = testing::TempDir() + "weir-join-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~JoinKeysTest() override { std::filesystem::remove_all(path_); }

  JoinKeys begin(const TokenId& token) {
    const auto keys = begin_join(*StateDir::open(path_), token, source_);
    EXPECT_TRUE(keys) << keys.error().message();
    return *keys;
  }

  std::filesystem::path path_;
  SystemKeySource source_;
};

TEST_F(JoinKeysTest, AreTheSameWhenAnInterruptedJoinIsRunAgain) {
  const JoinKeys first = begin(k_first);
  EXPECT_TRUE(P256Key::from_pem(first.certificate_pem));
  const JoinKeys again = begin(k_first);
  EXPECT_EQ(again.tunnel, first.tunnel);
  EXPECT_EQ(again.certificate_pem.reveal(), first.certificate_pem.reveal());
}

TEST_F(JoinKeysTest, KeepTheTunnelsKeyWithAnotherToken) {
  const JoinKeys first = begin(k_first);
  EXPECT_EQ(begin(k_second).tunnel, first.tunnel) << "another key would leave a ghost";
  ASSERT_TRUE(end_join(*StateDir::open(path_)));
  EXPECT_NE(begin(k_second).tunnel, first.tunnel);
}

TEST_F(JoinKeysTest, KeepTheTunnelsKeyOfTheIdentityThatIsGivenUp) {
  const StateDir directory = *StateDir::open(path_);
  const JoinKeys first = begin(k_first);
  Identity identity;
  identity.mesh = "demo";
  identity.self = {AgentId("r/agent-1"), RegionName("r"), ClusterName("c"),
                   *IpAddress::parse("10.90.0.2"), *IpPrefix::parse("10.90.0.0/16")};
  identity.private_key = first.tunnel;
  identity.certificate_key_pem = first.certificate_pem;
  identity.controller.agent = AgentId("weir/controller");
  identity.controller.overlay = *IpAddress::parse("10.90.0.1");
  identity.controller.controller = true;
  ASSERT_TRUE(save_identity(directory, identity));
  ASSERT_TRUE(end_join(directory));
  const JoinKeys again = begin(k_second);
  EXPECT_EQ(again.tunnel, first.tunnel);
  EXPECT_NE(again.certificate_pem.reveal(), first.certificate_pem.reveal());
}

}  // namespace
}  // namespace weir::agent
