#include "controller/publish/publisher.h"

#include <gtest/gtest.h>

#include "common/model/codec.h"
#include "controller/publish/ack_book.h"

namespace weir::controller {
namespace {

const RegionName k_us("us");
const RegionName k_eu("eu");
const ServiceName k_web("shop/web");

MeshPeer peer(const std::string& name, const RegionName& region, std::uint8_t number) {
  MeshPeer made;
  made.agent = AgentId(name);
  made.region = region;
  made.cluster = ClusterName("c-" + region.value());
  made.overlay = *IpAddress::parse("10.90.0." + std::to_string(number));
  made.public_key.fill(number);
  return made;
}

PublishInput input() {
  PublishInput made;
  made.mesh = "demo";
  made.overlay_prefix = *IpPrefix::parse("10.90.0.0/16");
  made.controller = peer("weir/controller", k_us, 1);
  made.controller.controller = true;
  made.agents = {peer("us/agent-1", k_us, 2), peer("eu/agent-1", k_eu, 3)};
  made.regions = {k_us, k_eu};
  ServiceConfig service;
  service.plan.service = k_web;
  service.plan.listen_port = 8080;
  made.services = {service};
  for (const RegionName& from : made.regions) {
    WeightProposal proposal{k_web, from, {}, "static", {{k_eu, "because", 0, ""}}};
    for (const RegionName& to : made.regions) {
      proposal.weights.push_back({to, from == to ? 130.0 : 100.0, "nearby"});
    }
    made.proposal.push_back(proposal);
  }
  made.unix_ms = 1'000'000;
  return made;
}

Publisher publisher() { return Publisher({.step_interval = std::chrono::milliseconds(1000)}); }

std::vector<Weight> weights_of(const Publisher& from, const RegionName& region) {
  return from.state().weights.at({k_web, region}).change.after;
}

TEST(Publisher, GivesEachAgentItsWholeState) {
  Publisher published = publisher();
  auto draft = published.draft(input());
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->state.id, (RevisionId{1, 1}));
  EXPECT_EQ(draft->agents.size(), 2U);
  EXPECT_EQ(draft->changes.size(), 2U);
  EXPECT_EQ(draft->changes[0].reasons, (std::vector<Reason>{{k_eu, "because", 0, ""}}));
  EXPECT_EQ(published.revision_for(AgentId("us/agent-1")), nullptr) << "not before accept";
  published.accept(std::move(*draft));

