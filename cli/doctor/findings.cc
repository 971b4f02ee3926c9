#include "cli/doctor/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "cli/render/text.h"
#include "cli/render/units.h"

namespace weir::cli {
namespace {

namespace pb = admin::v1;
using Event = telemetry::v1::Event;

constexpr std::int64_t k_clock_ms = 5000;
constexpr std::int64_t k_certificate_ms = 60 * 60 * 1000;
constexpr std::int64_t k_recent_ms = 10 * 60 * 1000;
constexpr std::int64_t k_flap_ms = 5 * 60 * 1000;
constexpr int k_flaps = 4;
constexpr std::uint32_t k_loss_ppm = 10'000;
constexpr double k_jitter = 0.5;     // of the round trip
constexpr double k_jitter_ms = 10;   // and at least
constexpr double k_stretch = 1.5;    // of the way over a third region
constexpr double k_stretch_ms = 20;  // and at least
constexpr double k_rate = 1;         // requests per second, below which shares are luck
constexpr std::uint32_t k_errors_ppm = 50'000;
constexpr std::uint32_t k_share_ppm = 150'000;
constexpr std::uint32_t k_overflow_ppm = 300'000;
constexpr double k_ended = 500;  // requests, below which a policy's record is luck
constexpr double k_in_objective = 0.95;

constexpr std::string_view k_checks[] = {"controller", "agents",  "discovery", "paths", "services",
                                         "failover",   "weights", "policy",    "joins"};

constexpr std::string_view k_codes[] = {
    "WEIR-101", "WEIR-102", "WEIR-103", "WEIR-201", "WEIR-202", "WEIR-203", "WEIR-204",
    "WEIR-205", "WEIR-206", "WEIR-207", "WEIR-208", "WEIR-301", "WEIR-302", "WEIR-401",
    "WEIR-402", "WEIR-403", "WEIR-404", "WEIR-405", "WEIR-406", "WEIR-407", "WEIR-501",
    "WEIR-502", "WEIR-503", "WEIR-601", "WEIR-602", "WEIR-603", "WEIR-701", "WEIR-702",
    "WEIR-703", "WEIR-704", "WEIR-801", "WEIR-802", "WEIR-803", "WEIR-901"};

/// Goes over a snapshot, part by part.
class Doctor {
 public:
  explicit Doctor(const MeshSnapshot& mesh) : mesh_(mesh) {
    for (const pb::Agent& agent : mesh.agents.agents()) {
      if (!agent.connected()) away_.insert(agent.agent());
    }
  }

  std::vector<Finding> look() {
    look_at_controller();
    look_at_agents();
    look_at_discovery();
    look_at_paths();
    look_at_services();
    look_at_failover();
    look_at_weights();
    look_at_policies();
    look_at_joins();
    // A failure explains warnings more often than the other way round.
    failures_.insert(failures_.end(), std::make_move_iterator(warnings_.begin()),
                     std::make_move_iterator(warnings_.end()));
    return std::move(failures_);
  }

 private:
  void add(Level level, const char* code, const char* about, std::string what, std::string cause,
           std::string next) {
    auto& list = level == Level::fail ? failures_ : warnings_;
    list.push_back({level, code, about, std::move(what), std::move(cause), std::move(next)});
  }
  std::int64_t controller_ms() const { return mesh_.weights.unix_ms(); }

  /// The newest event of a type; nullptr: none within the time.
  const Event* newest(std::string_view type, std::int64_t within_ms,
                      const std::string& agent = {}) const {
    const auto& events = mesh_.events.events();
    for (auto it = events.rbegin(); it != events.rend(); ++it) {
      if (it->unix_ms() < controller_ms() - within_ms) break;
      if (it->type() == type && (agent.empty() || it->agent() == agent)) return &*it;
    }
    return nullptr;
  }
  /// `type` came, and what ends it did not come since.
  const Event* open(std::string_view type, std::string_view ended_by,
                    const std::string& agent = {}) const {
    constexpr std::int64_t k_ever = INT64_MAX / 2;
    const Event* began = newest(type, k_ever, agent);
    if (began == nullptr) return nullptr;
    const Event* ended = newest(ended_by, k_ever, began->agent());
    return ended == nullptr || ended->unix_ms() < began->unix_ms() ? began : nullptr;
  }

