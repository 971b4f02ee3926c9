// The whole controller but its sockets and its tunnel: a store in memory, agents that enrol and
// hold sessions in memory, an operator at the desk.

#include "controller/app/control_plane.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <source_location>

#include "common/async/task_group.h"
#include "common/crypto/p256.h"
#include "common/crypto/x25519.h"
#include "common/join/enrol_proof.h"
#include "common/join/join_token.h"
#include "common/join/mesh_uri.h"
#include "common/model/codec.h"
#include "common/rpc/call.h"
#include "common/rpc/memory_stream.h"
#include "controller/app/controller_metrics.h"
#include "controller/app/operator_desk.h"
#include "controller/store/memory/memory_store.h"

namespace weir::controller {
namespace {

namespace asio = boost::asio;
namespace pb = control::v1;
using std::chrono::milliseconds;

const BidiMethod<pb::AgentMessage, pb::ControllerMessage> k_connect(
    "weir.control.v1.Session.Connect");
const RegionName k_us("us");
const RegionName k_eu("eu");

ControllerOptions options() {
  ControllerOptions made;
  made.mesh = "demo";
  made.public_endpoint = *Endpoint::parse("192.0.2.1:51820");
  made.overlay = *IpPrefix::parse("10.90.0.0/16");
  made.certificate_lifetime = std::chrono::hours(24);
  made.regions = {k_us, k_eu};
  ServiceConfig service;
  service.plan.service = ServiceName("shop/web");
  service.plan.listen_port = 8080;
  made.services = {service};
  return made;
}

std::string text_of(ByteView bytes) { return std::string(as_text(bytes)); }

/// What a machine sends that holds `token`.
pb::EnrolRequest request_with(const std::string& text, KeySource& keys) {
  const JoinToken token = *decode_join_token(text);
  const X25519KeyPair own = X25519KeyPair::generate(keys);
  const ByteVector csr = make_csr(P256Key::generate());
  pb::EnrolRequest request;
  request.set_token_id(to_string(token.id));
  request.set_token_secret(text_of(redeem_secret(token.secret).bytes()));
  request.set_public_key(text_of(own.public_key()));
  request.set_csr_der(text_of(csr));
  request.set_key_proof(
      text_of(*enrol_proof(own.private_key(), token.controller_key, token.id, csr)));
  return request;
}

/// An agent's end of a session: applies what comes, unless told to refuse.
class FakeAgent {
 public:
  using Stream = MessageStream<pb::ControllerMessage, pb::AgentMessage>;

  FakeAgent(asio::io_context& core, const RpcRouter& router, const std::string& name)
      : client_(core.get_executor(), router, options_for(name)), tasks_(core.get_executor()) {
    stream_ = std::make_shared<Stream>(open(client_, k_connect));
    tasks_.spawn("fake agent", read_all(*this, stream_));
  }

  void hello(const RevisionId& in_force = {}, const std::string& endpoint = "",
             const std::string& boot_id = "") {
    pb::AgentMessage message;
    message.mutable_hello()->set_boot_id(boot_id);
    message.mutable_hello()->set_version("test");
    message.mutable_hello()->set_epoch(in_force.epoch);
    message.mutable_hello()->set_generation(in_force.generation);
    message.mutable_hello()->set_public_endpoint(endpoint);
    ASSERT_TRUE(stream_->write(message));
  }
  void send(const pb::AgentMessage& message) { ASSERT_TRUE(stream_->write(message)); }
  void stop() {
    stream_->close(fail(Code::cancelled, "the test is over"));
    tasks_.stop();
  }

  std::string refusal;  // not empty: answers with it
  std::vector<Revision> revisions;
  std::optional<Status> ended;

 private:
  static MemoryStreamOptions options_for(const std::string& name) {
    MemoryStreamOptions made;
    made.client = {.address = "memory",
                   .local = false,
                   .authenticated = true,
                   .common_name = "",
                   .uris = {agent_uri("demo", AgentId(name))}};
    return made;
  }
  static asio::awaitable<void> read_all(FakeAgent& self, std::shared_ptr<Stream> from) {
    while (auto message = co_await from->read()) {
      if (message->has_revision()) self.take(message->revision());
    }
    self.ended = co_await from->closed();
  }
  void take(const policy::v1::Revision& message) {
    auto revision = from_proto(message);
    ASSERT_TRUE(revision) << revision.error().message();
    pb::AgentMessage answer;
    answer.mutable_ack()->set_epoch(revision->id.epoch);
    answer.mutable_ack()->set_generation(revision->id.generation);
    answer.mutable_ack()->set_error(refusal);
    if (refusal.empty()) revisions.push_back(*std::move(revision));
    (void)stream_->write(answer);
  }

