// Services steered with real policies' places taken by puppets that hang, throw or do as they are
// told: real worker thread, simulated time, a store in memory.

#include "controller/app/steering_loop.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <stdexcept>
#include <thread>

#include "common/async/task_group.h"
#include "controller/store/memory/memory_store.h"
#include "tests/doubles/sim_clock.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace pb = telemetry::v1;
using std::chrono::milliseconds;
using std::chrono::seconds;

const ServiceName k_web("shop/web");
const RegionName k_us("us");
const RegionName k_eu("eu");

/// What a puppet does when it is asked; shared with one that may outlive the test.
struct Deed {
  std::function<ServiceWish(const ServiceObservation&)> act;
  std::atomic<int> shown = 0;
};

class Puppet final : public ServicePolicy {
 public:
  Puppet(std::string_view name, std::shared_ptr<Deed> deed) : name_(name), deed_(std::move(deed)) {}
  std::string_view name() const override { return name_; }
  ServiceWish observe(const ServiceObservation& seen) override {
    ++deed_->shown;
    return deed_->act(seen);
  }

 private:
  const std::string name_;
  const std::shared_ptr<Deed> deed_;
};

ServiceWish all_to_the_first(const ServiceObservation& seen) {
  const std::size_t n = seen.offered.size();
  ServiceWish wish{.shares = Grid<double>(n, n, 0), .shed = {}, .why = {}, .expected_in_slo = {}};
  for (std::size_t from = 0; from < n; ++from) wish.shares(from, 0) = 1;
  return wish;
}

ControllerOptions two_regions(std::optional<double> ceiling) {
  ControllerOptions options;
  options.regions = {k_us, k_eu};
  ServiceConfig service;
  service.plan.service = k_web;
  service.policy.mode = PolicyMode::automatic;
  service.policy.name = "puppet";
  service.policy.kb_per_request = 1000;
  service.max_cost_per_hour = ceiling;
  options.prices.per_gb = 0.02;
  options.rollout = {.shadow = seconds(5), .canary = seconds(5), .everywhere = seconds(5)};
  options.services = {service};
  return options;
}

/// One life of the loop, on a store that outlives it.
class Life {
 public:
  Life(Store& store, const std::shared_ptr<Deed>& puppet, const std::shared_ptr<Deed>& planner,
       std::optional<double> ceiling = std::nullopt)
      : options_(two_regions(ceiling)), store_(store) {
    add("puppet", puppet);
    add("planner", planner);
    loop_ = std::make_unique<SteeringLoop>(
        core_.get_executor(),
        SteeringLoop::Parts{
            .options = options_,
            .services = options_.services,
            .catalog = catalog_,
            .clock = clock_,
            .store = store_,
            .blocking = blocking_,
            .log = log_,
            .telemetry = telemetry_,
            .publisher = publisher_,
            .pinned = [this](const ServiceName&, const RegionName& from) { return from == pinned; },
            .changed = [this] { ++rounds_; },
            .note =
                [this](std::string type, const std::string&, std::string message,
                       const ServiceName&) {
                  events.push_back(std::move(type) + ": " + std::move(message));
                }});
    EXPECT_TRUE(loop_->load());
    tasks_.spawn("steering", loop_->run());
    clock_.advance(milliseconds(0));
  }
  ~Life() {
    tasks_.stop();
    clock_.advance(milliseconds(100));
    blocking_.join();
    core_.restart();
    core_.run_for(milliseconds(50));
    loop_.reset();
  }

