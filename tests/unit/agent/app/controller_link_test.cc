#include "agent/app/controller_link.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "common/crypto/random.h"
#include "common/crypto/x25519.h"
#include "common/crypto/x509.h"
#include "common/join/enrol_proof.h"
#include "common/model/ports.h"
#include "common/rpc/method.h"
#include "common/rpc/server.h"
#include "tests/doubles/sim_clock.h"
#include "weir/control/v1/enrol.pb.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
namespace pb = control::v1;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const LeafIdentity k_leaf{"weir://demo/agent/us/agent-1", {}};

std::int64_t ms(Duration duration) { return duration / milliseconds(1); }

X25519KeyPair any_keys() {
  SystemKeySource source;
  return X25519KeyPair::generate(source);
}

/// A controller's CA and an agent with a certificate of it, made now for this long.
class Parties {
 public:
  Parties(std::int64_t now_unix_ms, Duration life)
      : ca(CertificateAuthority::create("demo", now_unix_ms, ms(hours(24 * 365)))) {
    const P256Key key = P256Key::generate();
    identity.private_key = agent_keys.private_key();
    identity.certificate_pem =
        ca.issue(make_csr(key), k_leaf, now_unix_ms, ms(life)).value().to_pem();
    identity.certificate_key_pem = key.to_pem();
    identity.ca_pem = ca.certificate().to_pem();
    identity.controller.public_key = controller_keys.public_key();
    identity.controller.overlay = IpAddress::v4(0x7f000001);
  }
  const X25519KeyPair agent_keys = any_keys();
  const X25519KeyPair controller_keys = any_keys();
  CertificateAuthority ca;
  Identity identity;
};

class ControllerLinkTest : public testing::Test {
 protected:
  std::int64_t now() const { return to_unix_ms(clock_.wall_now()); }
  ControllerLink link(const Parties& parties) {
    return {context_.get_executor(), clock_, parties.identity,
            [](const Result<ControllerLink::Renewed>&) {}};
  }

  asio::io_context context_;
  SimClock clock_{context_};
};

TEST_F(ControllerLinkTest, AsksForACertificateAtHalfOfItsLifeHoweverShort) {
  for (const Duration life :
       {Duration(minutes(2)), Duration(hours(24)), Duration(hours(24 * 90))}) {
    const Parties parties(now(), life);
    ControllerLink agent = link(parties);
    EXPECT_FALSE(agent.renewal_csr());
    clock_.shift_wall(life / 2 - seconds(2));
    EXPECT_FALSE(agent.renewal_csr()) << ms(life) << " ms";
    clock_.shift_wall(seconds(3));
    const auto csr = agent.renewal_csr();
    ASSERT_TRUE(csr) << ms(life) << " ms";
    EXPECT_EQ(agent.renewal_csr(), csr) << "the same while it waits";
  }
}

TEST_F(ControllerLinkTest, TakesTheCertificateItAskedFor) {
  const Parties parties(now(), hours(2));
  ControllerLink agent = link(parties);
  clock_.shift_wall(hours(1) + seconds(1));
  const auto csr = agent.renewal_csr();
  ASSERT_TRUE(csr);
  const Certificate made = parties.ca.issue(as_bytes(*csr), k_leaf, now(), ms(hours(2))).value();
  const auto renewed = agent.take_certificate(made.to_der(), parties.ca.certificate().to_der());
  ASSERT_TRUE(renewed) << renewed.error().message();
  EXPECT_EQ(renewed->certificate_pem, made.to_pem());
  EXPECT_EQ(agent.certificate_expires_unix_ms(), made.not_after_unix_ms());
  EXPECT_FALSE(agent.renewal_csr()) << "half of the new life";
}

TEST_F(ControllerLinkTest, TakesNoCertificateUnasked) {
  const Parties parties(now(), hours(2));
  ControllerLink agent = link(parties);
  const Certificate made =
      parties.ca.issue(make_csr(P256Key::generate()), k_leaf, now(), ms(hours(2))).value();
  const auto taken = agent.take_certificate(made.to_der(), parties.ca.certificate().to_der());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message(), "no certificate was asked for");
}

TEST_F(ControllerLinkTest, TakesNoCertificateForAForeignKey) {
  const Parties parties(now(), hours(2));
  ControllerLink agent = link(parties);
  clock_.shift_wall(minutes(90));
  ASSERT_TRUE(agent.renewal_csr());
  const std::int64_t before = agent.certificate_expires_unix_ms();
  const Certificate made =
      parties.ca.issue(make_csr(P256Key::generate()), k_leaf, now(), ms(hours(2))).value();
  const auto taken = agent.take_certificate(made.to_der(), parties.ca.certificate().to_der());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), Code::failed_precondition);
  EXPECT_EQ(taken.error().message(), "the certificate is for another key");
  EXPECT_EQ(agent.certificate_expires_unix_ms(), before);
}

