#include "agent/health/health_set.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>

#include "tests/doubles/sim_clock.h"

namespace weir::agent {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

Endpoint server(std::uint16_t port) { return {IpAddress::v4(0x0a010001), port}; }

/// What each server does: answers at once, fails, or stays silent until the timeout.
struct Script {
  enum class Server { good, bad, silent };
  std::map<Endpoint, Server> servers;
  std::map<Endpoint, int> checks;
};

class ScriptedCheck final : public CheckTransport {
 public:
  ScriptedCheck(Script& script, Clock& clock) : script_(script), clock_(clock) {}
  asio::awaitable<Status> check(const Endpoint& endpoint, milliseconds timeout) override {
    ++script_.checks[endpoint];
    const auto how = script_.servers[endpoint];
    if (how == Script::Server::silent) {
      if (!co_await clock_.sleep_for(timeout)) co_return fail(Code::cancelled, "stopped");
      co_return fail(Code::deadline_exceeded, "no answer");
    }
    if (how == Script::Server::bad) co_return fail(Code::unavailable, "connection refused");
    co_return Status();
  }

 private:
  Script& script_;
  Clock& clock_;
};

class HealthSetTest : public testing::Test {
 protected:
  HealthSetTest() {
    wanted_.service = ServiceName("shop/web");
    wanted_.spec.interval = milliseconds(200);
    wanted_.spec.timeout = milliseconds(400);
    wanted_.spec.rise = 2;
    wanted_.spec.fall = 2;
    wanted_.endpoints = {server(1), server(2)};
  }

  ~HealthSetTest() override {
    set_.stop();
    clock_.advance(seconds(1));
  }

  std::string changes() {
    std::string text;
    for (const EndpointState& state : std::exchange(changes_, {})) {
      text += std::to_string(state.endpoint.port) + (state.healthy ? "up " : "down ");
    }
    return text;
  }