  /// "us-east-1/agent-1 is not connected, left 20s ago".
  std::string away_in_words(const pb::Agent& agent) const {
    const Event* left = newest("agent.disconnected", INT64_MAX / 2, agent.agent());
    const std::string since =
        left == nullptr ? "" : ", left " + show_ago(left->unix_ms(), controller_ms());
    return printable(agent.agent()) + " is not connected" + since;
  }

  void look_at_controller();
  void look_at_agents();
  void look_at_discovery();
  void look_at_paths();
  void look_at_one_way(const pb::PathStatus& path);
  void look_at_stretch();
  void look_at_services();
  void look_at_failover();
  void look_at_weights();
  void look_at_policies();
  void look_at_joins();
  void look_at_flaps(const char* down, const char* code, const char* about, const char* next);

  const MeshSnapshot& mesh_;
  std::set<std::string> away_;
  std::vector<Finding> failures_;
  std::vector<Finding> warnings_;
};

void Doctor::look_at_controller() {
  if (const Event* held = open("store.held", "store.writable")) {
    add(Level::fail, "WEIR-101", "controller", "its store takes no writes",
        printable(held->message()), "df -h /var/lib/weir-controller");
  }
  const std::int64_t off = mesh_.now_ms - controller_ms();
  if (std::abs(off) > k_clock_ms) {
    add(Level::warn, "WEIR-102", "controller",
        fmt::format("its clock and this machine's are {} apart", show_span(std::abs(off))),
        "certificates and tokens end by the clock", "timedatectl");
  }
  if (newest("epoch.raised", k_recent_ms) != nullptr) {
    add(Level::warn, "WEIR-103", "controller", "it was restored from a backup",
        "agents held something newer than its store", "weirctl events --type epoch.raised");
  }
}

void Doctor::look_at_agents() {
  if (mesh_.agents.agents().empty()) {
    add(Level::fail, "WEIR-201", "agents", "no agent has joined", "the mesh is empty",
        "weirctl mesh token create --region REGION --cluster CLUSTER");
    return;
  }
  std::map<std::string, int> there;  // connected agents by region
  std::map<std::string, std::vector<const pb::Agent*>> gone;
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    there[agent.region()] += agent.connected() ? 1 : 0;
    if (!agent.connected()) gone[agent.region()].push_back(&agent);
  }
  for (const auto& [region, agents] : gone) {
    const pb::Agent& first = *agents.front();
    const Event* left = newest("agent.disconnected", INT64_MAX / 2, first.agent());
    const std::string cause = left != nullptr ? printable(left->message()) : "it never connected";
    if (there[region] == 0) {
      add(Level::fail, "WEIR-202", "agents",
          fmt::format("nobody speaks for {}: {}", printable(region), away_in_words(first)), cause,
          "weirctl events --region " + printable(region));
      continue;
    }
    for (const pb::Agent* agent : agents) {
      add(Level::fail, "WEIR-203", "agents", away_in_words(*agent), cause,
          "systemctl status weir-agent");
    }
  }
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    const std::string name = printable(agent.agent());
    if (!agent.nack().empty()) {
      add(Level::fail, "WEIR-204", "agents", name + " refuses the newest revision",
          printable(agent.nack()), "weirctl events --type revision.refused");
    }
    if (open("agent.isolated", "agent.rejoined", agent.agent()) != nullptr) {
      add(Level::fail, "WEIR-205", "agents", name + " was cut off from all others",
          "every path of its own is down: it holds nobody away for that", "weirctl paths ls");
    }
    const std::int64_t left = agent.certificate_expires_unix_ms() - controller_ms();
    if (agent.certificate_expires_unix_ms() > 0 && left < k_certificate_ms) {
      add(left < 0 ? Level::fail : Level::warn, "WEIR-206", "agents",
          left < 0 ? "the certificate of " + name + " has run out"
                   : fmt::format("the certificate of {} ends in {}", name, show_span(left)),
          "it is renewed at half its time, if the agent reaches the controller",
          "weirctl mesh ls -o wide");
    }
    if (agent.connected() && !agent.version().empty() &&
        agent.version() != mesh_.status.version()) {
      add(Level::warn, "WEIR-207", "agents",
          fmt::format("{} runs version {}, the controller {}", name, printable(agent.version()),
                      printable(mesh_.status.version())),
          "an upgrade is under way, or stopped half way", "weirctl mesh ls -o wide");
    }
    if (const Event* disk = newest("agent.disk", k_recent_ms, agent.agent())) {
      add(Level::warn, "WEIR-208", "agents", name + " cannot keep its last good state",
          printable(disk->message()), "df -h /var/lib/weir-agent");
    }
  }
}