  MemoryClient client_;
  TaskGroup tasks_;
  std::shared_ptr<Stream> stream_;
};

/// One life of the controller, on a store that outlives it.
class Life {
 public:
  explicit Life(Store& store) : store_(store) {
    Enroller::Options enrol;
    enrol.mesh = options_.mesh;
    enrol.overlay = options_.overlay.to_string();
    enrol.public_endpoint = options_.public_endpoint;
    std::ranges::fill(enrol.tunnel_key.writable(), std::uint8_t{0x48});  // the same in each life
    enrol.regions = options_.regions;
    enroller_ = *Enroller::open(enrol, store_, keys_, to_unix_ms(clock_.wall_now()));
    plane_ = std::make_unique<ControlPlane>(
        core_.get_executor(),
        ControlPlane::Parts{.options = options_,
                            .clock = clock_,
                            .store = store_,
                            .enroller = *enroller_,
                            .blocking = blocking_,
                            .log = log_,
                            .version = "test",
                            .fatal = [](const std::string& why) { FAIL() << why; },
                            .sync_tunnel = [this] { return count_round(); }});
    EXPECT_TRUE(plane_->load());
    desk_ = std::make_unique<OperatorDesk>(*plane_, OperatorDesk::Parts{.store_kind = "memory",
                                                                        .state_dir = "/nonexistent",
                                                                        .store = store_,
                                                                        .series = series_,
                                                                        .audit = audit_,
                                                                        .access = access_,
                                                                        .log = log_,
                                                                        .access_ended = {}});
    plane_->sessions().serve(router_);
    tasks_.spawn("publish", plane_->run());
    EXPECT_TRUE(wait(plane_->published()));
  }
  ~Life() {
    for (const auto& agent : agents_) agent->stop();
    tasks_.stop();
    core_.restart();
    core_.run();
    blocking_.join();
  }

  /// Runs the core until `task` is done.
  template <typename T>
  T wait(asio::awaitable<T> task) {
    std::optional<T> result;
    asio::co_spawn(core_, std::move(task), [&result](const std::exception_ptr&, T made) {
      result.emplace(std::move(made));
    });
    until([&result] { return result.has_value(); });
    return *std::move(result);
  }
  void until(const std::function<bool()>& condition,
             const std::source_location& where = std::source_location::current()) {
    for (int i = 0; i < 5000 && !condition(); ++i) {
      core_.restart();
      core_.run_one_for(milliseconds(5));
    }
    ASSERT_TRUE(condition()) << "never happened in line " << where.line();
  }

  std::string token(const RegionName& region, const AgentId& replaces = {}) {
    const TokenRequest wanted{.region = region,
                              .cluster = ClusterName("c-" + region.value()),
                              .ttl = std::chrono::minutes(5),
                              .uses = 1,
                              .replaces = replaces};
    return enroller_->create_token(wanted, plane_->unix_ms())->text.reveal();
  }
  Result<pb::EnrolReply> enrol(const RegionName& region, const AgentId& replaces = {}) {
    return wait(plane_->enrol(request_with(token(region, replaces), keys_)));
  }
  FakeAgent& connect(const std::string& name, const RevisionId& in_force = {},
                     const std::string& endpoint = "", const std::string& boot_id = "") {
    agents_.push_back(std::make_unique<FakeAgent>(core_, router_, name));
    agents_.back()->hello(in_force, endpoint, boot_id);
    return *agents_.back();
  }
  Result<admin::v1::PinWeightsReply> pin(std::uint32_t us, std::uint32_t eu) {
    admin::v1::PinWeightsRequest request;
    request.set_service("shop/web");
    request.set_from_region("us");
    auto& first = *request.add_weights();
    first.set_region("us");
    first.set_weight(us);
    auto& second = *request.add_weights();
    second.set_region("eu");
    second.set_weight(eu);
    return wait(desk_->pin(request, "root"));
  }

  Result<admin::v1::ChangeGuardrailReply> guardrail(const std::string& name,
                                                    const std::string& value,
                                                    bool may_loosen = true,
                                                    std::uint32_t ttl_s = 0) {
    admin::v1::ChangeGuardrailRequest request;
    request.set_name(name);
    request.set_value(value);
    request.set_ttl_s(ttl_s);
    return wait(desk_->change_guardrail(request, may_loosen, "ada"));
  }
  Result<admin::v1::SetLogLevelReply> set_log_level(const std::string& level) {
    admin::v1::SetLogLevelRequest request;
    request.set_level(level);
    return wait(desk_->set_log_level(request, "ada"));
  }
  Result<admin::v1::TakeSnapshotReply> take_snapshot(std::uint32_t keep) {
    admin::v1::TakeSnapshotRequest request;
    request.set_keep(keep);
    return wait(desk_->take_snapshot(request, "ada"));
  }
  /// Of the requests from us, as it is published.
  double share_of_eu() {
    const auto& weights =
        plane_->publisher().state().weights.at({ServiceName("shop/web"), k_us}).change.after;
    double sum = 0;
    double eu = 0;
    for (const Weight& weight : weights) {
      sum += weight.weight;
      if (weight.region == k_eu) eu = weight.weight;
    }
    return eu / sum;
  }