  asio::io_context context_;
  SimClock clock_{context_};
  Script script_;
  WantedChecks wanted_;
  std::vector<EndpointState> changes_;
  int transports_ = 0;
  HealthSet set_{context_.get_executor(), clock_, Rng(1),
                 [this](const HealthCheckSpec&) {
                   ++transports_;
                   return std::make_unique<ScriptedCheck>(script_, clock_);
                 },
                 [this](const std::vector<EndpointState>& changed) {
                   changes_.insert(changes_.end(), changed.begin(), changed.end());
                 }};
};

TEST_F(HealthSetTest, StartsUnhealthyAndFindsOutQuickly) {
  set_.set_wanted({wanted_});
  EXPECT_FALSE(set_.snapshot()[0].healthy);
  EXPECT_EQ(set_.snapshot()[0].reason, "not checked yet");
  EXPECT_FALSE(set_.settled());
  script_.servers[server(2)] = Script::Server::bad;
  clock_.advance(milliseconds(60));
  EXPECT_TRUE(set_.settled());
  EXPECT_TRUE(set_.snapshot()[0].healthy);
  EXPECT_FALSE(set_.snapshot()[1].healthy);
  EXPECT_EQ(set_.snapshot()[1].reason, "connection refused");
}

TEST_F(HealthSetTest, NoticesASilentServerAndItsReturn) {
  set_.set_wanted({wanted_});
  clock_.advance(seconds(2));
  changes();
  script_.servers[server(1)] = Script::Server::silent;
  clock_.advance(milliseconds(1200));
  EXPECT_EQ(changes(), "1down ");
  EXPECT_EQ(set_.snapshot()[0].reason, "no answer");
  script_.servers[server(1)] = Script::Server::good;
  clock_.advance(seconds(2));
  EXPECT_EQ(changes(), "1up ");
}

TEST_F(HealthSetTest, BelievesABrokenRequestAtOnceAndWantsProofAfterwards) {
  wanted_.spec.interval = seconds(30);
  set_.set_wanted({wanted_});
  clock_.advance(seconds(1));
  changes();
  script_.checks.clear();
  set_.report_failure(wanted_.service, server(2), "connection refused");
  EXPECT_EQ(changes(), "2down ");
  clock_.advance(milliseconds(110));
  EXPECT_EQ(script_.checks[server(2)], 1);
  EXPECT_EQ(script_.checks[server(1)], 0);
  EXPECT_EQ(changes(), "");
  clock_.advance(seconds(17));  // half the interval and its jitter
  EXPECT_EQ(changes(), "2up ");
  set_.report_failure(ServiceName("no/such"), server(2), "x");
  set_.report_failure(wanted_.service, server(9), "x");
  EXPECT_EQ(changes(), "");
}

TEST_F(HealthSetTest, ReconcilesWithoutDisturbingWhatStays) {
  set_.set_wanted({wanted_});
  clock_.advance(seconds(1));
  changes();
  wanted_.endpoints = {server(2), server(3)};
  script_.checks.clear();
  set_.set_wanted({wanted_});
  EXPECT_TRUE(set_.snapshot()[0].healthy);  // 2 stays known
  EXPECT_EQ(transports_, 1);
  clock_.advance(seconds(1));
  EXPECT_EQ(script_.checks[server(1)], 0);
  EXPECT_EQ(changes(), "3up ");

  wanted_.spec.timeout = milliseconds(300);
  set_.set_wanted({wanted_});
  EXPECT_EQ(transports_, 2);
  EXPECT_TRUE(set_.snapshot()[0].healthy);
  EXPECT_TRUE(set_.settled());
  clock_.advance(seconds(1));
  EXPECT_EQ(changes(), "");

  set_.set_wanted({});
  EXPECT_TRUE(set_.snapshot().empty());
  script_.checks.clear();
  clock_.advance(seconds(1));
  EXPECT_TRUE(script_.checks.empty());
}

TEST_F(HealthSetTest, OneNewServerKeepsNobodysNewsBack) {
  set_.set_wanted({wanted_});
  EXPECT_TRUE(set_.known().empty());
  clock_.advance(seconds(1));
  ASSERT_TRUE(set_.settled());
  script_.servers[server(3)] = Script::Server::silent;
  wanted_.endpoints.push_back(server(3));
  set_.set_wanted({wanted_});
  EXPECT_TRUE(set_.settled());
  ASSERT_EQ(set_.known().size(), 2U) << "what is not checked yet is in no sum";
  script_.servers[server(1)] = Script::Server::bad;
  set_.report_failure(wanted_.service, server(1), "connection refused");
  EXPECT_FALSE(set_.known()[0].healthy);
  EXPECT_TRUE(set_.settled());
  clock_.advance(seconds(1));
  EXPECT_EQ(set_.known().size(), 3U);
}

TEST_F(HealthSetTest, WaitsTwoSecondsAtMostForTheFirstChecks) {
  wanted_.spec.timeout = seconds(30);
  script_.servers[server(1)] = Script::Server::silent;
  set_.set_wanted({wanted_});
  clock_.advance(milliseconds(1900));
  EXPECT_FALSE(set_.settled());
  clock_.advance(milliseconds(200));
  EXPECT_TRUE(set_.settled());
  ASSERT_EQ(set_.known().size(), 1U);
  EXPECT_EQ(set_.known()[0].endpoint, server(2));
}

TEST_F(HealthSetTest, TakesUncheckedServersForHealthy) {
  wanted_.spec.kind = HealthCheckSpec::Kind::none;
  set_.set_wanted({wanted_});
  EXPECT_TRUE(set_.snapshot()[0].healthy);
  EXPECT_TRUE(set_.settled());
  clock_.advance(seconds(5));
  EXPECT_TRUE(script_.checks.empty());
}

TEST_F(HealthSetTest, StopsInTheMiddleOfACheck) {
  script_.servers[server(1)] = Script::Server::silent;
  set_.set_wanted({wanted_});
  clock_.advance(milliseconds(100));
  bool joined = false;
  TaskGroup waiter(context_.get_executor());
  waiter.spawn("join", [](HealthSet& set, bool& done) -> asio::awaitable<void> {
    set.stop();
    co_await set.join();
    done = true;
  }(set_, joined));
  clock_.advance(milliseconds(0));
  EXPECT_TRUE(joined);
}

}  // namespace
}  // namespace weir::agent