void Doctor::look_at_discovery() {
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    const Event* failed = open("discovery.failed", "discovery.recovered", agent.agent());
    if (failed == nullptr) continue;
    add(Level::fail, "WEIR-301", "discovery",
        printable(agent.agent()) + " cannot read what it should serve",
        printable(failed->message()), "weirctl events --type discovery.failed");
  }
  for (const pb::Service& service : mesh_.services.services()) {
    std::uint32_t endpoints = 0;
    for (const auto& region : service.regions()) endpoints += region.endpoints_total();
    if (endpoints > 0) continue;
    add(Level::fail, "WEIR-302", "discovery",
        printable(service.service()) + " has no endpoint in any region",
        "no agent's endpoints file names it", "weirctl services ls -o wide");
  }
}

void Doctor::look_at_paths() {
  std::map<std::string, std::pair<int, int>> ends;  // agent: paths down, all
  std::set<std::pair<std::string, std::string>> down;
  for (const pb::PathStatus& path : mesh_.paths.paths()) {
    const std::string& to = path.path().to_agent();
    if (away_.contains(path.from_agent()) || away_.contains(to)) continue;
    for (const std::string& end : {path.from_agent(), to}) {
      ++ends[end].second;
      ends[end].first += path.path().up() ? 0 : 1;
    }
    if (!path.path().up()) down.emplace(path.from_agent(), to);
  }
  std::set<std::string> cut;
  for (const auto& [agent, count] : ends) {
    const bool alone = count.first == count.second && count.second > 2;
    if (alone) cut.insert(agent);
  }
  for (const std::string& agent : cut) {
    add(Level::fail, "WEIR-401", "paths",
        printable(agent) + " reaches no other agent, but the controller hears it",
        "its UDP port is blocked, or its endpoint is not the one the others are told",
        "weirctl mesh ls -o wide");
  }
  for (const auto& [from, to] : down) {
    if (cut.contains(from) || cut.contains(to)) continue;
    const bool both = down.contains({to, from});
    if (both && to < from) continue;
    add(Level::fail, both ? "WEIR-402" : "WEIR-403", "paths",
        fmt::format("{} {} {} is down", printable(from), both ? "<->" : "->", printable(to)),
        both ? "nothing gets through in either direction"
             : "the other direction is up: packets are lost on one way only",
        "weirctl paths ping " + printable(from) + " " + printable(to));
  }
  for (const pb::PathStatus& path : mesh_.paths.paths()) {
    if (path.path().up()) look_at_one_way(path);
  }
  look_at_stretch();
  look_at_flaps("path.down", "WEIR-407", "paths", "weirctl events --type path.down");
}

void Doctor::look_at_one_way(const pb::PathStatus& status) {
  const auto& path = status.path();
  const std::string from = printable(status.from_agent());
  const std::string to = printable(path.to_agent());
  const std::string ping = "weirctl paths ping " + from + " " + to;
  const auto out = static_cast<std::uint32_t>(std::max(0, path.loss_out_ppm()));
  const auto back = static_cast<std::uint32_t>(std::max(0, path.loss_back_ppm()));
  if (out >= k_loss_ppm && out > 3 * back) {
    add(Level::warn, "WEIR-404", "paths",
        fmt::format("{} of the packets from {} to {} are lost", show_rate(out), from, to),
        fmt::format("on that way; back {} are lost", show_rate(back)), ping);
  } else if (path.loss_ppm() >= k_loss_ppm && from < to && 3 * out >= back) {
    add(Level::warn, "WEIR-404", "paths",
        fmt::format("{} of the packets between {} and {} are lost", show_rate(path.loss_ppm()),
                    from, to),
        "on both ways", ping);
  }
  const double jitter_ms = path.jitter_us() / 1000.0;
  if (from < to && jitter_ms > k_jitter_ms && path.jitter_us() > k_jitter * path.rtt_p50_us()) {
    add(Level::warn, "WEIR-405", "paths",
        fmt::format("round trips between {} and {} differ by {} from one to the next", from, to,
                    show_us(path.jitter_us())),
        "a queue on the way is filling and draining", ping);
  }
}