  /// Agents report, a second passes; whoever is asked then has all the time it wants.
  void second() {
    report(k_us);
    report(k_eu);
    clock_.advance(seconds(1));
  }
  /// The same, and everybody who was asked has answered.
  void second_answered() {
    second();
    for (int i = 0; i < 10; ++i) let_be();
  }
  template <typename T>
  T wait(asio::awaitable<T> task) {
    std::optional<T> result;
    asio::co_spawn(core_, std::move(task), [&result](const std::exception_ptr&, T made) {
      result.emplace(std::move(made));
    });
    until([&result] { return result.has_value(); });
    return *std::move(result);
  }
  /// Simulated time stands still until it is so.
  void until(const std::function<bool()>& condition) {
    for (int i = 0; i < 5000 && !condition(); ++i) {
      core_.restart();
      core_.run_one_for(milliseconds(2));
    }
    ASSERT_TRUE(condition());
  }
  /// What is under way on other threads comes to its end, usually.
  void let_be() {
    core_.restart();
    core_.run_for(milliseconds(5));
  }
  void until_decided(std::uint64_t decisions) {
    until([&] { return steering() != nullptr && steering()->decisions() >= decisions; });
  }
  const ServiceSteering* steering() { return loop_->views().front().steering; }
  /// Seconds until somebody has been asked for the first time.
  void settle() {
    for (int i = 0; i < 5; ++i) second();
  }

  int rounds() const { return rounds_; }
  SteeringLoop& loop() { return *loop_; }
  SimClock& clock() { return clock_; }
  asio::io_context& core() { return core_; }
  std::vector<std::string> events;
  RegionName pinned;
  std::shared_ptr<Deed> candidate = std::make_shared<Deed>();  // of any checkpoint

 private:
  void add(const char* name, std::shared_ptr<Deed> deed) {
    catalog_.add({.name = name,
                  .summary = "",
                  .tunables = {},
                  .takes_checkpoint = name == std::string_view("puppet"),
                  .make = [this, name, deed = std::move(deed)](const ServiceSetting&,
                                                               const PolicyMaterial& material)
                      -> Result<std::unique_ptr<ServicePolicy>> {
                    if (material.checkpoint == "broken")
                      return fail(Code::data_loss, "it is broken");
                    if (material.checkpoint.empty()) return std::make_unique<Puppet>(name, deed);
                    return std::make_unique<Puppet>(name, candidate);
                  }});
  }
  void report(const RegionName& from) {
    pb::Report made;
    made.set_sequence(++sequence_);
    made.set_window_ms(1000);
    pb::EndpointHealth& health = *made.add_endpoints();
    health.set_service(k_web.value());
    health.set_endpoint("10.0.0.1:80");
    health.set_healthy(true);
    pb::Traffic& traffic = *made.add_traffic();
    traffic.set_service(k_web.value());
    traffic.set_to_region(k_us.value());
    traffic.set_started(100);
    traffic.set_chosen(100);
    const Status taken = telemetry_.ingest(AgentId(from.value() + "/agent-1"), from, made,
                                           clock_.now(), to_unix_ms(clock_.wall_now()));
    ASSERT_TRUE(taken) << taken.error().message();
  }

  const ControllerOptions options_;
  Store& store_;
  PolicyCatalog catalog_;
  asio::io_context core_;
  SimClock clock_{core_};
  asio::thread_pool blocking_{1};
  Log log_{LogLevel::error};
  Telemetry telemetry_{{.regions = {k_us, k_eu}, .services = {k_web}}};
  Publisher publisher_{{}};
  std::unique_ptr<SteeringLoop> loop_;
  TaskGroup tasks_{core_.get_executor()};
  std::uint64_t sequence_ = 0;
  int rounds_ = 0;
};

class SteeringLoops : public testing::Test {
 protected:
  SteeringLoops() { puppet_->act = planner_->act = all_to_the_first; }

  MemoryStore store_;
  std::shared_ptr<Deed> puppet_ = std::make_shared<Deed>();
  std::shared_ptr<Deed> planner_ = std::make_shared<Deed>();
};