  ControlPlane& plane() { return *plane_; }
  Enroller& enroller() { return *enroller_; }
  KeySource& keys() { return keys_; }
  int rounds() const { return rounds_; }
  OperatorDesk& desk() { return *desk_; }

 private:
  asio::awaitable<void> count_round() {
    ++rounds_;
    co_return;
  }

  Store& store_;
  const ControllerOptions options_ = options();
  int rounds_ = 0;
  asio::io_context core_;
  asio::thread_pool blocking_{1};
  SystemClock clock_;
  SystemKeySource keys_;
  Log log_{LogLevel::error};
  SeriesRecorder series_;
  AuditLog audit_{store_};
  AccessBook access_{store_, keys_};
  std::unique_ptr<Enroller> enroller_;
  std::unique_ptr<ControlPlane> plane_;
  std::unique_ptr<OperatorDesk> desk_;
  RpcRouter router_;
  TaskGroup tasks_{core_.get_executor()};
  std::vector<std::unique_ptr<FakeAgent>> agents_;
};

TEST(ControlPlane, AnswersAnEnrolmentWithTheFirstRevision) {
  MemoryStore store;
  Life life(store);
  const auto reply = life.enrol(k_us);
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->agent(), "us/agent-1");
  EXPECT_EQ(reply->overlay_address(), "10.90.0.2");
  const auto revision = from_proto(reply->revision());
  ASSERT_TRUE(revision) << revision.error().message();
  ASSERT_EQ(revision->peers.size(), 1U);
  EXPECT_TRUE(revision->peers[0].controller);
  EXPECT_EQ(revision->peers[0].endpoint->to_string(), "192.0.2.1:51820");
  EXPECT_EQ(revision->services.at(0).weights, (std::vector<Weight>{{k_us, 130}, {k_eu, 100}}));
}

TEST(ControlPlane, TellsEveryAgentOfTheOthersAndWhereTheyAre) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  ASSERT_TRUE(life.enrol(k_eu));
  FakeAgent& us = life.connect("us/agent-1");
  life.until([&us] { return !us.revisions.empty(); });
  EXPECT_FALSE(us.revisions.back().peers.at(1).endpoint);
  life.connect("eu/agent-1", {}, "198.51.100.7:51820");
  life.until([&us] { return us.revisions.back().peers.at(1).endpoint.has_value(); });
  EXPECT_EQ(us.revisions.back().peers[1].endpoint->to_string(), "198.51.100.7:51820");
}

TEST(ControlPlane, DoesNotPassOnAnEndpointInsideTheMesh) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  ASSERT_TRUE(life.enrol(k_eu));
  FakeAgent& us = life.connect("us/agent-1");
  life.connect("eu/agent-1", {}, "10.90.0.2:51820");
  life.until([&] { return life.desk().status().agents_synced() == 2; });
  EXPECT_FALSE(us.revisions.back().peers.at(1).endpoint);
}

TEST(ControlPlane, TellsARestartFromASecondMachineWithTheSameIdentity) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  const auto count = [&life](const char* type) {
    admin::v1::ListEventsRequest what;
    what.set_type(type);
    return life.desk().events(what).size();
  };
  for (const char* boot : {"one", "two", "two", "three"}) {
    const std::size_t before = count("agent.connected");
    life.connect("us/agent-1", {}, "", boot);
    life.until([&] { return count("agent.connected") == before + 1; });
  }
  EXPECT_EQ(count("agent.restarted"), 2U);
  EXPECT_EQ(count("agent.twice"), 0U);
  life.connect("us/agent-1", {}, "", "two");
  life.until([&] { return count("agent.twice") == 1; });

  const auto diagnosis = life.wait(life.desk().diagnose());
  ASSERT_TRUE(diagnosis) << diagnosis.error().message();
  EXPECT_FALSE(diagnosis->ok());
  ASSERT_GT(diagnosis->findings_size(), 0);
  EXPECT_EQ(diagnosis->findings(0).code(), "WEIR-210");
}

TEST(ControlPlane, FindsNoAgentInAnEmptyMesh) {
  MemoryStore store;
  Life life(store);
  const auto diagnosis = life.wait(life.desk().diagnose());
  ASSERT_TRUE(diagnosis) << diagnosis.error().message();
  ASSERT_EQ(diagnosis->findings_size(), 2);
  EXPECT_EQ(diagnosis->findings(0).code(), "WEIR-201");
  EXPECT_EQ(diagnosis->findings(1).code(), "WEIR-302");
  EXPECT_GT(diagnosis->looked_at_size(), 5);
}

TEST(ControlPlane, PublishesAPinAndExplainsIt) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  FakeAgent& us = life.connect("us/agent-1");
  life.until([&] { return life.desk().status().agents_synced() == 1; });
  const auto pinned = life.pin(70, 30);
  ASSERT_TRUE(pinned) << pinned.error().message();
  life.until([&us] { return us.revisions.back().services[0].weights[0].weight == 70; });
  EXPECT_EQ(us.revisions.back().id.generation, pinned->generation());

  admin::v1::ExplainWeightsRequest ask;
  ask.set_service("shop/web");
  ask.set_from_region("us");
  life.until([&] { return life.desk().explain(ask)->agents_acked() == 1; });
  EXPECT_EQ(life.desk().explain(ask)->change().by(), "pin by root");
  ask.set_generation(1);
  EXPECT_EQ(life.desk().explain(ask)->change().by(), "static");
}