/// A path that takes much longer than the two over a third region.
void Doctor::look_at_stretch() {
  std::map<std::pair<std::string, std::string>, double> ms;
  for (const pb::PathStatus& status : mesh_.paths.paths()) {
    const auto& path = status.path();
    if (!path.up() || path.rtt_p50_us() == 0) continue;
    double& least = ms[{status.from_region(), path.to_region()}];
    const double now = path.rtt_p50_us() / 1000.0;
    least = least == 0 ? now : std::min(least, now);
  }
  for (const auto& [pair, direct] : ms) {
    const auto& [from, to] = pair;
    if (to < from) continue;
    double best = direct;
    std::string over;
    for (const auto& [first, one] : ms) {
      const auto second = ms.find({first.second, to});
      if (first.first != from || first.second == to || second == ms.end()) continue;
      if (one + second->second < best) best = one + second->second, over = first.second;
    }
    if (over.empty() || direct < k_stretch * best || direct - best < k_stretch_ms) continue;
    add(Level::warn, "WEIR-406", "paths",
        fmt::format("{} <-> {} takes {:.0f} ms, over {} it would be {:.0f} ms", printable(from),
                    printable(to), direct, printable(over), best),
        "the route between the two providers has changed, or is a bad one", "weirctl paths matrix");
  }
}

void Doctor::look_at_flaps(const char* down, const char* code, const char* about,
                           const char* next) {
  std::map<std::string, int> times;
  for (const Event& event : mesh_.events.events()) {
    if (event.type() != down || event.unix_ms() < controller_ms() - k_flap_ms) continue;
    std::string who = event.agent();
    if (about == std::string_view("paths")) who += " -> " + event.region();
    if (about == std::string_view("services")) {
      who = event.service() + " at " + event.message().substr(0, event.message().find(": "));
    }
    ++times[who];
  }
  for (const auto& [who, count] : times) {
    if (count < k_flaps) continue;
    add(Level::warn, code, about,
        fmt::format("{} went down {} times in 5 minutes", printable(who), count),
        "it comes and goes: near the limit of a check, or of a link", next);
  }
}

void Doctor::look_at_services() {
  for (const pb::Service& service : mesh_.services.services()) {
    for (const auto& region : service.regions()) {
      if (region.endpoints_total() == 0) continue;
      const auto bad = region.endpoints_total() - region.endpoints_healthy();
      if (bad == 0) continue;
      std::map<std::string, int> reasons;
      for (const auto& endpoint : region.endpoints()) {
        if (!endpoint.healthy()) ++reasons[printable(endpoint.reason())];
      }
      const auto most =
          std::ranges::max_element(reasons, {}, [](const auto& reason) { return reason.second; });
      const bool silent = most != reasons.end() && most->first.starts_with("no report from");
      if (silent) continue;  // the agent is what is wrong
      const bool all = region.endpoints_healthy() == 0;
      add(all ? Level::fail : Level::warn, all ? "WEIR-501" : "WEIR-502", "services",
          all ? fmt::format("{} has no healthy endpoint in {}", printable(service.service()),
                            printable(region.region()))
              : fmt::format("{} of {} endpoints of {} in {} are down", bad,
                            region.endpoints_total(), printable(service.service()),
                            printable(region.region())),
          most == reasons.end() ? "" : most->first, "weirctl services ls -o wide");
    }
  }
  look_at_flaps("endpoint.down", "WEIR-503", "services", "weirctl events --type endpoint.down");
}

void Doctor::look_at_failover() {
  if (const Event* panic = open("failover.panic", "failover.panic_ended")) {
    add(Level::fail, "WEIR-601", "failover",
        printable(panic->agent()) + " has nowhere left to send requests: it uses everything",
        printable(panic->message()), "weirctl failover ls");
  }
  std::map<std::string, int> left;  // service and destination: from how many sources
  for (const pb::WeightRow& row : mesh_.weights.rows()) {
    for (const pb::WeightCell& cell : row.to()) {
      if (cell.state().starts_with("down") && cell.weight() > 0) {
        ++left[row.service() + " stays away from " + cell.region() + " (" + cell.state() + ")"];
      }
    }
  }
  for (const auto& [what, sources] : left) {
    add(Level::warn, "WEIR-602", "failover",
        fmt::format("{}, from {} region{}", printable(what), sources, sources == 1 ? "" : "s"),
        "a failover is active; it ends by itself", "weirctl failover ls");
  }
  if (const Event* faded = open("weights.faded", "weights.back")) {
    add(Level::warn, "WEIR-603", "failover",
        printable(faded->agent()) + " went to the configured weights",
        "it has not heard the controller for the policy's time to live",
        "weirctl events --type weights.faded");
  }
}