TEST_F(SteeringLoops, MakeAWishAProposalInModeAuto) {
  Life life(store_, puppet_, planner_);
  EXPECT_EQ(life.loop().proposal().front().by, "static") << "before anybody was asked";
  life.settle();
  life.until_decided(1);
  const Proposal proposal = life.loop().proposal();
  ASSERT_EQ(proposal.size(), 2U);
  EXPECT_EQ(proposal[1].by, "puppet");
  EXPECT_TRUE(proposal[1].fades);
  EXPECT_EQ(proposal[1].weights[0].weight, 10'000);
  EXPECT_EQ(proposal[1].weights[1].weight, 0);
}

TEST_F(SteeringLoops, AskForARoundOnlyWhereAWishDiffers) {
  Life life(store_, puppet_, planner_);
  for (int i = 0; i < 4; ++i) life.second();
  EXPECT_EQ(life.rounds(), 0) << "nobody has wished anything yet";
  life.second();
  life.until_decided(1);
  life.second();
  EXPECT_GT(life.rounds(), 0) << "nothing is in force, so the wish differs";
}

TEST_F(SteeringLoops, TellAPolicyWhichSourcesAreHeld) {
  std::atomic<int> held = -1;
  puppet_->act = [&held](const ServiceObservation& seen) {
    held = seen.held.size() == 2 ? 2 * seen.held[0] + seen.held[1] : -2;
    return all_to_the_first(seen);
  };
  Life life(store_, puppet_, planner_);
  life.pinned = k_eu;
  life.settle();
  life.until_decided(1);
  EXPECT_EQ(held, 1);
}

TEST_F(SteeringLoops, SayWhenTheCeilingOnCostCannotBeKept) {
  Life life(store_, puppet_, planner_, /*ceiling=*/1e-6);
  life.settle();
  life.until_decided(1);
  life.second();
  life.until_decided(2);
  life.second();
  EXPECT_TRUE(std::ranges::any_of(life.events, [](const std::string& event) {
    return event.starts_with("policy.cost_above: ");
  }));
  // All to where it costs nothing: kept again.
  puppet_->act = [](const ServiceObservation&) {
    ServiceWish wish{.shares = Grid<double>(2, 2, 0), .shed = {}, .why = {}, .expected_in_slo = {}};
    wish.shares(0, 0) = wish.shares(1, 1) = 1;
    return wish;
  };
  for (std::uint64_t i = 3; i < 5; ++i) {
    life.until_decided(i);
    life.second();
  }
  ASSERT_FALSE(life.events.empty());
  EXPECT_TRUE(life.events.back().starts_with("policy.cost_kept: ")) << life.events.back();
}

TEST_F(SteeringLoops, RollACheckpointOut) {
  {
    Life life(store_, puppet_, planner_);
    life.candidate->act = all_to_the_first;
    life.settle();
    life.until_decided(1);
    EXPECT_FALSE(life.wait(life.loop().promote("broken", "root")));
    EXPECT_EQ(life.loop().rollout().stage(), RolloutStage::none);
    ASSERT_TRUE(life.wait(life.loop().promote("weir digest 12ab\n", "root")));
    EXPECT_EQ(life.loop().rollout().candidate().name, "12ab");
    for (int i = 0; i < 3; ++i) life.second_answered();
    EXPECT_EQ(life.loop().rollout().stage(), RolloutStage::shadow);
    EXPECT_GE(life.candidate->shown, 3) << "it is asked";
    const int puppet_shown = puppet_->shown;
    for (int i = 0; i < 5; ++i) life.second_answered();
    EXPECT_EQ(life.loop().rollout().stage(), RolloutStage::canary);
    EXPECT_GT(puppet_->shown, puppet_shown) << "who steered went on until then";
  }
  Life life(store_, puppet_, planner_);
  life.candidate->act = all_to_the_first;
  EXPECT_EQ(life.loop().rollout().stage(), RolloutStage::canary) << "over a restart";
  const int puppet_shown = puppet_->shown;
  for (int i = 0; i < 30 && life.loop().rollout().under_way(); ++i) life.second_answered();
  EXPECT_EQ(life.loop().rollout().stage(), RolloutStage::settled);
  EXPECT_EQ(puppet_->shown, puppet_shown) << "the candidate steers";
  EXPECT_EQ(life.steering()->policy(), "puppet");
  EXPECT_FALSE(life.wait(life.loop().advance_rollout("root")));
}

TEST_F(SteeringLoops, WithdrawACandidateThatThrows) {
  Life life(store_, puppet_, planner_);
  life.candidate->act = [](const ServiceObservation&) -> ServiceWish {
    throw std::runtime_error("no idea");
  };
  life.settle();
  life.until_decided(1);
  ASSERT_TRUE(life.wait(life.loop().promote("some", "root")));
  for (int i = 0; i < 4; ++i) life.second_answered();
  EXPECT_EQ(life.loop().rollout().stage(), RolloutStage::withdrawn);
  EXPECT_EQ(life.events.back(),
            "policy.rollout: checkpoint unnamed: withdrawn, it fell at shop/web: puppet: it threw: "
            "no idea");
  EXPECT_EQ(life.steering()->falls(), 0U) << "who steers is not touched";
}

TEST_F(SteeringLoops, ReplaceAPolicyThatHangsWithinASecond) {
  auto release = std::make_shared<std::promise<void>>();
  puppet_->act =
      [until = std::shared_future<void>(release->get_future())](const ServiceObservation& seen) {
        until.wait();
        return all_to_the_first(seen);
      };
  {
    Life life(store_, puppet_, planner_);
    life.settle();
    life.until([&] { return puppet_->shown > 0; });
    life.clock().advance(milliseconds(450));
    life.until_decided(1);
    EXPECT_EQ(life.steering()->policy(), "planner");
    EXPECT_EQ(life.loop().proposal().front().by, "planner");
    life.clock().advance(milliseconds(550));  // to the next interval's begin, and no further
    life.until_decided(2);
    life.second();
    life.until_decided(3);
    ASSERT_EQ(life.events.size(), 1U);
    EXPECT_EQ(life.events[0], "policy.fell: puppet: no answer in 400 ms; now planner steers");
  }
  release->set_value();  // what was left behind ends by itself, whoever is gone meanwhile
}

TEST_F(SteeringLoops, ReplaceAPolicyThatThrows) {
  puppet_->act = [](const ServiceObservation&) -> ServiceWish {
    throw std::runtime_error("a bug");
  };
  Life life(store_, puppet_, planner_);
  life.settle();
  life.until_decided(1);
  EXPECT_EQ(life.steering()->policy(), "planner");
  EXPECT_EQ(life.steering()->last_fall(), "puppet: it threw: a bug");
}

TEST_F(SteeringLoops, KeepTheModeAndTheExperienceOverARestart) {
  {
    Life life(store_, puppet_, planner_);
    TaskGroup tasks(life.core().get_executor());
    std::optional<Status> set;
    tasks.spawn("mode",
                [](SteeringLoop& loop, std::optional<Status>& out) -> asio::awaitable<void> {
                  out = co_await loop.set_mode(k_web, PolicyMode::shadow, "ada");
                }(life.loop(), set));
    life.until([&] { return set.has_value(); });
    ASSERT_TRUE(*set);
    life.settle();
    life.until_decided(1);
    // A second that passes while a row is being written is nobody's interval.
    for (std::uint64_t decisions = 1; decisions < 22; decisions = life.steering()->decisions()) {
      life.second();
      life.let_be();
    }
    EXPECT_EQ(life.loop().proposal().front().by, "static") << "shadow moves nothing";
  }
  puppet_->shown = 0;
  Life life(store_, puppet_, planner_);
  const auto view = life.loop().views().front();
  EXPECT_EQ(view.mode, PolicyMode::shadow);
  EXPECT_EQ(view.mode_by, "ada");
  life.settle();
  life.until_decided(1);
  EXPECT_GE(puppet_->shown, 15) << "it was shown what the one before had seen";
}

TEST_F(SteeringLoops, RefuseToConfirmWhereThereIsNothingToConfirm) {
  Life life(store_, puppet_, planner_);
  const Status wrong_mode = life.loop().confirm(k_web, "ada");
  ASSERT_FALSE(wrong_mode);
  EXPECT_EQ(wrong_mode.error().code(), Code::failed_precondition);
  EXPECT_EQ(life.loop().confirm(ServiceName("no/such"), "ada").error().code(), Code::not_found);
}

}  // namespace
}  // namespace weir::controller