TEST(ControlPlane, TellsMetricsOfAgentsWeightsAndPins) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  ASSERT_TRUE(life.enrol(k_eu));
  life.connect("us/agent-1");
  life.until([&] { return life.desk().status().agents_synced() == 1; });
  ASSERT_TRUE(life.pin(70, 30));
  life.until([&] { return life.desk().status().agents_synced() == 1; });
  MetricWriter writer;
  write_controller_metrics({.plane = life.plane(),
                            .store = {},
                            .tunnel_backend = {},
                            .tunnel = {},
                            .web = {},
                            .lags = {}},
                           writer);
  const std::string page = writer.text();
  for (const char* line :
       {R"(weir_agent_connected{agent="us/agent-1",region="us"} 1)",
        R"(weir_agent_connected{agent="eu/agent-1",region="eu"} 0)",
        R"(weir_agent_synced{agent="us/agent-1",region="us"} 1)",
        R"(weir_agent_revision_refused{agent="us/agent-1",region="us"} 0)",
        R"(weir_service_weights_pinned{from="us",service="shop/web"} 1)",
        R"(weir_service_weights_pinned{from="eu",service="shop/web"} 0)",
        R"(weir_policy_info{mode="static",policy="static",service="shop/web"} 1)",
        R"(weir_decisions_total{outcome="applied",service="shop/web"} 0)",
        R"(weir_store_writable 1)"}) {
    EXPECT_TRUE(page.contains("\n" + std::string(line) + "\n")) << line << "\n" << page;
  }
  EXPECT_TRUE(
      page.contains(R"(weir_service_weight_ratio{from="us",service="shop/web",to="us"} 0.7)"))
      << page;
  EXPECT_FALSE(page.contains("weir_agent_report_age_seconds{")) << "nobody reported";
}

TEST(ControlPlane, KeepsPinsRevisionsAndEndpointsOverARestart) {
  MemoryStore store;
  RevisionId before;
  ByteVector digest;
  {
    Life life(store);
    ASSERT_TRUE(life.enrol(k_us));
    ASSERT_TRUE(life.enrol(k_eu));
    FakeAgent& us = life.connect("us/agent-1");
    life.connect("eu/agent-1", {}, "198.51.100.7:51820");
    ASSERT_TRUE(life.pin(70, 30));
    life.until([&] { return life.desk().status().agents_synced() == 2; });
    before = us.revisions.back().id;
    digest = us.revisions.back().digest;
  }
  Life life(store);
  const auto kept = life.plane().publisher().revision_for(AgentId("us/agent-1"));
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ((RevisionId{kept->epoch(), kept->generation()}), before);
  EXPECT_EQ(kept->digest(), as_text(digest));
  EXPECT_EQ(life.desk().status().pins(), 1U);
  FakeAgent& eu = life.connect("eu/agent-1", {}, "198.51.100.7:51820");
  life.until([&eu] { return !eu.revisions.empty(); });
  EXPECT_EQ(life.plane().publisher().state().id, before) << "a restart has nothing to say";
}

TEST(ControlPlane, StillTellsAfterARestartWhoWasRefused) {
  MemoryStore store;
  {
    Life life(store);
    pb::EnrolRequest guess = request_with(life.token(k_us), life.keys());
    guess.set_token_secret(std::string(32, 'x'));
    EXPECT_FALSE(life.wait(life.plane().enrol(guess)));
  }
  Life life(store);
  EventFilter refusals;
  refusals.type = "enrol.refused";
  const auto told = life.plane().telemetry().events().list(refusals, 0);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_NE(told[0].message().find("its secret is wrong"), std::string::npos);
}

TEST(ControlPlane, BeginsANewEpochWhenItsStoreIsOlderThanAnAgent) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  FakeAgent& us = life.connect("us/agent-1", {.epoch = 1, .generation = 50});
  life.until([&us] { return !us.revisions.empty(); });
  EXPECT_EQ(us.revisions.size(), 1U) << "something the agent would refuse was sent";
  EXPECT_EQ(us.revisions[0].id.epoch, 2U);
}

TEST(ControlPlane, ShowsARefusalUntilSomethingNewerIsInForce) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  FakeAgent& us = life.connect("us/agent-1");
  life.until([&] { return life.desk().status().agents_synced() == 1; });
  us.refusal = "no memory";
  ASSERT_TRUE(life.pin(70, 30));
  life.until([&] { return !life.desk().status().warnings().empty(); });
  EXPECT_NE(life.desk().status().warnings(0).find("no memory"), std::string::npos);
  us.refusal.clear();
  ASSERT_TRUE(life.pin(60, 40));
  life.until([&] { return life.desk().status().warnings().empty(); });
}

