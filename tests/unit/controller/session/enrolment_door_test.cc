#include "controller/session/enrolment_door.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "common/join/join_token.h"
#include "tests/doubles/sim_clock.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace pb = control::v1;

constexpr TokenId k_token{1, 2, 3, 4, 5, 6, 7, 8};

class EnrolmentDoorTest : public testing::Test {
 protected:
  static asio::awaitable<Result<pb::EnrolReply>> enrol(pb::EnrolRequest request) {
    pb::EnrolReply reply;
    reply.set_agent(request.token_id());
    co_return reply;
  }

  static asio::awaitable<Result<pb::RenewLapsedReply>> renew(IpAddress caller,
                                                             pb::RenewLapsedRequest) {
    pb::RenewLapsedReply reply;
    reply.set_certificate_der(caller.to_string());
    co_return reply;
  }

  template <typename Reply>
  Result<Reply> answer_of(asio::awaitable<Result<Reply>> work) {
    std::optional<Result<Reply>> answer;
    asio::co_spawn(
        context_, std::move(work),
        [&answer](const std::exception_ptr&, Result<Reply> reply) { answer = std::move(reply); });
    clock_.advance(Duration(0));
    return answer.value_or(fail(Code::internal, "no answer"));
  }

  Result<pb::RenewLapsedReply> renew_from(const std::string& peer) {
    CallContext context;
    context.peer.address = peer;
    return answer_of(door_.renew(context, {}));
  }

  Result<pb::EnrolReply> try_from(const std::string& peer, const TokenId& token = k_token) {
    pb::EnrolRequest request;
    request.set_token_id(to_string(token));
    CallContext context;
    context.peer.address = peer;
    return answer_of(door_.enter(context, request));
  }

  asio::io_context context_;
  SimClock clock_{context_};
  struct Refusal {
    std::string caller;
    std::string token;
    Code code;
  };
  std::vector<Refusal> refusals_;
  EnrolmentDoor door_{
      clock_, enrol, renew,
      [this](const std::string& caller, const std::string& token, const Error& why) {
        refusals_.push_back({caller, token, why.code()});
      }};
  const std::string own_ = "ipv6:[" + bootstrap_address(k_token).to_string() + "]:4242";
};

TEST_F(EnrolmentDoorTest, LetsACallerRedeemTheTokenOfItsTunnel) {
  const auto reply = try_from(own_);
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->agent(), to_string(k_token));
}

TEST_F(EnrolmentDoorTest, RefusesATokenOfAnotherTunnel) {
  EXPECT_EQ(try_from(own_, TokenId{9}).error().code(), Code::permission_denied);
  EXPECT_EQ(try_from("ipv4:10.90.0.2:1").error().code(), Code::permission_denied);
  EXPECT_EQ(try_from("unix:").error().code(), Code::invalid_argument);
  EXPECT_EQ(try_from("").error().code(), Code::invalid_argument);
}

TEST_F(EnrolmentDoorTest, BoundsTheTriesOfOneCaller) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(try_from(own_));
  EXPECT_EQ(try_from(own_).error().code(), Code::resource_exhausted);
  clock_.advance(std::chrono::seconds(10));
  EXPECT_TRUE(try_from(own_));
}

TEST_F(EnrolmentDoorTest, BoundsTheTriesOfAll) {
  int passed = 0;
  for (int i = 0; i < 60; ++i) {
    const TokenId token{static_cast<std::uint8_t>(i)};
    const std::string peer = "ipv6:[" + bootstrap_address(token).to_string() + "]:1";
    passed += try_from(peer, token) ? 1 : 0;
  }
  EXPECT_EQ(passed, 50);
}

TEST_F(EnrolmentDoorTest, TellsTheEnrollerWhoAsksForARenewalByItsTunnelAlone) {
  const auto reply = renew_from("ipv4:10.90.0.7:4242");
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->certificate_der(), "10.90.0.7");
  EXPECT_EQ(renew_from("unix:").error().code(), Code::invalid_argument);
}

TEST_F(EnrolmentDoorTest, LetsEveryAgentRenewAfterALongAbsenceButNoneHammer) {
  for (int agent = 2; agent < 202; ++agent) {
    EXPECT_TRUE(renew_from("ipv4:10.90.0." + std::to_string(agent) + ":1")) << agent;
  }
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(renew_from("ipv4:10.90.0.2:1"));
  EXPECT_EQ(renew_from("ipv4:10.90.0.2:1").error().code(), Code::resource_exhausted);
  EXPECT_TRUE(try_from(own_)) << "renewals leave joining alone";
}

TEST_F(EnrolmentDoorTest, TellsOfEveryRefusalOfItsOwn) {
  EXPECT_TRUE(try_from(own_));
  EXPECT_TRUE(refusals_.empty());
  EXPECT_FALSE(try_from("ipv4:10.90.0.2:1"));
  ASSERT_EQ(refusals_.size(), 1U);
  EXPECT_EQ(refusals_[0].caller, "ipv4:10.90.0.2:1");
  EXPECT_EQ(refusals_[0].token, to_string(k_token));
  EXPECT_EQ(refusals_[0].code, Code::permission_denied);
  for (int i = 0; i < 6; ++i) (void)renew_from("ipv4:10.90.0.7:1");
  ASSERT_EQ(refusals_.size(), 2U);
  EXPECT_EQ(refusals_[1].code, Code::resource_exhausted);
}

}  // namespace
}  // namespace weir::controller
