// Each fault, put into a healthy mesh, is the first thing that is found.

#include "common/findings/findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace weir {
namespace {

constexpr std::int64_t k_now = 1'767'268'800'000;
const std::string k_agents[] = {"us/agent-1", "eu/agent-1", "eu/agent-2", "ap/agent-1"};

std::string region_of(const std::string& agent) { return agent.substr(0, 2); }

MeshSnapshot healthy() {
  MeshSnapshot mesh;
  mesh.now_ms = k_now + 40;
  mesh.status.set_version("1.2");
  mesh.weights.set_unix_ms(k_now);
  for (const std::string& name : k_agents) {
    auto& agent = *mesh.agents.add_agents();
    agent.set_agent(name);
    agent.set_region(region_of(name));
    agent.set_connected(true);
    agent.set_version("1.2");
    agent.set_last_seen_unix_ms(k_now - 500);
    agent.set_certificate_expires_unix_ms(k_now + 20 * 3'600'000);
    for (const std::string& to : k_agents) {
      if (to == name) continue;
      auto& status = *mesh.paths.add_paths();
      status.set_from_agent(name);
      status.set_from_region(region_of(name));
      auto& path = *status.mutable_path();
      path.set_to_agent(to);
      path.set_to_region(region_of(to));
      path.set_up(true);
      path.set_rtt_p50_us(region_of(to) == region_of(name) ? 500 : 80'000);
      path.set_jitter_us(900);
      path.set_loss_out_ppm(-1);
      path.set_loss_back_ppm(-1);
    }
  }
  auto& service = *mesh.services.add_services();
  service.set_service("shop/web");
  auto& row = *mesh.weights.add_rows();
  row.set_service("shop/web");
  row.set_from_region("us");
  row.set_requests_per_second(100);
  for (const char* region : {"us", "eu", "ap"}) {
    auto& there = *service.add_regions();
    there.set_region(region);
    there.set_endpoints_total(2);
    there.set_endpoints_healthy(2);
    for (int i = 0; i < 2; ++i) there.add_endpoints()->set_healthy(true);
    auto& cell = *row.add_to();
    cell.set_region(region);
    cell.set_weight(100);
    cell.set_effective_share_ppm(333'333);
    cell.set_seen_share_ppm(330'000);
    cell.set_requests_per_second(33);
    cell.set_p50_us(std::string(region) == "us" ? 3000 : 84'000);
    cell.set_state("active");
  }
  auto& policy = *mesh.policies.add_policies();
  policy.set_service("shop/web");
  policy.set_policy("learned");
  policy.set_steering("learned");
  policy.set_ended(6000);
  policy.set_in_objective(5950);
  policy.set_expected_in_objective(5960);
  return mesh;
}

telemetry::v1::Event& event(MeshSnapshot& mesh, const char* type, std::int64_t ago_ms,
                            const std::string& agent = {}) {
  auto& made = *mesh.events.add_events();
  made.set_type(type);
  made.set_unix_ms(k_now - ago_ms);
  made.set_agent(agent);
  return made;
}

telemetry::v1::Path& path(MeshSnapshot& mesh, const std::string& from, const std::string& to) {
  for (auto& status : *mesh.paths.mutable_paths()) {
    if (status.from_agent() == from && status.path().to_agent() == to) {
      return *status.mutable_path();
    }
  }
  throw std::out_of_range(from);
}

/// The agent is gone, with what that does to everything else.
void take_away(MeshSnapshot& mesh, const std::string& agent) {
  for (auto& one : *mesh.agents.mutable_agents()) {
    if (one.agent() == agent) one.set_connected(false);
  }
  event(mesh, "agent.disconnected", 9000, agent).set_message(agent + " is disconnected: no answer");
  for (auto& status : *mesh.paths.mutable_paths()) {
    if (status.from_agent() == agent || status.path().to_agent() == agent) {
      status.mutable_path()->set_up(false);
    }
  }
  auto& regions = *mesh.services.mutable_services(0)->mutable_regions();
  auto& there = *std::ranges::find(regions, region_of(agent), &admin::v1::ServiceRegion::region);
  there.set_endpoints_healthy(0);
  for (auto& endpoint : *there.mutable_endpoints()) {
    endpoint.set_healthy(false);
    endpoint.set_reason("no report from " + agent);
  }
}

/// A certificate of the dashboard that holds for so many days, and so many of them from now.
void show_certificate(MeshSnapshot& mesh, std::int64_t days, std::int64_t left) {
  constexpr std::int64_t day_ms = 86'400'000;
  auto& shown = *mesh.status.add_certificates();
  shown.set_used_for("web");
  shown.set_begins_unix_ms(k_now - (days - left) * day_ms);
  shown.set_expires_unix_ms(k_now + left * day_ms);
}

/// What is now was so ten minutes ago too.
void remember(MeshSnapshot& mesh) {
  mesh.before = {k_now - 600'000, mesh.paths, mesh.services, mesh.weights};
}

struct Fault {
  const char* name;
  const char* code;
  std::function<void(MeshSnapshot&)> make;
};

void cut(MeshSnapshot& mesh, const std::string& from, const std::string& to) {
  path(mesh, from, to).set_up(false);
}

class FirstFinding : public testing::TestWithParam<Fault> {};

TEST_P(FirstFinding, IsTheFault) {
  MeshSnapshot mesh = healthy();
  GetParam().make(mesh);
  const auto found = findings_of(mesh);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.front().code, GetParam().code) << found.front().what;
  EXPECT_FALSE(found.front().what.empty());
  EXPECT_FALSE(found.front().next.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Table, FirstFinding,
    testing::Values(
        Fault{"StoreFull", "WEIR-101",
              [](auto& m) { event(m, "store.held", 60'000).set_message("3 MB left"); }},
        Fault{"ClocksApart", "WEIR-102", [](auto& m) { m.now_ms += 60'000; }},
        Fault{"Restored", "WEIR-103", [](auto& m) { event(m, "epoch.raised", 5000); }},
        Fault{"Empty", "WEIR-201", [](auto& m) { m.agents.clear_agents(); }},
        Fault{"RegionGone", "WEIR-202", [](auto& m) { take_away(m, "ap/agent-1"); }},
        Fault{"OneOfTwoGone", "WEIR-203",
              [](auto& m) {
                m.agents.mutable_agents(2)->set_connected(false);
                for (const auto& other : k_agents) {
                  if (other == "eu/agent-2") continue;
                  cut(m, other, "eu/agent-2");
                  cut(m, "eu/agent-2", other);
                }
              }},
        Fault{"RefusesTheRevision", "WEIR-204",
              [](auto& m) { m.agents.mutable_agents(0)->set_nack("port 80 is taken"); }},
        Fault{"Isolated", "WEIR-205",
              [](auto& m) { event(m, "agent.isolated", 3000, "us/agent-1"); }},
        Fault{"CertificateOver", "WEIR-206",
              [](auto& m) {
                m.agents.mutable_agents(0)->set_certificate_expires_unix_ms(k_now - 1);
              }},
        Fault{"CertificateEnds", "WEIR-206",
              [](auto& m) {
                m.agents.mutable_agents(0)->set_certificate_expires_unix_ms(k_now + 60'000);
              }},
        Fault{"OldAgent", "WEIR-207",
              [](auto& m) { m.agents.mutable_agents(1)->set_version("1.1"); }},
        Fault{"AgentsDisk", "WEIR-208",
              [](auto& m) { event(m, "agent.disk", 3000, "us/agent-1").set_message("no space"); }},
        Fault{"EndpointsFileBroken", "WEIR-301",
              [](auto& m) { event(m, "discovery.failed", 3000, "us/agent-1"); }},
        Fault{"NobodyServes", "WEIR-302",
              [](auto& m) {
                for (auto& region : *m.services.mutable_services(0)->mutable_regions()) {
                  region.set_endpoints_total(0);
                  region.set_endpoints_healthy(0);
                }
              }},
        Fault{"UdpBlocked", "WEIR-401",
              [](auto& m) {
                for (const auto& other : k_agents) {
                  if (other == "ap/agent-1") continue;
                  cut(m, other, "ap/agent-1");
                  cut(m, "ap/agent-1", other);
                }
              }},
        Fault{"PathCut", "WEIR-402",
              [](auto& m) {
                cut(m, "us/agent-1", "ap/agent-1");
                cut(m, "ap/agent-1", "us/agent-1");
              }},
        Fault{"OneEndSaysItIsDown", "WEIR-402",
              [](auto& m) { cut(m, "us/agent-1", "ap/agent-1"); }},
        Fault{"LossOneWay", "WEIR-404",
              [](auto& m) {
                path(m, "us/agent-1", "eu/agent-1").set_loss_ppm(50'000);
                path(m, "us/agent-1", "eu/agent-1").set_loss_out_ppm(50'000);
                path(m, "us/agent-1", "eu/agent-1").set_loss_back_ppm(0);
              }},
        Fault{"LossBothWays", "WEIR-404",
              [](auto& m) { path(m, "eu/agent-1", "us/agent-1").set_loss_ppm(50'000); }},
        Fault{"Jitter", "WEIR-405",
              [](auto& m) { path(m, "eu/agent-1", "us/agent-1").set_jitter_us(70'000); }},
        Fault{"DetourOnTheWay", "WEIR-406",
              [](auto& m) {
                path(m, "us/agent-1", "ap/agent-1").set_rtt_p50_us(400'000);
                path(m, "ap/agent-1", "us/agent-1").set_rtt_p50_us(400'000);
              }},
        Fault{"PathFlaps", "WEIR-407",
              [](auto& m) {
                for (int i = 0; i < 5; ++i) {
                  event(m, "path.down", 200'000 - i * 30'000, "us/agent-1").set_region("ap");
                }
              }},
        Fault{"AllServersDown", "WEIR-501",
              [](auto& m) {
                auto& region = *m.services.mutable_services(0)->mutable_regions(1);
                region.set_endpoints_healthy(0);
                for (auto& endpoint : *region.mutable_endpoints()) {
                  endpoint.set_healthy(false);
                  endpoint.set_reason("connection refused");
                }
                m.weights.mutable_rows(0)->mutable_to(1)->set_state("down: no healthy endpoint");
              }},
        Fault{"OneServerDown", "WEIR-502",
              [](auto& m) {
                m.services.mutable_services(0)->mutable_regions(1)->set_endpoints_healthy(1);
              }},
        Fault{"ServerFlaps", "WEIR-503",
              [](auto& m) {
                for (int i = 0; i < 5; ++i) {
                  auto& down = event(m, "endpoint.down", 200'000 - i * 30'000, "us/agent-1");
                  down.set_service("shop/web");
                  down.set_message("10.0.0.1:80: check failed");
                }
              }},
        Fault{"Panic", "WEIR-601", [](auto& m) { event(m, "failover.panic", 3000, "us/agent-1"); }},
        Fault{"FailoverByErrors", "WEIR-602",
              [](auto& m) { m.weights.mutable_rows(0)->mutable_to(1)->set_state("down: errors"); }},
        Fault{"WeightsFaded", "WEIR-603",
              [](auto& m) { event(m, "weights.faded", 900'000, "us/agent-1"); }},
        Fault{"AnswersAreErrors", "WEIR-701",
              [](auto& m) { m.weights.mutable_rows(0)->mutable_to(1)->set_error_ppm(300'000); }},
        Fault{"NoRoom", "WEIR-702",
              [](auto& m) { m.weights.mutable_rows(0)->mutable_to(1)->set_overflow_ppm(700'000); }},
        Fault{
            "SharesOff", "WEIR-703",
            [](auto& m) { m.weights.mutable_rows(0)->mutable_to(1)->set_seen_share_ppm(600'000); }},
        Fault{"Pinned", "WEIR-704", [](auto& m) { m.weights.mutable_rows(0)->set_pinned(true); }},
        Fault{"PolicyFell", "WEIR-801",
              [](auto& m) { m.policies.mutable_policies(0)->set_steering("waterfall"); }},
        Fault{"ObjectiveMissed", "WEIR-802",
              [](auto& m) { m.policies.mutable_policies(0)->set_in_objective(5000); }},
        Fault{"CostCeiling", "WEIR-803",
              [](auto& m) { m.policies.mutable_policies(0)->set_cost_cut("2 instead of 3"); }},
        Fault{"JoinRefused", "WEIR-901", [](auto& m) { event(m, "enrol.refused", 3000); }},
        Fault{"LittleRoomLeft", "WEIR-104",
              [](auto& m) {
                m.status.mutable_store_room()->set_free_bytes(60 << 20);
                m.status.mutable_store_room()->set_reserve_bytes(32 << 20);
              }},
        Fault{"WebCertificateOver", "WEIR-105", [](auto& m) { show_certificate(m, 90, -1); }},
        Fault{"WebCertificateEnds", "WEIR-105", [](auto& m) { show_certificate(m, 90, 13); }},
        Fault{"ControllersClock", "WEIR-102",
              [](auto& m) {
                for (int i = 0; i < 4; ++i) {
                  m.agents.mutable_agents(i)->set_clock_ahead_ms(30'000 + i * 100);
                }
              }},
        Fault{"AnAgentsClock", "WEIR-209",
              [](auto& m) { m.agents.mutable_agents(2)->set_clock_ahead_ms(-30'000); }},
        Fault{"TwoMachinesAreOneAgent", "WEIR-210",
              [](auto& m) {
                event(m, "agent.twice", 60'000, "us/agent-1");
                m.agents.mutable_agents(0)->set_last_seen_unix_ms(k_now - 7000);
              }},
        Fault{"AgentsAreSilent", "WEIR-202",
              [](auto& m) {
                take_away(m, "ap/agent-1");
                m.agents.mutable_agents(3)->set_connected(true);
                m.agents.mutable_agents(3)->set_last_seen_unix_ms(k_now - 6000);
              }},
        Fault{"OnlyTheControllerDoesNotHearIt", "WEIR-211",
              [](auto& m) { m.agents.mutable_agents(3)->set_last_seen_unix_ms(k_now - 6000); }},
        Fault{"PortTakenAtTheGateway", "WEIR-212",
              [](auto& m) { event(m, "gateway.listener_failed", 60'000, "eu/agent-1"); }},
        Fault{"ServerInTheOverlay", "WEIR-303",
              [](auto& m) {
                m.status.set_overlay("10.90.0.0/16");
                auto& region = *m.services.mutable_services(0)->mutable_regions(1);
                region.mutable_endpoints(0)->set_endpoint("10.90.7.7:80");
                region.mutable_endpoints(0)->set_healthy(false);
                region.set_endpoints_healthy(1);
              }},
        Fault{"EndpointsFileEmptied", "WEIR-304",
              [](auto& m) {
                remember(m);
                auto& region = *m.services.mutable_services(0)->mutable_regions(1);
                region.clear_endpoints();
                region.set_endpoints_total(0);
                region.set_endpoints_healthy(0);
                m.weights.mutable_rows(0)->mutable_to(1)->set_state("down: no server");
              }},
        Fault{"OneWayIsCut", "WEIR-403",
              [](auto& m) {
                cut(m, "us/agent-1", "ap/agent-1");
                cut(m, "ap/agent-1", "us/agent-1");
                event(m, "path.down", 9000, "us/agent-1")
                    .set_message("to ap/agent-1: the peer does not hear us, 4 echoes unanswered");
                event(m, "path.down", 9000, "ap/agent-1")
                    .set_message("to us/agent-1: 3 hellos missed, 4 echoes unanswered");
              }},
        Fault{"SlowerThanBefore", "WEIR-408",
              [](auto& m) {
                remember(m);
                path(m, "us/agent-1", "ap/agent-1").set_rtt_p50_us(150'000);
              }},
        Fault{"LargePacketsAreLost", "WEIR-409",
              [](auto& m) {
                path(m, "us/agent-1", "ap/agent-1").set_full_size_bytes(1420);
                path(m, "us/agent-1", "ap/agent-1").set_full_size_lost(3);
              }},
        Fault{"CheckNobodyPasses", "WEIR-504",
              [](auto& m) {
                for (auto& region : *m.services.mutable_services(0)->mutable_regions()) {
                  region.set_endpoints_healthy(0);
                  for (auto& endpoint : *region.mutable_endpoints()) {
                    endpoint.set_healthy(false);
                    endpoint.set_reason("status 404");
                  }
                }
                event(m, "failover.panic", 3000, "us/agent-1");
              }},
        Fault{"SlowServers", "WEIR-505",
              [](auto& m) {
                remember(m);
                m.weights.mutable_rows(0)->mutable_to(1)->set_p50_us(400'000);
              }},
        Fault{"Spills", "WEIR-604",
              [](auto& m) {
                m.weights.mutable_rows(0)->mutable_to(1)->set_state("spilling 40 %");
                m.weights.mutable_rows(0)->mutable_to(0)->set_seen_share_ppm(600'000);
              }},
        Fault{"ModeByHand", "WEIR-804",
              [](auto& m) { m.policies.mutable_policies(0)->set_mode_by("ann"); }},
        Fault{"TokenRanOut", "WEIR-902",
              [](auto& m) {
                auto& token = *m.tokens.add_tokens();
                token.set_state("expired");
                token.set_expires_unix_ms(k_now - 30'000);
              }}),
    [](const auto& row) { return row.param.name; });

TEST(Findings, AreNoneOfAHealthyMesh) {
  const auto found = findings_of(healthy());
  EXPECT_TRUE(found.empty()) << found.front().what;
}

TEST(Findings, AreNoneOfWhatIsLikeBefore) {
  MeshSnapshot mesh = healthy();
  remember(mesh);
  show_certificate(mesh, 90, 60);
  show_certificate(mesh, 1, 1);
  mesh.status.mutable_store_room()->set_free_bytes(1 << 30);
  mesh.status.mutable_store_room()->set_reserve_bytes(32 << 20);
  for (auto& agent : *mesh.agents.mutable_agents()) agent.set_clock_ahead_ms(-200);
  path(mesh, "us/agent-1", "ap/agent-1").set_rtt_p50_us(95'000);
  path(mesh, "us/agent-1", "ap/agent-1").set_full_size_lost(2);
  path(mesh, "us/agent-1", "eu/agent-1").set_rtt_p50_us(20'000);  // better
  mesh.weights.mutable_rows(0)->mutable_to(1)->set_p50_us(24'000);
  mesh.weights.mutable_rows(0)->mutable_to(0)->set_p50_us(40'000);
  EXPECT_TRUE(findings_of(mesh).empty()) << findings_of(mesh).front().what;
}

TEST(Findings, BlameTheWayAndNotTheServersAtItsEnd) {
  MeshSnapshot mesh = healthy();
  remember(mesh);
  for (const char* eu : {"eu/agent-1", "eu/agent-2"}) {
    path(mesh, "us/agent-1", eu).set_rtt_p50_us(280'000);
    path(mesh, eu, "us/agent-1").set_rtt_p50_us(280'000);
  }
  mesh.weights.mutable_rows(0)->mutable_to(1)->set_p50_us(284'000);
  const auto found = findings_of(mesh);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].what, "eu <-> us takes 280 ms, 10m ago it was 80 ms");
}

TEST(Findings, OfAnAgentEndWhenItStartsAnew) {
  MeshSnapshot mesh = healthy();
  event(mesh, "discovery.failed", 60'000, "us/agent-1");
  event(mesh, "agent.restarted", 30'000, "us/agent-1");
  EXPECT_TRUE(findings_of(mesh).empty());
  event(mesh, "agent.restarted", 20'000, "eu/agent-1");
  event(mesh, "discovery.failed", 10'000, "us/agent-1");
  EXPECT_EQ(findings_of(mesh).size(), 1U);
}

TEST(Findings, AreNotOfWhatIsOver) {
  MeshSnapshot mesh = healthy();
  event(mesh, "store.held", 90'000);
  event(mesh, "store.writable", 60'000);
  event(mesh, "agent.isolated", 50'000, "us/agent-1");
  event(mesh, "agent.rejoined", 40'000, "us/agent-1");
  event(mesh, "discovery.failed", 30'000, "us/agent-1");
  event(mesh, "discovery.recovered", 20'000, "us/agent-1");
  event(mesh, "failover.panic", 20'000, "us/agent-1");
  event(mesh, "failover.panic_ended", 10'000, "us/agent-1");
  for (int i = 0; i < 9; ++i) event(mesh, "path.down", 3'600'000, "us/agent-1");
  EXPECT_TRUE(findings_of(mesh).empty()) << findings_of(mesh).front().what;
}

TEST(Findings, SayWhatAGoneAgentExplainsOnlyOnce) {
  MeshSnapshot mesh = healthy();
  take_away(mesh, "ap/agent-1");
  const auto found = findings_of(mesh);
  ASSERT_EQ(found.size(), 1U) << found[1].what;
  EXPECT_NE(found[0].what.find("nobody speaks for ap"), std::string::npos);
  EXPECT_EQ(found[0].cause, "ap/agent-1 is disconnected: no answer");
}

TEST(Findings, HaveAPageThatExplainsEachCode) {
  std::ifstream file(WEIR_DOCS "/findings.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const std::string_view code : finding_codes()) {
    EXPECT_NE(page.str().find("| " + std::string(code) + " |"), std::string::npos) << code;
  }
}

}  // namespace
}  // namespace weir