TEST(ControlPlane, CountsWhatAgentsReport) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  FakeAgent& us = life.connect("us/agent-1");
  life.until([&] { return life.desk().status().agents_connected() == 1; });
  pb::AgentMessage message;
  auto& report = *message.mutable_report();
  report.set_sequence(1);
  report.set_window_ms(1000);
  for (const char* to : {"us", "eu"}) {
    auto& traffic = *report.add_traffic();
    traffic.set_service("shop/web");
    traffic.set_to_region(to);
    traffic.set_started(to == std::string("us") ? 75 : 25);
    traffic.set_state("active");
  }
  us.send(message);
  admin::v1::GetWeightsRequest ask;
  ask.set_service("shop/web");
  ask.set_from_region("us");
  life.until([&] { return life.desk().weights(ask)->rows(0).requests_per_second() > 99; });
  EXPECT_EQ(life.desk().weights(ask)->rows(0).to(0).seen_share_ppm(), 750'000U);
  EXPECT_EQ(life.desk().weights(ask)->rows(0).to(0).why(), "nearby");
}

TEST(ControlPlane, RemembersWhatWasSeenBeforeAChange) {
  MemoryStore store;
  std::int64_t before_pin = 0;
  {
    Life life(store);
    ASSERT_TRUE(life.enrol(k_us));
    FakeAgent& us = life.connect("us/agent-1");
    life.until([&] { return life.desk().status().agents_connected() == 1; });
    pb::AgentMessage message;
    auto& report = *message.mutable_report();
    report.set_sequence(1);
    report.set_window_ms(1000);
    auto& traffic = *report.add_traffic();
    traffic.set_service("shop/web");
    traffic.set_to_region("eu");
    traffic.set_started(50);
    traffic.set_ok(40);
    traffic.set_errors(10);
    traffic.set_within_objective(30);
    traffic.set_state("active");
    us.send(message);
    admin::v1::GetWeightsRequest look;
    look.set_service("shop/web");
    look.set_from_region("us");
    life.until([&] { return life.desk().weights(look)->rows(0).requests_per_second() > 49; });
    before_pin = life.plane().unix_ms();
    ASSERT_TRUE(life.pin(70, 30));
  }
  Life life(store);
  admin::v1::ListChangesRequest ask;
  ask.set_since_unix_ms(before_pin);
  const auto told = life.desk().changes(ask);
  ASSERT_TRUE(told);
  ASSERT_EQ(told->changes_size(), 1);
  const auto& change = told->changes(0);
  EXPECT_EQ(change.service(), "shop/web");
  EXPECT_EQ(change.reasons(0).term(), "pinned");
  EXPECT_EQ(change.seen_before().ended(), 50U);
  EXPECT_EQ(change.seen_before().in_objective(), 30U);
  EXPECT_FALSE(change.has_seen_after()) << "that takes ten seconds";
  EXPECT_FALSE(change.has_expected_in_objective_ppm());
  ask.set_service("shop/none");
  EXPECT_FALSE(life.desk().changes(ask));

  admin::v1::ExplainWeightsRequest past;
  past.set_service("shop/web");
  past.set_from_region("us");
  past.set_at_unix_ms(before_pin - 1);
  EXPECT_EQ(life.desk().explain(past)->change().by(), "static");
  past.set_at_unix_ms(1);
  EXPECT_EQ(life.desk().explain(past).error().code(), Code::not_found);
}

TEST(ControlPlane, FreezesAServiceAndThawsItWhole) {
  MemoryStore store;
  Life life(store);
  admin::v1::RollbackWeightsRequest freeze;
  freeze.set_service("shop/web");
  freeze.set_freeze(true);
  freeze.set_generation(3);
  EXPECT_EQ(life.wait(life.desk().rollback(freeze, "root")).error().code(), Code::invalid_argument);
  freeze.set_generation(0);
  const auto frozen = life.wait(life.desk().rollback(freeze, "root"));
  ASSERT_TRUE(frozen) << frozen.error().message();
  EXPECT_EQ(frozen->moves_size(), static_cast<int>(life.plane().options().regions.size()));
  for (const auto& move : frozen->moves()) {
    ASSERT_EQ(move.before_size(), move.after_size());
    EXPECT_EQ(move.before(0).weight(), move.after(0).weight());
  }
  const auto pins = life.plane().pins().all();
  ASSERT_EQ(pins.size(), life.plane().options().regions.size());
  EXPECT_EQ(pins[0].by, "root (freeze)");

  admin::v1::UnpinWeightsRequest thaw;
  thaw.set_service("shop/web");
  ASSERT_TRUE(life.wait(life.desk().unpin(thaw, "root")));
  EXPECT_TRUE(life.plane().pins().all().empty());
  EXPECT_EQ(life.wait(life.desk().unpin(thaw, "root")).error().code(), Code::not_found);
}

