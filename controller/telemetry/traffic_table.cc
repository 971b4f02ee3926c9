#include "controller/telemetry/traffic_table.h"

#include <algorithm>

namespace weir::controller {
namespace {

constexpr std::size_t k_windows_max = 4096;  // of one flow: agents report once a second

bool plain(const std::string& state) { return state.empty() || state == "active"; }

/// "ramping" of "ramping 40 %", "down" of "down: path": what does not change from report to report.
std::string_view kind_of(std::string_view state) {
  return state.substr(0, state.find_first_of(" :"));
}

}  // namespace

void TrafficTable::add(const AgentId& agent, const RegionName& from,
                       const telemetry::v1::Traffic& traffic, Time now, std::int64_t unix_ms) {
  const FlowKey key{.service = ServiceName(traffic.service()),
                    .from = from,
                    .to = RegionName(traffic.to_region())};
  const auto [place, fresh] = flows_.try_emplace(key);
  Flow& flow = place->second;
  if (flow.windows.empty()) flow.first = now;
  flow.windows.push_back({now, agent, traffic});
  if (flow.windows.size() > k_windows_max) flow.windows.pop_front();

  AgentState& mine = flow.agents[agent];
  if (mine.state.since_unix_ms == 0 || kind_of(mine.state.state) != kind_of(traffic.state())) {
    mine.state.since_unix_ms = unix_ms;
  }
  mine.state.state = traffic.state();
  mine.state.effective_share_ppm = traffic.effective_share_ppm();
  mine.in_flight = traffic.in_flight();
}

void TrafficTable::forget(const AgentId& agent) {
  for (auto& [key, flow] : flows_) flow.agents.erase(agent);
}

void TrafficTable::drop_old(Time now) {
  for (auto it = flows_.begin(); it != flows_.end();) {
    auto& windows = it->second.windows;
    while (!windows.empty() && windows.front().at + k_window <= now) windows.pop_front();
    it = windows.empty() && it->second.agents.empty() ? flows_.erase(it) : std::next(it);
  }
}

FlowSums TrafficTable::sums(const FlowKey& key, Time now) const {
  FlowSums sums;
  const auto found = flows_.find(key);
  if (found == flows_.end()) return sums;
  for (const Window& window : found->second.windows) {
    if (window.at + k_window <= now) continue;
    const auto& traffic = window.traffic;
    sums.started += traffic.started();
    sums.ok += traffic.ok();
    sums.errors += traffic.errors();
    sums.timeouts += traffic.timeouts();
    sums.within_objective += traffic.within_objective();
    for (int i = 0; i < traffic.bucket_index_size(); ++i) {
      sums.latency.add(traffic.bucket_index(i), traffic.bucket_count(i));
    }
  }
  for (const auto& [agent, state] : found->second.agents) sums.in_flight += state.in_flight;
  // The first report tells of the second before it.
  const auto seen = std::clamp<Duration>(now - found->second.first + std::chrono::seconds(1),
                                         std::chrono::seconds(1), k_window);
  sums.requests_per_second =
      static_cast<double>(sums.started) / std::chrono::duration<double>(seen).count();
  return sums;
}

std::optional<FlowState> TrafficTable::state(const FlowKey& key) const {
  const auto found = flows_.find(key);
  if (found == flows_.end() || found->second.agents.empty()) return std::nullopt;
  FlowState all;
  std::uint64_t share = 0;
  for (const auto& [agent, mine] : found->second.agents) {
    share += mine.state.effective_share_ppm;
    if (all.state.empty() || (plain(all.state) && !plain(mine.state.state))) {
      all.state = mine.state.state;
      all.since_unix_ms = mine.state.since_unix_ms;
    }
  }
  all.effective_share_ppm = static_cast<std::uint32_t>(share / found->second.agents.size());
  return all;
}

std::vector<FlowKey> TrafficTable::keys() const {
  std::vector<FlowKey> keys;
  keys.reserve(flows_.size());
  for (const auto& [key, flow] : flows_) keys.push_back(key);
  return keys;
}

}  // namespace weir::controller
