#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "common/findings/examination.h"
#include "common/text/quantity.h"

namespace weir {

namespace {

namespace pb = admin::v1;

constexpr std::int64_t k_flap_ms = 5 * 60 * 1000;
constexpr int k_flaps = 4;
constexpr std::uint32_t k_loss_ppm = 10'000;
constexpr double k_jitter = 0.5;     // of the round trip
constexpr double k_jitter_ms = 10;   // and at least
constexpr double k_slower = 1.5;     // times what it was
constexpr double k_slower_ms = 20;   // and at least
constexpr double k_stretch = 1.5;    // of the way over a third region
constexpr double k_stretch_ms = 20;  // and at least
constexpr std::uint32_t k_full_size_lost = 3;
constexpr std::uint32_t k_full_size_lost_lossy = 8;  // where small ones are lost too

}  // namespace

void Examination::look_at_paths() {
  look_at_down();
  for (const pb::PathStatus& path : mesh_.paths.paths()) {
    if (!path.path().up()) continue;
    look_at_size(path);
    look_at_loss(path);
    look_at_jitter(path);
  }
  look_at_slower();
  look_at_stretch();
  look_at_flaps("path.down", "WEIR-407", "paths", "weirctl events --type path.down");
}

void Examination::look_at_down() {
  std::map<std::string, std::set<std::string>> apart;  // agent: from whom a path is down
  std::set<std::string> together;                      // agents with a path that is up
  std::set<Ends> down;
  for (const pb::PathStatus& path : mesh_.paths.paths()) {
    const std::string& from = path.from_agent();
    const std::string& to = path.path().to_agent();
    if (away(from) || away(to) || !fresh(path)) continue;
    if (path.path().up()) {
      together.insert({from, to});
      continue;
    }
    down.emplace(from, to);
    apart[from].insert(to);
    apart[to].insert(from);
  }
  std::set<std::string> cut;
  for (const auto& [agent, others] : apart) {
    if (others.size() > 1 && !together.contains(agent)) cut.insert(agent);
  }
  for (const std::string& agent : cut) {
    fail("WEIR-401", "paths",
         printable(agent) + " reaches no other agent, but the controller hears it",
         "its UDP port is blocked, or its endpoint is not the one the others are told",
         "weirctl mesh ls -o wide");
  }
  for (const pb::Agent& agent : mesh_.agents.agents()) {
    const std::string& name = agent.agent();
    if (away(name) || cut.contains(name)) continue;
    if (open("agent.isolated", "agent.rejoined", name) == nullptr) continue;
    fail("WEIR-205", "agents", printable(name) + " was cut off from all others",
         "every path of its own is down: it holds nobody away for that", "weirctl paths ls");
  }
  for (const auto& [from, to] : down) {
    if (cut.contains(from) || cut.contains(to)) continue;
    if (to < from && down.contains({to, from})) continue;
    const bool out = lost_on_one_way(from, to);
    const bool back = !out && lost_on_one_way(to, from);
    const std::string& first = back ? to : from;
    const std::string& second = back ? from : to;
    const std::string ping = "weirctl paths ping " + printable(first) + " " + printable(second);
    if (out || back) {
      fail("WEIR-403", "paths",
           fmt::format("nothing gets from {} to {}; the other way does", printable(first),
                       printable(second)),
           "a firewall or a route on that one way; the path is down for both", ping);
    } else {
      fail("WEIR-402", "paths", fmt::format("{} <-> {} is down", printable(from), printable(to)),
           "nothing gets through in either direction, as far as the two ends have said", ping);
    }
  }
}

/// By what the two ends said when they gave the path up: the one hears nothing, the other only
/// that it is not heard.
bool Examination::lost_on_one_way(const std::string& from, const std::string& to) const {
  const auto said = [this](const std::string& who, const std::string& of, std::string_view word) {
    const auto& events = mesh_.events.events();
    const auto last = std::find_if(events.rbegin(), events.rend(), [&](const Event& event) {
      return event.type() == "path.down" && event.agent() == who &&
             event.message().starts_with("to " + of + ":");
    });
    return last != events.rend() && last->message().find(word) != std::string::npos;
  };
  return said(from, to, "does not hear us") && said(to, from, "hellos missed");
}

void Examination::look_at_size(const pb::PathStatus& status) {
  const auto& path = status.path();
  const std::uint32_t needed =
      path.loss_ppm() < k_loss_ppm ? k_full_size_lost : k_full_size_lost_lossy;
  if (path.full_size_lost() < needed) return;
  fail("WEIR-409", "paths",
       fmt::format("packets of {} bytes from {} to {} are lost, small ones get through",
                   path.full_size_bytes(), printable(status.from_agent()),
                   printable(path.to_agent())),
       "a part of the way carries less than the tunnel's interface takes, and tells nobody: "
       "requests hang",
       "set tunnel.mtu: 1280 in agent.yaml at both ends");
}

void Examination::look_at_loss(const pb::PathStatus& status) {
  const auto& path = status.path();
  const std::string from = printable(status.from_agent());
  const std::string to = printable(path.to_agent());
  const std::string ping = "weirctl paths ping " + from + " " + to;
  const auto out = static_cast<std::uint32_t>(std::max(0, path.loss_out_ppm()));
  const auto back = static_cast<std::uint32_t>(std::max(0, path.loss_back_ppm()));
  if (out >= k_loss_ppm && out > 3 * back) {
    warn("WEIR-404", "paths",
         fmt::format("{} of the packets from {} to {} are lost", show_rate(out), from, to),
         fmt::format("on that way; back {} are lost", show_rate(back)), ping);
  } else if (path.loss_ppm() >= k_loss_ppm && from < to && 3 * out >= back) {
    warn("WEIR-404", "paths",
         fmt::format("{} of the packets between {} and {} are lost", show_rate(path.loss_ppm()),
                     from, to),
         "on both ways", ping);
  }
}

void Examination::look_at_jitter(const pb::PathStatus& status) {
  const auto& path = status.path();
  const std::string from = printable(status.from_agent());
  const std::string to = printable(path.to_agent());
  const bool restless =
      path.jitter_us() > k_jitter_ms * 1000 && path.jitter_us() > k_jitter * path.rtt_p50_us();
  if (!restless || to < from) return;
  warn("WEIR-405", "paths",
       fmt::format("round trips between {} and {} differ by {} from one to the next", from, to,
                   show_us(path.jitter_us())),
       "a queue on the way is filling and draining", "weirctl paths ping " + from + " " + to);
}

void Examination::look_at_slower() {
  if (!mesh_.before) return;
  const auto then = round_trips(mesh_.before->paths);
  for (const auto& [pair, ms] : round_trips(mesh_.paths)) {
    const auto before = then.find(pair);
    if (before == then.end()) continue;
    if (ms < k_slower * before->second || ms - before->second < k_slower_ms) continue;
    const auto& [from, to] = pair;
    const bool told = slower_.contains({to, from});
    slower_.insert(pair);
    if (told) continue;
    warn("WEIR-408", "paths",
         fmt::format("{} <-> {} takes {:.0f} ms, {} it was {:.0f} ms", printable(from),
                     printable(to), ms, show_ago(mesh_.before->unix_ms, controller_ms()),
                     before->second),
         "the route between the two has changed, in one direction or both", "weirctl paths matrix");
  }
}

/// A path that takes much longer than the two over a third region.
void Examination::look_at_stretch() {
  const auto ms = round_trips(mesh_.paths);
  for (const auto& [pair, direct] : ms) {
    const auto& [from, to] = pair;
    if (to < from || slower_.contains(pair) || slower_.contains({to, from})) continue;
    double best = direct;
    std::string over;
    for (const auto& [first, one] : ms) {
      const auto second = ms.find({first.second, to});
      if (first.first != from || first.second == to || second == ms.end()) continue;
      if (one + second->second < best) best = one + second->second, over = first.second;
    }
    if (over.empty() || direct < k_stretch * best || direct - best < k_stretch_ms) continue;
    warn("WEIR-406", "paths",
         fmt::format("{} <-> {} takes {:.0f} ms, over {} it would be {:.0f} ms", printable(from),
                     printable(to), direct, printable(over), best),
         "the route between the two providers has changed, or is a bad one",
         "weirctl paths matrix");
  }
}

void Examination::look_at_flaps(const char* down, const char* code, const char* about,
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
    warn(code, about, fmt::format("{} went down {} times in 5 minutes", printable(who), count),
         "it comes and goes: near the limit of a check, or of a link", next);
  }
}

}  // namespace weir