TEST(ControlPlane, EmptiesARegionAndFillsItAgain) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.pin(70, 30));  // of shop/web from us, by root
  admin::v1::EvacuateRegionRequest away;
  away.set_region("eu");
  away.set_dry_run(true);
  const auto plan = life.wait(life.desk().evacuate(away, "ann"));
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->moves_size(), static_cast<int>(life.plane().options().regions.size()) - 1);
  ASSERT_EQ(plan->staying_size(), 1) << "what somebody pinned stays";
  EXPECT_NE(plan->staying(0).find("pinned by root"), std::string::npos) << plan->staying(0);
  EXPECT_EQ(life.plane().pins().all().size(), 1U) << "a dry run changes nothing";

  away.set_dry_run(false);
  ASSERT_TRUE(life.wait(life.desk().evacuate(away, "ann")));
  for (const auto& pin : life.plane().pins().all()) {
    if (pin.by == "root") continue;
    EXPECT_EQ(pin.by, "ann (without eu)");
    for (const Weight& weight : pin.weights) {
      EXPECT_EQ(weight.weight == 0, weight.region == RegionName("eu"));
    }
  }
  EXPECT_EQ(life.wait(life.desk().evacuate(away, "ann")).error().code(), Code::failed_precondition)
      << "it is empty";

  admin::v1::EndEvacuationRequest back;
  back.set_region("eu");
  ASSERT_TRUE(life.wait(life.desk().end_evacuation(back, "bob")));
  EXPECT_EQ(life.plane().pins().all().size(), 1U) << "the other pin is not part of it";
  EXPECT_EQ(life.wait(life.desk().end_evacuation(back, "bob")).error().code(), Code::not_found);
}

TEST(ControlPlane, PutsARemovedAgentOut) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  ASSERT_TRUE(life.enrol(k_eu));
  FakeAgent& us = life.connect("us/agent-1");
  FakeAgent& eu = life.connect("eu/agent-1");
  life.until([&] { return life.desk().status().agents_synced() == 2; });
  ASSERT_TRUE(life.wait(life.desk().remove_agent("eu/agent-1", "root")));
  life.until([&] { return eu.ended.has_value(); });
  life.until([&us] { return us.revisions.back().peers.size() == 1; });
  FakeAgent& again = life.connect("eu/agent-1");
  life.until([&] { return again.ended.has_value(); });
  EXPECT_EQ(again.ended->error().code(), Code::permission_denied);
  EXPECT_FALSE(life.wait(life.desk().remove_agent("eu/agent-1", "root")));
}

pb::AgentMessage report_of(const char* state) {
  pb::AgentMessage message;
  auto& report = *message.mutable_report();
  report.set_sequence(1);
  report.set_window_ms(1000);
  auto& traffic = *report.add_traffic();
  traffic.set_service("shop/web");
  traffic.set_to_region("eu");
  traffic.set_state(state);
  return message;
}

TEST(ControlPlane, ForgetsWhatAReplacedAgentToldAndCutsItsSession) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  FakeAgent& lost = life.connect("us/agent-1");
  life.until([&] { return life.desk().status().agents_synced() == 1; });
  lost.send(report_of("down: path"));
  life.until([&] { return life.desk().status().active_failovers() == 1; });
  const auto reply = life.enrol(k_us, AgentId("us/agent-1"));
  ASSERT_TRUE(reply) << reply.error().message();
  EXPECT_EQ(reply->agent(), "us/agent-2");
  EXPECT_EQ(reply->absent_agents_size(), 0);
  life.until([&] { return lost.ended.has_value(); });
  EXPECT_EQ(life.desk().status().agents_total(), 1U);
  EXPECT_EQ(life.desk().status().active_failovers(), 0U);
  FakeAgent& next = life.connect("us/agent-2");
  life.until([&] { return !next.revisions.empty(); });
}

TEST(ControlPlane, NamesTheAgentsOfAClusterThatAreNotConnected) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  const auto reply = life.enrol(k_us);
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->absent_agents_size(), 1);
  EXPECT_EQ(reply->absent_agents(0), "us/agent-1");
  const auto status = life.desk().status();
  const std::vector<std::string> warnings(status.warnings().begin(), status.warnings().end());
  EXPECT_NE(std::ranges::find(warnings, "us/agent-1 of cluster c-us is not connected"),
            warnings.end());
}

TEST(ControlPlane, StartsNoRoundForARowThatTellsTheOthersNothing) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  const int before = life.rounds();
  const std::int64_t later = life.plane().unix_ms() + std::int64_t{12} * 3600 * 1000;
  ASSERT_TRUE(life.enroller().renew(AgentId("us/agent-1"), make_csr(P256Key::generate()), later));
  const auto expiry = [&life] { return life.desk().agents().agents(0); };
  const auto old = expiry().certificate_expires_unix_ms();
  life.plane().agents_stored();
  life.until([&] { return expiry().certificate_expires_unix_ms() > old; });
  EXPECT_EQ(life.rounds(), before);
  ASSERT_TRUE(life.enroller().remove(AgentId("us/agent-1")));
  life.plane().agents_stored();
  life.until([&] { return life.desk().status().agents_total() == 0; });
  life.until([&] { return life.rounds() > before; });
}