TEST_F(ControllerLinkTest, TakesNoCertificateOfAForeignCa) {
  const Parties parties(now(), hours(2));
  const Parties others(now(), hours(2));
  ControllerLink agent = link(parties);
  clock_.shift_wall(minutes(90));
  const auto csr = agent.renewal_csr();
  ASSERT_TRUE(csr);
  const Certificate made = others.ca.issue(as_bytes(*csr), k_leaf, now(), ms(hours(2))).value();
  const auto taken = agent.take_certificate(made.to_der(), others.ca.certificate().to_der());
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message(), "the certificate is not of the mesh's CA");
}

/// A controller on an address of this process's own, so that its fixed port is free.
class LapsedRenewal : public testing::Test {
 protected:
  LapsedRenewal() : parties_(to_unix_ms(clock_.wall_now()) - ms(hours(3)), hours(1)) {
    const auto pid = static_cast<std::uint32_t>(::getpid());
    address_ =
        IpAddress::v4(0x7f000000U | (1 + ((pid >> 8U) & 0x3fU)) << 16U | (pid & 0xffU) << 8U | 9U);
    parties_.identity.controller.overlay = address_;
  }

  asio::awaitable<Result<pb::RenewLapsedReply>> renew(pb::RenewLapsedRequest request) {
    const auto proof = renewal_proof(parties_.controller_keys.private_key(),
                                     parties_.agent_keys.public_key(), as_bytes(request.csr_der()));
    EXPECT_EQ(request.key_proof(), std::string(as_text(*proof)));
    const auto made = parties_.ca.issue(as_bytes(request.csr_der()), k_leaf,
                                        to_unix_ms(clock_.wall_now()), ms(hours(1)));
    pb::RenewLapsedReply reply;
    reply.set_certificate_der(std::string(as_text(made->to_der())));
    reply.set_ca_der(std::string(as_text(parties_.ca.certificate().to_der())));
    co_return reply;
  }

  /// Connects once; what the link told about the certificate on the way.
  std::optional<Result<ControllerLink::Renewed>> told_by_a_connect() {
    std::optional<Result<ControllerLink::Renewed>> told;
    ControllerLink agent(context_.get_executor(), clock_, parties_.identity,
                         [&told](Result<ControllerLink::Renewed> made) { told = std::move(made); });
    bool done = false;
    asio::co_spawn(
        context_,
        [&]() -> asio::awaitable<void> {
          connected_ = (co_await agent.connect()).has_value();
          co_await agent.stop();
          done = true;
        },
        [](const std::exception_ptr&) {});
    while (!done) context_.run_one_for(milliseconds(100));
    return told;
  }

  asio::io_context context_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  SystemClock clock_;
  Parties parties_;
  IpAddress address_;
  bool connected_ = false;
};

TEST_F(LapsedRenewal, ComesBeforeTheSession) {
  static const UnaryMethod<pb::RenewLapsedRequest, pb::RenewLapsedReply> method(
      "weir.control.v1.Enrolment.RenewLapsed");
  RpcRouter router;
  router.unary<pb::RenewLapsedRequest, pb::RenewLapsedReply>(
      method, [this](const CallContext&, pb::RenewLapsedRequest request) {
        return renew(std::move(request));
      });
  RpcServer server(context_.get_executor(), router);
  server.listen_insecure({address_, k_port_enrolment});
  const Status started = server.start();
  ASSERT_TRUE(started) << started.error().message();
  const auto told = told_by_a_connect();
  ASSERT_TRUE(told.has_value());
  ASSERT_TRUE(*told) << told->error().message();
  const auto made = Certificate::from_pem((*told)->certificate_pem);
  ASSERT_TRUE(made);
  EXPECT_GT(made->not_after_unix_ms(), to_unix_ms(clock_.wall_now()));
  bool stopped = false;
  asio::co_spawn(
      context_,
      [&]() -> asio::awaitable<void> {
        co_await server.stop();
        stopped = true;
      },
      [](const std::exception_ptr&) {});
  while (!stopped) context_.run_one_for(milliseconds(100));
}

TEST_F(LapsedRenewal, SaysWhyThereIsNoSession) {
  const auto told = told_by_a_connect();
  ASSERT_TRUE(told.has_value());
  ASSERT_FALSE(*told);
  EXPECT_NE(told->error().message().find("renew a certificate that has run out"),
            std::string::npos);
  EXPECT_FALSE(connected_);
}

}  // namespace
}  // namespace weir::agent
