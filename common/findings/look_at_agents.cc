#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "common/findings/examination.h"
#include "common/net/ip.h"
#include "common/text/quantity.h"

namespace weir {

namespace {

namespace pb = admin::v1;

constexpr std::int64_t k_ever = INT64_MAX / 2;
constexpr std::int64_t k_coming_back_ms = 20'000;
constexpr std::int64_t k_just_left_ms = 3500;
constexpr std::int64_t k_recent_ms = 10 * 60 * 1000;
constexpr std::int64_t k_certificate_ms = 60 * 60 * 1000;
constexpr std::int64_t k_twice_ms = 2 * 60 * 1000;

}  // namespace

/// "us-east-1/agent-1 is not connected, left 20s ago".
std::string Examination::away_in_words(const pb::Agent& agent) const {
  if (agent.connected()) {
    return printable(agent.agent()) + " has been silent for " +
           show_span(controller_ms() - agent.last_seen_unix_ms());
  }
  const Event* left = newest("agent.disconnected", k_ever, agent.agent());
  const std::string since =
      left == nullptr ? "" : ", left " + show_ago(left->unix_ms(), controller_ms());
  return printable(agent.agent()) + " is not connected" + since;
}

/// Somebody who is there says the path to it is up, and has had the time to notice that it is not.
bool Examination::others_reach(const std::string& agent) const {
  if (newest("agent.disconnected", k_just_left_ms, agent) != nullptr) return false;
  return std::ranges::any_of(mesh_.paths.paths(), [&](const pb::PathStatus& status) {
    return status.path().to_agent() == agent && status.path().up() && fresh(status) &&
           !away(status.from_agent());
  });
}

bool Examination::run_twice(const std::string& agent) const {
  return newest("agent.twice", k_twice_ms, agent) != nullptr;
}

void Examination::look_at_agents() {
  if (mesh_.agents.agents().empty()) {
    fail("WEIR-201", "agents", "no agent has joined", "the mesh is empty",
         "weirctl mesh token create --region REGION --cluster CLUSTER");
    return;
  }
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    if (!run_twice(agent.agent())) continue;
    fail(
        "WEIR-210", "agents", printable(agent.agent()) + " runs on two machines",
        "its state_dir was copied: each takes the mesh's packets from the other; every agent needs "
        "a join token of its own",
        "weirctl events --type agent.twice");
  }
  look_at_away();
  for (const pb::Agent& agent : mesh_.agents.agents()) look_at_agent(agent);
}

void Examination::look_at_away() {
  std::map<std::string, int> there;  // agents by region
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    there[agent.region()] += away(agent.agent()) ? 0 : 1;
  }
  std::set<std::string> told;  // regions
  const bool just_started = controller_ms() - mesh_.status.started_unix_ms() < k_coming_back_ms;
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    if (!away(agent.agent()) || run_twice(agent.agent())) continue;
    const Event* left = newest("agent.disconnected", k_ever, agent.agent());
    if (others_reach(agent.agent())) {
      fail("WEIR-211", "agents", away_in_words(agent) + ", but other agents reach it",
           "it works on by its last revision; only its way to the controller is broken",
           "weirctl paths ls");
    } else if (there[agent.region()] > 0 && !(just_started && left == nullptr)) {
      fail("WEIR-203", "agents", away_in_words(agent),
           left != nullptr ? printable(left->message()) : "nobody else reaches it either",
           "systemctl status weir-agent");
    } else if (just_started && left == nullptr && !agent.connected()) {
      warn("WEIR-203", "agents", printable(agent.agent()) + " has not come back yet",
           "the controller started " + show_ago(mesh_.status.started_unix_ms(), controller_ms()),
           "weirctl status --wait");
    } else if (told.insert(agent.region()).second) {
      const std::string silent =
          agent.connected() ? "nobody else reaches it either" : "it never connected";
      fail("WEIR-202", "agents",
           fmt::format("nobody speaks for {}: {}", printable(agent.region()), away_in_words(agent)),
           left != nullptr && !agent.connected() ? printable(left->message()) : silent,
           "weirctl events --region " + printable(agent.region()));
    }
  }
}