/// A store whose commits are refused as told.
class MoodyStore final : public Store {
 public:
  Result<std::optional<Row>> get(std::string_view key) override { return inner_.get(key); }
  Result<ScanPage> scan(std::string_view prefix, std::string_view start_after,
                        std::size_t limit) override {
    return inner_.scan(prefix, start_after, limit);
  }
  Result<std::uint64_t> commit(const Transaction& transaction) override {
    WEIR_TRY(writable());
    return inner_.commit(transaction);
  }
  Status writable() override {
    if (const auto code = mood.load(); code != Code::ok) return fail(code, "the disk is in a mood");
    return {};
  }
  std::unique_ptr<Watch> watch(std::string prefix, WatchCallback callback) override {
    return inner_.watch(std::move(prefix), std::move(callback));
  }

  std::atomic<Code> mood = Code::ok;

 private:
  MemoryStore inner_;
};

TEST(ControlPlane, WaitsForRoomOnTheDiskAndSaysSo) {
  MoodyStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  FakeAgent& us = life.connect("us/agent-1");
  life.until([&] { return us.revisions.size() == 1; });
  store.mood = Code::resource_exhausted;
  const auto refused = life.pin(70, 30);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::resource_exhausted);
  life.until([&] { return !life.plane().store_problem().empty(); });
  EXPECT_EQ(life.desk().status().warnings(0), "the disk is in a mood");
  EXPECT_FALSE(us.ended);
  store.mood = Code::ok;
  life.until([&] { return life.plane().store_problem().empty(); });
  ASSERT_TRUE(life.pin(70, 30));
  life.until([&] { return us.revisions.size() == 2; });
}

TEST(ControlPlane, TellsNoAgentToJoinAgainBecauseTheStoreFailed) {
  MoodyStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  store.mood = Code::resource_exhausted;
  FakeAgent& agent = life.connect("us/agent-1");
  life.until([&] { return agent.ended.has_value(); });
  EXPECT_EQ(agent.ended->error().code(), Code::resource_exhausted);
  store.mood = Code::ok;
  FakeAgent& stranger = life.connect("us/agent-9");
  life.until([&] { return stranger.ended.has_value(); });
  EXPECT_EQ(stranger.ended->error().code(), Code::permission_denied);
}

TEST(ControlPlane, WritesABoundedNumberOfLinesThatAnAgentTriggers) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  FakeAgent& agent = life.connect("us/agent-1");
  life.until([&] { return life.desk().status().agents_synced() == 1; });
  const std::uint64_t before = life.plane().telemetry().events().newest();
  for (int i = 0; i < 100; ++i) {
    pb::AgentMessage message;
    message.mutable_ack()->set_epoch(1);
    message.mutable_ack()->set_generation(static_cast<std::uint64_t>(1000 + i));
    message.mutable_ack()->set_error("no " + std::to_string(i));
    agent.send(message);
  }
  life.until([&] { return life.plane().acks().of(AgentId("us/agent-1")).refusal == "no 99"; });
  const std::uint64_t told = life.plane().telemetry().events().newest() - before;
  EXPECT_GE(told, 5U);
  EXPECT_LE(told, 25U);
}

TEST(ControlPlane, PublishesWhatAMovedGuardrailMakesOfTheWeights) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.enrol(k_us));
  FakeAgent& us = life.connect("us/agent-1");
  life.until([&] { return life.desk().status().agents_synced() == 1; });
  EXPECT_NEAR(life.share_of_eu(), 0.435, 0.001) << "100 of 230";
  const auto moved = life.guardrail("min_share", "0.45");
  ASSERT_TRUE(moved) << moved.error().message();
  EXPECT_NEAR(life.share_of_eu(), 0.45, 0.001);
  life.until([&us] { return us.revisions.back().services[0].guards.min_share == Ratio(0.45); });
  EXPECT_EQ(us.revisions.back().id.generation, moved->generation()) << "agents hold it too";
  ASSERT_TRUE(life.guardrail("min_share", ""));
  EXPECT_NEAR(life.share_of_eu(), 0.435, 0.001) << "as configured again";
  EXPECT_EQ(life.desk().status().guardrails_changed(), 0U);
}

TEST(ControlPlane, HoldsWhatIsInForceToAGuardrailThatMoves) {
  MemoryStore store;
  Life life(store);
  admin::v1::SetPolicyModeRequest mode;  // nobody proposes anything any more
  mode.set_service("shop/web");
  mode.set_mode("assist");
  ASSERT_TRUE(life.wait(life.desk().set_policy_mode(mode, "root")));
  ASSERT_TRUE(life.guardrail("min_share", "0.48"));
  EXPECT_NEAR(life.share_of_eu(), 0.48, 0.001);
}