void Doctor::look_at_weights() {
  for (const pb::WeightRow& row : mesh_.weights.rows()) {
    const std::string where = printable(row.service()) + " from " + printable(row.from_region());
    const std::string get = "weirctl weights get " + printable(row.service()) + " --from " +
                            printable(row.from_region()) + " -o wide";
    const bool busy = row.requests_per_second() >= k_rate;
    for (const pb::WeightCell& cell : row.to()) {
      const bool used = cell.requests_per_second() >= k_rate;
      if (used && cell.error_ppm() >= k_errors_ppm) {
        add(Level::fail, "WEIR-701", "weights",
            fmt::format("{} of the answers to {} that {} gives are errors",
                        show_rate(cell.error_ppm()), where, printable(cell.region())),
            "its servers answer, but not well: checks do not see it", get);
      }
      if (used && cell.overflow_ppm() >= k_overflow_ppm) {
        add(Level::warn, "WEIR-702", "weights",
            fmt::format("{} of what {} gets of {} had no room elsewhere",
                        show_share(cell.overflow_ppm()), printable(cell.region()), where),
            "the destination that was meant is slower than planned, or demand is higher", get);
      }
      const auto off = static_cast<std::int64_t>(cell.seen_share_ppm()) -
                       static_cast<std::int64_t>(cell.effective_share_ppm());
      const bool calm = cell.state().empty() || cell.state() == "active";
      if (busy && calm && cell.overflow_ppm() < k_overflow_ppm && off > k_share_ppm) {
        add(Level::warn, "WEIR-703", "weights",
            fmt::format("{} gets {} of {}, {} are meant", printable(cell.region()),
                        show_share(cell.seen_share_ppm()), where,
                        show_share(cell.effective_share_ppm())),
            "long connections keep to where they were opened, or requests are sent again", get);
      }
    }
    if (row.pinned()) {
      add(Level::warn, "WEIR-704", "weights", where + " is pinned by hand",
          row.pin_expires_unix_ms() == 0
              ? "until somebody unpins it"
              : "it ends " + show_ago(row.pin_expires_unix_ms(), controller_ms()),
          "weirctl weights unpin " + printable(row.service()) + " --from " +
              printable(row.from_region()));
    }
  }
}

void Doctor::look_at_policies() {
  for (const pb::PolicyStatus& policy : mesh_.policies.policies()) {
    const std::string name = printable(policy.service());
    if (!policy.steering().empty() && policy.steering() != policy.policy()) {
      add(Level::fail, "WEIR-801", "policy",
          fmt::format("{} is steered by {} instead of {}", name, printable(policy.steering()),
                      printable(policy.policy())),
          printable(policy.last_fall()), "weirctl policy report " + name);
    }
    if (policy.ended() >= k_ended && policy.in_objective() < k_in_objective * policy.ended()) {
      const double share = policy.in_objective() / policy.ended();
      add(Level::warn, "WEIR-802", "policy",
          fmt::format("{:.1f}% of the requests to {} are within the objective", 100 * share, name),
          policy.expected_in_objective() < k_in_objective * policy.ended()
              ? "the policy expects no more: there is not enough capacity near enough"
              : "the policy expects more: something has changed just now",
          "weirctl policy report " + name);
    }
    if (!policy.cost_cut().empty()) {
      add(Level::warn, "WEIR-803", "policy", "the ceiling on cost holds " + name + " back",
          printable(policy.cost_cut()), "weirctl policy report " + name);
    }
  }
}

void Doctor::look_at_joins() {
  const Event* refused = newest("enrol.refused", k_recent_ms);
  if (refused == nullptr) return;
  add(Level::warn, "WEIR-901", "joins", "somebody was refused to join",
      printable(refused->message()), "weirctl mesh token ls");
}

}  // namespace

std::vector<Finding> findings_of(const MeshSnapshot& mesh) { return Doctor(mesh).look(); }

std::vector<std::string_view> looked_at() { return {std::begin(k_checks), std::end(k_checks)}; }

std::vector<std::string_view> finding_codes() { return {std::begin(k_codes), std::end(k_codes)}; }

}  // namespace weir::cli
