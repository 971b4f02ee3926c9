#include "agent/session/revision_gate.h"

#include <gtest/gtest.h>

namespace weir::agent {
namespace {

MeshSelf self() {
  return {AgentId("us/agent-1"), RegionName("us"), ClusterName("blue"),
          *IpAddress::parse("10.90.0.2"), *IpPrefix::parse("10.90.0.0/16")};
}

Revision revision(std::uint64_t epoch, std::uint64_t generation) {
  Revision made;
  made.id = {epoch, generation};
  made.mesh = "demo";
  made.self = self();
  return made;
}

class RevisionGateTest : public testing::Test {
 protected:
  /// As the app does it: check, apply, tell the gate.
  bool apply(const Revision& made) {
    auto admitted = gate_.check(to_proto(made));
    if (!admitted || admitted->verdict != RevisionGate::Verdict::apply) return false;
    gate_.now_in_force(std::make_shared<const Revision>(std::move(admitted->revision)));
    return true;
  }
  std::string refusal(const Revision& made) {
    const auto admitted = gate_.check(to_proto(made));
    return admitted ? "" : admitted.error().message();
  }

  RevisionGate gate_{"demo", self()};
};

TEST_F(RevisionGateTest, AppliesOnlyWhatIsNewer) {
  EXPECT_TRUE(apply(revision(1, 5)));
  EXPECT_TRUE(apply(revision(1, 6)));
  EXPECT_FALSE(apply(revision(1, 5)));
  EXPECT_TRUE(apply(revision(2, 1)));  // a new epoch counts from the start
  EXPECT_FALSE(apply(revision(1, 1000)));
  EXPECT_NE(refusal(revision(1, 1000)).find("is older than 2.1"), std::string::npos);
}

TEST_F(RevisionGateTest, TakesTheSameRevisionAgainAsDone) {
  ASSERT_TRUE(apply(revision(1, 5)));
  const auto again = gate_.check(to_proto(revision(1, 5)));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->verdict, RevisionGate::Verdict::already_in_force);
}

TEST_F(RevisionGateTest, RefusesOtherContentUnderTheSameNumber) {
  ASSERT_TRUE(apply(revision(1, 5)));
  Revision other = revision(1, 5);
  other.issued_unix_ms = 1;
  EXPECT_NE(refusal(other).find("other content"), std::string::npos);
}

TEST_F(RevisionGateTest, RefusesWhatIsMadeForAnotherAgentOrMesh) {
  Revision other = revision(1, 1);
  other.mesh = "prod";
  EXPECT_NE(refusal(other).find("this agent is of demo"), std::string::npos);
  other = revision(1, 1);
  other.self.agent = AgentId("us/agent-2");
  EXPECT_NE(refusal(other).find("this agent is us/agent-1"), std::string::npos);
  other = revision(1, 1);
  other.self.region = RegionName("eu");
  EXPECT_NE(refusal(other), "");
}

}  // namespace
}  // namespace weir::agent