TEST(ControlPlane, StepsNoFurtherThanAMovedGuardrailPermits) {
  MemoryStore store;
  Life life(store);
  ASSERT_TRUE(life.guardrail("max_step", "0.1", false)) << "less room takes no admin";
  const auto pinned = life.pin(0, 100);
  ASSERT_TRUE(pinned);
  EXPECT_GE(pinned->guards_size(), 1);
  life.until([&life] { return life.share_of_eu() > 0.5; });  // a step a second
  EXPECT_NEAR(life.share_of_eu(), 0.535, 0.001);
  admin::v1::ListGuardrailsRequest ask;
  ask.set_name("max_step");
  const auto row = life.desk().guardrails(ask)->guardrails(0);
  EXPECT_EQ(row.configured(), "1");
  EXPECT_EQ(row.value(), "0.1");
  EXPECT_EQ(row.by(), "ada");
  EXPECT_EQ(row.clipped(), 1U);
}

TEST(ControlPlane, KeepsGuardrailsOverARestartAndLetsThemEnd) {
  MemoryStore store;
  {
    Life life(store);
    ASSERT_TRUE(life.guardrail("min_share", "0.45"));
  }
  Life life(store);
  EXPECT_NEAR(life.share_of_eu(), 0.45, 0.001);
  EXPECT_EQ(life.desk().status().guardrails_changed(), 1U);
  ASSERT_TRUE(life.guardrail("min_share", "0.48", true, 1));
  EXPECT_NEAR(life.share_of_eu(), 0.48, 0.001);
  life.until([&] { return life.share_of_eu() < 0.44; });
  EXPECT_EQ(life.desk().status().guardrails_changed(), 0U);
  Life next(store);
  EXPECT_EQ(next.desk().status().guardrails_changed(), 0U) << "the row is gone";
}

TEST(OperatorDesk, RefusesAGuardrailThatMeansNothingOrGivesRoom) {
  MemoryStore store;
  Life life(store);
  const auto code = [](const auto& reply) { return reply ? Code::ok : reply.error().code(); };
  EXPECT_EQ(code(life.guardrail("speed", "1")), Code::not_found);
  EXPECT_EQ(code(life.guardrail("residency", "us")), Code::failed_precondition);
  EXPECT_EQ(code(life.guardrail("max_step", "fast")), Code::invalid_argument);
  EXPECT_EQ(code(life.guardrail("max_step", "2")), Code::out_of_range);
  EXPECT_EQ(code(life.guardrail("policy_ttl", "0ms")), Code::out_of_range);
  EXPECT_EQ(code(life.guardrail("max_step", "")), Code::not_found) << "as configured already";
  ASSERT_TRUE(life.guardrail("max_step", "0.2", false));
  EXPECT_EQ(code(life.guardrail("min_share", "0.3")), Code::invalid_argument) << "above max_step";
  EXPECT_EQ(code(life.guardrail("max_step", "0.3", false)), Code::failed_precondition);
  EXPECT_EQ(code(life.guardrail("max_step", "0.1", false, 60)), Code::failed_precondition)
      << "in a minute it would be 1 again";
  EXPECT_EQ(code(life.guardrail("max_step", "", false)), Code::failed_precondition);
  EXPECT_EQ(code(life.guardrail("max_step", "0.3", true)), Code::ok);
}

TEST(OperatorDesk, ChangesHowMuchIsLoggedAndBack) {
  MemoryStore store;
  Life life(store);
  const auto set = [&life](const std::string& level) {
    const auto reply = life.set_log_level(level);
    return reply ? reply->before() + " -> " + reply->after() : reply.error().message();
  };
  const std::string configured = std::string("error");  // the log of a life
  EXPECT_EQ(set("debug"), configured + " -> debug");
  EXPECT_EQ(set("warn"), "debug -> warn");
  EXPECT_EQ(set(""), "warn -> " + configured) << "the configuration's again";
  EXPECT_EQ(set("loud"), "log level \"loud\" is none of debug, info, warn, error");
}

TEST(OperatorDesk, TakesNoSnapshotOfWhatLiesOnNoDisk) {
  MemoryStore store;
  Life life(store);
  EXPECT_EQ(life.take_snapshot(0).error().code(), Code::unavailable) << "there is no state_dir";
  EXPECT_EQ(life.take_snapshot(101).error().code(), Code::invalid_argument);
}

TEST(OperatorDesk, RefusesAPinThatMeansNothing) {
  MemoryStore store;
  Life life(store);
  EXPECT_EQ(life.pin(0, 0).error().code(), Code::invalid_argument);
  EXPECT_EQ(life.pin(10001, 0).error().code(), Code::invalid_argument);
  admin::v1::UnpinWeightsRequest unpin;
  unpin.set_service("shop/web");
  unpin.set_from_region("us");
  EXPECT_EQ(life.wait(life.desk().unpin(unpin, "root")).error().code(), Code::not_found);
  EXPECT_EQ(life.plane().publisher().state().id.generation, 1U);
}

}  // namespace
}  // namespace weir::controller