void Examination::look_at_agent(const pb::Agent& agent) {
  const std::string name = printable(agent.agent());
  if (!agent.nack().empty()) {
    fail("WEIR-204", "agents", name + " refuses the newest revision", printable(agent.nack()),
         "weirctl events --type revision.refused");
  }
  if (const Event* failed =
          open("gateway.listener_failed", "gateway.listeners_open", agent.agent())) {
    fail("WEIR-212", "agents", name + " cannot open a service's port", printable(failed->message()),
         "ss -tlnp, on its machine");
  }
  const std::int64_t left = agent.certificate_expires_unix_ms() - controller_ms();
  if (agent.certificate_expires_unix_ms() > 0 && left < k_certificate_ms) {
    const std::string what =
        left < 0 ? "the certificate of " + name + " has run out"
                 : fmt::format("the certificate of {} ends in {}", name, show_span(left));
    const std::string cause = "it is renewed at half its time, if the agent reaches the controller";
    if (left < 0) {
      fail("WEIR-206", "agents", what, cause, "weirctl mesh ls -o wide");
    } else {
      warn("WEIR-206", "agents", what, cause, "weirctl mesh ls -o wide");
    }
  }
  if (agent.connected() && !agent.version().empty() && agent.version() != mesh_.status.version()) {
    warn("WEIR-207", "agents",
         fmt::format("{} runs version {}, the controller {}", name, printable(agent.version()),
                     printable(mesh_.status.version())),
         "an upgrade is under way, or stopped half way", "weirctl mesh ls -o wide");
  }
  if (const Event* disk = newest("agent.disk", k_recent_ms, agent.agent())) {
    warn("WEIR-208", "agents", name + " cannot keep its last good state",
         printable(disk->message()), "df -h /var/lib/weir-agent");
  }
}

void Examination::look_at_discovery() {
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    const Event* failed = open("discovery.failed", "discovery.recovered", agent.agent());
    if (failed == nullptr || away(agent.agent())) continue;
    fail("WEIR-301", "discovery", printable(agent.agent()) + " cannot read what it should serve",
         printable(failed->message()), "weirctl events --type discovery.failed");
  }
  look_at_addresses();
  for (const pb::Service& service : mesh_.services.services()) {
    std::uint32_t endpoints = 0;
    for (const auto& region : service.regions()) endpoints += region.endpoints_total();
    if (endpoints > 0) continue;
    fail("WEIR-302", "discovery", printable(service.service()) + " has no endpoint in any region",
         "no agent's endpoints file names it", "weirctl services ls -o wide");
  }
  look_at_vanished();
}

/// A server with an address of the mesh's own: its agent sends the requests into the tunnel.
void Examination::look_at_addresses() {
  const auto overlay = IpPrefix::parse(mesh_.status.overlay());
  if (mesh_.status.overlay().empty() || !overlay) return;
  for (const pb::Service& service : mesh_.services.services()) {
    for (const auto& region : service.regions()) {
      for (const auto& health : region.endpoints()) {
        const auto endpoint = Endpoint::parse(health.endpoint());
        if (!endpoint || !overlay->contains(endpoint->address)) continue;
        fail("WEIR-303", "discovery",
             fmt::format("{} of {} in {} has an address of the mesh's overlay, {}",
                         endpoint->to_string(), printable(service.service()),
                         printable(region.region()), overlay->to_string()),
             "the agent sends what is for that server into the tunnel",
             "give the mesh another overlay (controller.yaml), or the server another address");
        return;
      }
    }
  }
}

/// What a region listed some time before and lists no more, while its agent speaks.
void Examination::look_at_vanished() {
  if (!mesh_.before) return;
  std::set<std::string> speaking;
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    if (!away(agent.agent())) speaking.insert(agent.region());
  }
  const auto listed = [this](const std::string& service, const std::string& region) {
    for (const pb::Service& then : mesh_.before->services.services()) {
      if (then.service() != service) continue;
      for (const auto& row : then.regions()) {
        if (row.region() == region) return row.endpoints_total();
      }
    }
    return 0U;
  };
  for (const pb::Service& service : mesh_.services.services()) {
    const bool any = std::ranges::any_of(service.regions(), [](const pb::ServiceRegion& region) {
      return region.endpoints_total() > 0;
    });
    if (!any) continue;  // found already
    for (const auto& region : service.regions()) {
      const auto then = listed(service.service(), region.region());
      if (region.endpoints_total() > 0 || then == 0 || !speaking.contains(region.region())) {
        continue;
      }
      fail("WEIR-304", "discovery",
           fmt::format("{} lists no endpoint of {} any more", printable(region.region()),
                       printable(service.service())),
           fmt::format("it had {} {}: was its endpoints file emptied?", then,
                       show_ago(mesh_.before->unix_ms, controller_ms())),
           "weirctl services ls -o wide");
    }
  }
}

}  // namespace weir
