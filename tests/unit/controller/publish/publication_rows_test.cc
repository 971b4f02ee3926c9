#include "controller/publish/publication_rows.h"

#include <gtest/gtest.h>

namespace weir::controller {
namespace {

WeightChange change(std::uint64_t generation) {
  return {.service = ServiceName("shop/web"),
          .from = RegionName("us"),
          .id = {2, generation},
          .unix_ms = 77,
          .by = "pin by root",
          .before = {{RegionName("us"), 130}},
          .after = {{RegionName("us"), 70}, {RegionName("eu"), 30}},
          .reasons = {{RegionName("us"), "overload", -0.25, "9 waiting"}},
          .guards = {"minimum share: eu raised"},
          .expected_in_objective = 0.75,
          .seen_before = SeenRequests{.ended = 10, .in_objective = 5, .p99_us = 7},
          .seen_after = SeenRequests{.ended = 12, .in_objective = 12, .p99_us = 3}};
}

TEST(PublicationRows, ComeBackAsTheyWere) {
  PublicationState state;
  state.id = {2, 9};
  state.agents[AgentId("us/agent-1")] = {{2, 8}, 5, ByteVector(32, 7)};
  state.weights[{ServiceName("shop/web"), RegionName("us")}] = {
      change(8), false, true, {{RegionName("eu"), 5, 10}}};
  EXPECT_EQ(decode_state(encode_state(state)), state);

  EXPECT_EQ(decode_change(encode_change(change(3))), change(3));

  const WeightPin pin{
      ServiceName("shop/web"), RegionName("us"), {{RegionName("eu"), 1}}, "root", 1, 2};
  EXPECT_EQ(decode_pin(encode_pin(pin)), pin);

  const auto endpoint =
      decode_endpoint(encode_endpoint(AgentId("us/agent-1"), *Endpoint::parse("192.0.2.1:51820")));
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(endpoint->second.to_string(), "192.0.2.1:51820");
}

TEST(PublicationRows, RefuseDamage) {
  EXPECT_EQ(decode_state("\xff\xff").error().code(), Code::data_loss);
  EXPECT_EQ(decode_endpoint("").error().code(), Code::data_loss);
}

TEST(PublicationRows, SortChangesByAge) {
  EXPECT_LT(change_row_key(change(9)), change_row_key(change(10)));
  EXPECT_LT(change_row_key(change(255)), change_row_key(change(256)));
}

TEST(PublicationRows, WriteADraftInOneTransaction) {
  PublicationDraft draft;
  draft.changes = {change(1), change(2)};
  Transaction transaction;
  add_draft(draft, transaction);
  EXPECT_EQ(transaction.writes().size(), 3U);
  EXPECT_TRUE(transaction.check());
}

}  // namespace
}  // namespace weir::controller
