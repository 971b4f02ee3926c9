#include "controller/enrol/redeem.h"

#include <gtest/gtest.h>

#include "common/sim/rng.h"

namespace weir::controller {
namespace {

TokenRecord make_record() {
  TokenRecord token;
  token.id = {1, 2, 3, 4, 5, 6, 7, 8};
  token.bootstrap_key.fill(9);
  token.region = RegionName("us-east-1");
  token.cluster = ClusterName("us-a");
  token.created_unix_ms = 1000;
  token.expires_unix_ms = 601'000;
  token.uses = 2;
  return token;
}

TEST(TokenRecord, IsTheSameAfterBeingStored) {
  TokenRecord token = make_record();
  token.revoked_unix_ms = 5;
  token.redemptions.push_back({AgentId("us-east-1/agent-1"), {7}, 9});
  token.replaces = AgentId("us-east-1/agent-2");
  const std::string row = encode_token_record(token);
  EXPECT_EQ(*decode_token_record(row), token);
  EXPECT_EQ(token_row_key(token.id), "enrol/token/0102030405060708");
  EXPECT_EQ(decode_token_record("").error().code(), Code::data_loss);
  Rng rng(8);
  for (int i = 0; i < 2000; ++i) {
    std::string mutated = row;
    mutated[rng.below(row.size())] = static_cast<char>(rng.below(128));
    const auto read = decode_token_record(mutated);  // any outcome but a crash
    if (read) EXPECT_FALSE(read->region.empty());
  }
}

TEST(JudgeRedeem, RefusesARegionThatIsNoLongerConfigured) {
  TokenRecord token = make_record();
  RedeemClaim claim;
  token.redeem_hash = hash_redeem_secret(claim.secret);
  claim.public_key.fill(1);
  const Registry nobody;
  EXPECT_EQ(*judge_redeem(token, claim, nobody, {RegionName("us-east-1")}, 2000), Redeem::fresh);
  const auto judged = judge_redeem(token, claim, nobody, {RegionName("eu-west-1")}, 2000);
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().code(), Code::failed_precondition);
  EXPECT_NE(judged.error().message().find("no longer in the controller's configuration"),
            std::string::npos);
}

struct StateCase {
  const char* what;
  std::size_t redemptions;
  std::int64_t revoked;
  std::int64_t now;
  TokenState state;
  std::uint32_t uses_left;
};

TEST(TokenRecord, TellsItsState) {
  for (const StateCase& row : {StateCase{"fresh", 0, 0, 1000, TokenState::open, 2},
                               {"last moment", 0, 0, 600'999, TokenState::open, 2},
                               {"expired", 0, 0, 601'000, TokenState::expired, 2},
                               {"one use left", 1, 0, 1000, TokenState::open, 1},
                               {"used up", 2, 0, 1000, TokenState::redeemed, 0},
                               {"used up, expired", 2, 0, 999'000, TokenState::redeemed, 0},
                               {"revoked", 0, 3, 1000, TokenState::revoked, 2},
                               {"revoked, expired", 1, 3, 999'000, TokenState::revoked, 1}}) {
    TokenRecord token = make_record();
    token.revoked_unix_ms = row.revoked;
    token.redemptions.resize(row.redemptions);
    EXPECT_EQ(token.state(row.now), row.state) << row.what;
    EXPECT_EQ(token.info(row.now).uses_left, row.uses_left) << row.what;
  }
}

}  // namespace
}  // namespace weir::controller