  const auto message = published.revision_for(AgentId("eu/agent-1"));
  ASSERT_NE(message, nullptr);
  const auto revision = from_proto(*message);
  ASSERT_TRUE(revision) << revision.error().message();
  EXPECT_EQ(revision->self.region, k_eu);
  ASSERT_EQ(revision->peers.size(), 2U);
  EXPECT_TRUE(revision->peers[0].controller);
  EXPECT_EQ(revision->peers[1].agent, AgentId("us/agent-1"));
  ASSERT_EQ(revision->services.size(), 1U);
  EXPECT_EQ(revision->services[0].weights, (std::vector<Weight>{{k_us, 100}, {k_eu, 130}}));
}

TEST(Publisher, TellsAgentsWhatHoldsOnceAWishHasFaded) {
  Publisher published = publisher();
  auto steered = input();
  steered.services[0].policy.ttl = std::chrono::seconds(60);
  steered.proposal[0].weights = {{k_us, 10'000, ""}, {k_eu, 0, ""}};
  steered.proposal[0].fades = true;
  published.accept(*published.draft(steered));
  const auto plan_of = [&](const char* agent) {
    return from_proto(*published.revision_for(AgentId(agent)))->services.at(0);
  };
  EXPECT_EQ(plan_of("us/agent-1").configured, (std::vector<Weight>{{k_us, 130}, {k_eu, 100}}));
  EXPECT_EQ(plan_of("us/agent-1").weights_ttl, std::chrono::seconds(60));
  EXPECT_TRUE(plan_of("eu/agent-1").configured.empty()) << "the configured weights never fade";

  steered.unix_ms += 5000;
  steered.proposal.erase(steered.proposal.begin());  // nothing is wanted of us now
  EXPECT_FALSE(published.draft(steered)) << "what is left out stays as it is, fading too";
  WeightProposal pin{k_web, k_us, {{k_us, 10'000, ""}, {k_eu, 0, ""}}, "pin by root", {}};
  steered.proposal.push_back(pin);
  published.accept(*published.draft(steered));
  EXPECT_TRUE(plan_of("us/agent-1").configured.empty()) << "what people pinned does not fade";
}

TEST(Publisher, GivesAgentsLimitsWithoutAChangeInTheHistory) {
  Publisher published = publisher();
  published.accept(*published.draft(input()));
  auto limited = input();
  limited.proposal[0].limits = {{k_us, 9, 10'000}, {k_eu, 4, 500}};
  auto draft = published.draft(limited);
  ASSERT_TRUE(draft);
  EXPECT_TRUE(draft->changes.empty());
  EXPECT_EQ(draft->agents, std::vector<AgentId>{AgentId("us/agent-1")});
  published.accept(std::move(*draft));
  const auto limits_of = [&](const char* agent) {
    return from_proto(*published.revision_for(AgentId(agent)))->services.at(0).limits;
  };
  EXPECT_EQ(limits_of("us/agent-1"), limited.proposal[0].limits);

  MeshPeer second = limited.agents[0];
  ASSERT_EQ(second.region, k_us);
  second.agent = AgentId("us/agent-2");
  second.overlay = *IpAddress::parse("10.90.0.9");
  second.public_key.fill(9);
  limited.agents.push_back(second);
  published.accept(*published.draft(limited));
  EXPECT_EQ(limits_of("us/agent-2"),
            (std::vector<InFlightLimit>{{k_us, 5, 10'000}, {k_eu, 2, 500}}))
      << "an even part for each agent of the region";

  limited.proposal.erase(limited.proposal.begin());
  EXPECT_FALSE(published.draft(limited)) << "what is left out stays as it is";
  limited.proposal = input().proposal;
  published.accept(*published.draft(limited));
  EXPECT_TRUE(limits_of("us/agent-1").empty()) << "what others propose has none";
}

TEST(Publisher, MakesANewGenerationOnlyForNewContent) {
  Publisher published = publisher();
  published.accept(*published.draft(input()));
  auto later = input();
  later.unix_ms += 60'000;
  EXPECT_FALSE(published.draft(later));

  later.proposal[0].weights[1].weight = 50;  // from us to eu
  auto draft = published.draft(later);
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->state.id, (RevisionId{1, 2}));
  EXPECT_EQ(draft->agents, std::vector<AgentId>{AgentId("us/agent-1")});
  published.accept(std::move(*draft));
  EXPECT_EQ(published.revision_for(AgentId("us/agent-1"))->generation(), 2U);
  EXPECT_EQ(published.revision_for(AgentId("eu/agent-1"))->generation(), 1U);
}

TEST(Publisher, KeepsEveryRevisionOverARestart) {
  Publisher first = publisher();
  first.accept(*first.draft(input()));
  const auto before = first.revision_for(AgentId("us/agent-1"));

  Publisher second = publisher();
  second.restore(first.state());
  auto later = input();
  later.unix_ms += 3'600'000;
  auto draft = second.draft(later);
  ASSERT_TRUE(draft) << "the revisions must be made once";
  EXPECT_TRUE(draft->agents.empty());
  EXPECT_TRUE(draft->changes.empty());
  EXPECT_EQ(draft->state, first.state());
  second.accept(std::move(*draft));
  EXPECT_EQ(second.revision_for(AgentId("us/agent-1"))->SerializeAsString(),
            before->SerializeAsString());
  EXPECT_FALSE(second.draft(later));
}

TEST(Publisher, TellsEveryAgentOfANewOneAndOfOneThatLeft) {
  Publisher published = publisher();
  published.accept(*published.draft(input()));
  auto grown = input();
  grown.agents.push_back(peer("eu/agent-2", k_eu, 4));
  auto draft = published.draft(grown);
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->agents.size(), 3U);
  EXPECT_TRUE(draft->changes.empty());
  published.accept(std::move(*draft));

  draft = published.draft(input());
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->state.id.generation, 3U);
  published.accept(std::move(*draft));
  EXPECT_EQ(published.revision_for(AgentId("eu/agent-2")), nullptr);
}

TEST(Publisher, WalksToTheProposalStepByStep) {
  auto wish = input();
  wish.services[0].plan.guards.max_step = Ratio(0.1);
  Publisher published = publisher();
  published.accept(*published.draft(wish));
  EXPECT_TRUE(published.settled());

  wish.proposal[0].weights = {{k_us, 100, ""}, {k_eu, 0, ""}};
  wish.unix_ms += 1000;
  auto draft = published.draft(wish);
  ASSERT_TRUE(draft);
  EXPECT_FALSE(draft->changes.at(0).guards.empty());
  published.accept(std::move(*draft));
  EXPECT_FALSE(published.settled());
  EXPECT_NEAR(weights_of(published, k_us)[0].weight, 6652, 2);

  wish.unix_ms += 999;
  if (auto early = published.draft(wish)) {
    EXPECT_TRUE(early->changes.empty()) << "a step before its time";
    published.accept(std::move(*early));
  }
  int steps = 1;
  while (!published.settled() && steps < 20) {
    wish.unix_ms += 1000;
    if (auto next = published.draft(wish)) published.accept(std::move(*next));
    ++steps;
  }
  EXPECT_EQ(steps, 5);
  EXPECT_EQ(weights_of(published, k_us), (std::vector<Weight>{{k_us, 100}, {k_eu, 0}}));
}

TEST(Publisher, NamesAPairResidencyLeavesNothingAndKeepsTheRest) {
  auto broken = input();
  broken.services[0].residency[k_eu] = {RegionName("mars")};
  Publisher published = publisher();
  auto draft = published.draft(broken);
  ASSERT_TRUE(draft);
  ASSERT_EQ(draft->warnings.size(), 1U);
  EXPECT_NE(draft->warnings[0].find("shop/web from eu"), std::string::npos) << draft->warnings[0];
  published.accept(std::move(*draft));
  EXPECT_EQ(published.revision_for(AgentId("eu/agent-1"))->services_size(), 0);
  EXPECT_EQ(published.revision_for(AgentId("us/agent-1"))->services_size(), 1);
}

TEST(Publisher, BeginsAnEpochAboveWhatARestoredBackupForgot) {
  const AgentId agent("us/agent-1");
  Publisher published = publisher();
  published.accept(*published.draft(input()));
  const auto digest = as_bytes(published.revision_for(agent)->digest());
  const ByteVector ours(digest.begin(), digest.end());
  EXPECT_EQ(published.saw(agent, {1, 1}, ours), false);
  EXPECT_EQ(published.saw(agent, {0, 0}, {}), false);
  EXPECT_FALSE(published.draft(input()));

  EXPECT_EQ(published.saw(agent, {1, 7}, ours), true);
  auto draft = published.draft(input());
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->state.id, (RevisionId{2, 2}));
  EXPECT_EQ(draft->agents.size(), 2U);
  published.accept(std::move(*draft));
  EXPECT_EQ(published.saw(agent, {1, 9}, ours), false);
}

TEST(Publisher, TakesTheSameIdWithAnotherContentForAFork) {
  Publisher published = publisher();
  published.accept(*published.draft(input()));
  EXPECT_EQ(published.saw(AgentId("us/agent-1"), {1, 1}, ByteVector(32, 9)), true);
}

TEST(Publisher, DoesNotFollowAnAgentToAnAbsurdEpoch) {
  Publisher published = publisher();
  published.accept(*published.draft(input()));
  const auto seen = published.saw(AgentId("us/agent-1"), {UINT64_MAX, 1}, {});
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code(), Code::out_of_range);
  EXPECT_FALSE(published.draft(input()));
}

TEST(Publisher, PreviewsWithoutChanging) {
  Publisher published = publisher();
  published.accept(*published.draft(input()));
  const WeightProposal wish{k_web, k_us, {{k_us, 70, ""}, {k_eu, 30, ""}}, "pin by root", {}};
  const auto seen = published.preview(input(), wish);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->before, (std::vector<Weight>{{k_us, 130}, {k_eu, 100}}));
  EXPECT_EQ(seen->after, (std::vector<Weight>{{k_us, 70}, {k_eu, 30}}));
  EXPECT_FALSE(published.draft(input()));
  const WeightProposal lost{ServiceName("shop/none"), k_us, {}, "", {}};
  EXPECT_EQ(published.preview(input(), lost).error().code(), Code::not_found);
}

TEST(Publisher, StepsOnAfterTheWallClockWasSetBack) {
  auto wish = input();
  wish.services[0].plan.guards.max_step = Ratio(0.1);
  Publisher published = publisher();
  published.accept(*published.draft(wish));
  wish.proposal[0].weights = {{k_us, 100, ""}, {k_eu, 0, ""}};
  wish.unix_ms -= 3'600'000;
  const auto draft = published.draft(wish);
  ASSERT_TRUE(draft);
  EXPECT_EQ(draft->changes.size(), 1U) << "frozen until the clock has caught up";
}

TEST(AckBook, CutsARefusalBetweenLetters) {
  const AgentId agent("us/agent-1");
  AckBook book;
  book.answer(agent, {1, 4}, std::string(499, 'x') + "\u20ac");
  EXPECT_EQ(book.of(agent).refusal, std::string(499, 'x'));
}

TEST(AckBook, ForgetsARefusalOnceSomethingNewerIsInForce) {
  const AgentId agent("us/agent-1");
  AckBook book;
  book.hello(agent, {1, 3});
  EXPECT_EQ(book.of(agent).acked, (RevisionId{1, 3}));
  book.answer(agent, {1, 4}, "no");
  EXPECT_EQ(book.of(agent).refusal, "no");
  EXPECT_EQ(book.of(agent).acked, (RevisionId{1, 3}));
  book.answer(agent, {1, 5}, "");
  EXPECT_EQ(book.of(agent), (AgentAck{{1, 5}, {1, 4}, ""}));
}

}  // namespace
}  // namespace weir::controller
