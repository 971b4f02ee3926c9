#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "common/findings/examination.h"
#include "common/text/quantity.h"

namespace weir {

namespace {

namespace pb = admin::v1;

constexpr double k_rate = 1;      // requests per second, below which a median is luck
constexpr double k_slow = 2;      // times what it was
constexpr double k_slow_ms = 50;  // and at least

/// The reason most of the servers that are down give; empty: none is.
std::string most_given(const std::map<std::string, int>& reasons) {
  const auto most =
      std::ranges::max_element(reasons, {}, [](const auto& reason) { return reason.second; });
  return most == reasons.end() ? "" : most->first;
}

bool unheard(const std::string& reason) { return reason.starts_with("no report from"); }

/// Milliseconds the servers of a region take for half of the requests, without the way there: the
/// least that any source sees.
using ServerTimes = std::map<std::pair<std::string, std::string>, double>;

ServerTimes server_times(const pb::GetWeightsReply& weights, const pb::ListPathsReply& paths) {
  const auto trips = round_trips(paths);
  ServerTimes times;
  for (const pb::WeightRow& row : weights.rows()) {
    for (const pb::WeightCell& cell : row.to()) {
      if (cell.requests_per_second() < k_rate || cell.p50_us() == 0) continue;
      double way = 0;
      if (cell.region() != row.from_region()) {
        const auto trip = trips.find({row.from_region(), cell.region()});
        if (trip == trips.end()) continue;
        way = trip->second;
      }
      const double ms = std::max(0.0, cell.p50_us() / 1000.0 - way);
      const auto [place, fresh] = times.try_emplace({row.service(), cell.region()}, ms);
      if (!fresh) place->second = std::min(place->second, ms);
    }
  }
  return times;
}

}  // namespace

void Examination::look_at_services() {
  for (const pb::Service& service : mesh_.services.services()) {
    if (nobody_healthy(service)) continue;
    for (const auto& region : service.regions()) look_at_region(service, region);
  }
  look_at_flaps("endpoint.down", "WEIR-503", "services", "weirctl events --type endpoint.down");
  look_at_slow_servers();
}

/// Servers in several regions that die at once are rare; a check that none of them passes is not.
bool Examination::nobody_healthy(const pb::Service& service) {
  int regions = 0;
  std::map<std::string, int> reasons;
  for (const auto& region : service.regions()) {
    if (region.endpoints_total() == 0) continue;
    ++regions;
    if (region.endpoints_healthy() > 0) return false;
    for (const auto& endpoint : region.endpoints()) {
      if (unheard(endpoint.reason())) return false;
      ++reasons[printable(endpoint.reason())];
    }
  }
  if (regions < 2) return false;
  fail("WEIR-504", "services", printable(service.service()) + " has no healthy endpoint anywhere",
       most_given(reasons) + (reasons.size() == 1 ? "; all say the same: is the check right?" : ""),
       "weirctl services ls -o wide");
  return true;
}

void Examination::look_at_region(const pb::Service& service, const pb::ServiceRegion& region) {
  if (region.endpoints_total() == 0) return;
  const auto bad = region.endpoints_total() - region.endpoints_healthy();
  if (bad == 0) return;
  std::map<std::string, int> reasons;
  for (const auto& endpoint : region.endpoints()) {
    if (!endpoint.healthy()) ++reasons[printable(endpoint.reason())];
  }
  const std::string reason = most_given(reasons);
  if (unheard(reason)) return;  // the agent is what is wrong
  const std::string next = "weirctl services ls -o wide";
  if (region.endpoints_healthy() == 0) {
    fail("WEIR-501", "services",
         fmt::format("{} has no healthy endpoint in {}", printable(service.service()),
                     printable(region.region())),
         reason, next);
  } else {
    warn("WEIR-502", "services",
         fmt::format("{} of {} endpoints of {} in {} are down", bad, region.endpoints_total(),
                     printable(service.service()), printable(region.region())),
         reason, next);
  }
}

void Examination::look_at_slow_servers() {
  if (!mesh_.before) return;
  const ServerTimes then = server_times(mesh_.before->weights, mesh_.before->paths);
  for (const auto& [key, ms] : server_times(mesh_.weights, mesh_.paths)) {
    const auto before = then.find(key);
    if (before == then.end()) continue;
    if (ms < k_slow * before->second || ms - before->second < k_slow_ms) continue;
    warn("WEIR-505", "services",
         fmt::format("{} takes {:.0f} ms in {}, {} it was {:.0f} ms", printable(key.first), ms,
                     printable(key.second), show_ago(mesh_.before->unix_ms, controller_ms()),
                     before->second),
         "its servers there, or the way from the agent to them, are slower than they were",
         "weirctl services ls -o wide");
  }
}

void Examination::look_at_failover() {
  if (const Event* panic = open("failover.panic", "failover.panic_ended")) {
    fail("WEIR-601", "failover",
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
    warn("WEIR-602", "failover",
         fmt::format("{}, from {} region{}", printable(what), sources, sources == 1 ? "" : "s"),
         "a failover is active; it ends by itself", "weirctl failover ls");
  }
  std::map<std::string, int> spilling;  // service and destination: from how many sources
  for (const pb::WeightRow& row : mesh_.weights.rows()) {
    for (const pb::WeightCell& cell : row.to()) {
      if (!cell.state().starts_with("spilling")) continue;
      ++spilling[row.service() + " in " + cell.region()];
    }
  }
  for (const auto& [what, sources] : spilling) {
    warn("WEIR-604", "failover",
         fmt::format("a part of what is meant for {} goes elsewhere, from {} region{}",
                     printable(what), sources, sources == 1 ? "" : "s"),
         "too few of its servers are healthy, or failover.max_in_flight is reached",
         "weirctl failover ls");
  }
  if (const Event* faded = open("weights.faded", "weights.back")) {
    warn("WEIR-603", "failover", printable(faded->agent()) + " went to the configured weights",
         "it has not heard the controller for the policy's time to live",
         "weirctl events --type weights.faded");
  }
}

}  // namespace weir
