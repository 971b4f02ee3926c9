#include "controller/telemetry/traffic_table.h"

#include <algorithm>

namespace weir::controller {
namespace {

constexpr std::chrono::milliseconds k_window_least{10};

bool plain(const std::string& state) { return state.empty() || state == "active"; }

/// "ramping" of "ramping 40 %", "down" of "down: path": what does not change from report to report.
std::string_view kind_of(std::string_view state) {
  return state.substr(0, state.find_first_of(" :"));
}

void add_to(FlowSums& sums, const telemetry::v1::Traffic& traffic) {
  sums.started += traffic.started();
  sums.ok += traffic.ok();
  sums.errors += traffic.errors();
  sums.timeouts += traffic.timeouts();
  sums.within_objective += traffic.within_objective();
  sums.chosen += traffic.chosen();
  sums.overflow += traffic.overflow();
  for (int i = 0; i < traffic.bucket_index_size(); ++i) {
    sums.latency.add(traffic.bucket_index(i), traffic.bucket_count(i));
  }
}

}  // namespace

void TrafficTable::add(const AgentId& agent, const RegionName& from,
                       const telemetry::v1::Traffic& traffic, std::chrono::milliseconds window,
                       Time now, std::int64_t unix_ms) {
  const FlowKey key{.service = ServiceName(traffic.service()),
                    .from = from,
                    .to = RegionName(traffic.to_region())};
  Flow& flow = flows_[key];
  if (flow.agents.empty()) flow.first = now;
  OfAgent& mine = flow.agents[agent];
  mine.windows.push_back({now, std::max(window, k_window_least), traffic});
  if (mine.windows.size() > k_windows_max) mine.windows.pop_front();
  if (mine.state.since_unix_ms == 0 || kind_of(mine.state.state) != kind_of(traffic.state())) {
    mine.state.since_unix_ms = unix_ms;
  }
  mine.state.state = traffic.state();
  mine.state.effective_share_ppm = traffic.effective_share_ppm();
  mine.in_flight = traffic.in_flight();
  mine.at = now;
}

void TrafficTable::forget(const AgentId& agent) {
  for (auto& [key, flow] : flows_) flow.agents.erase(agent);
}

void TrafficTable::drop_old(Time now) {
  const auto old = [now](const Window& window) { return window.at + k_window <= now; };
  for (auto& [key, flow] : flows_) {
    for (auto& [agent, mine] : flow.agents) {
      while (!mine.windows.empty() && old(mine.windows.front())) mine.windows.pop_front();
    }
    std::erase_if(flow.agents, [](const auto& entry) { return entry.second.windows.empty(); });
  }
  std::erase_if(flows_, [](const auto& entry) { return entry.second.agents.empty(); });
}

FlowSums TrafficTable::sums(const FlowKey& key, Time now) const {
  FlowSums sums;
  const auto found = flows_.find(key);
  if (found == flows_.end()) return sums;
  for (const auto& [agent, mine] : found->second.agents) {
    if (mine.at + k_window > now) sums.in_flight += mine.in_flight;
    for (const Window& window : mine.windows) {
      if (window.at + k_window > now) add_to(sums, window.traffic);
    }
  }
  // The first report tells of the second before it.
  const auto seen = std::clamp<Duration>(now - found->second.first + std::chrono::seconds(1),
                                         std::chrono::seconds(1), k_window);
  sums.requests_per_second =
      static_cast<double>(sums.started) / std::chrono::duration<double>(seen).count();
  return sums;
}

FlowRates TrafficTable::rates(const FlowKey& key, Time since, Time now) const {
  FlowRates rates;
  const auto found = flows_.find(key);
  if (found == flows_.end()) return rates;
  for (const auto& [agent, mine] : found->second.agents) {
    if (mine.windows.empty() || mine.windows.back().at + k_late <= now) continue;
    ++rates.agents;
    rates.in_flight += mine.windows.back().traffic.unanswered();
    FlowSums counted;
    double seconds = 0;
    auto window =
        std::ranges::find_if(mine.windows, [since](const Window& w) { return w.at > since; });
    if (window == mine.windows.end()) window = std::prev(window);
    for (; window != mine.windows.end(); ++window) {
      add_to(counted, window->traffic);
      seconds += std::chrono::duration<double>(window->length).count();
    }
    rates.started += static_cast<double>(counted.started) / seconds;
    rates.ok += static_cast<double>(counted.ok) / seconds;
    rates.errors += static_cast<double>(counted.errors) / seconds;
    rates.timeouts += static_cast<double>(counted.timeouts) / seconds;
    rates.within_objective += static_cast<double>(counted.within_objective) / seconds;
    rates.chosen += static_cast<double>(counted.chosen) / seconds;
    rates.latency.merge(counted.latency);
  }
  return rates;
}

std::optional<FlowState> TrafficTable::state(const FlowKey& key, Time now) const {
  const auto found = flows_.find(key);
  if (found == flows_.end()) return std::nullopt;
  FlowState all;
  std::uint64_t share = 0;
  std::size_t told = 0;
  for (const auto& [agent, mine] : found->second.agents) {
    if (mine.at + k_window <= now) continue;
    ++told;
    share += mine.state.effective_share_ppm;
    if (all.state.empty() || (plain(all.state) && !plain(mine.state.state))) {
      all.state = mine.state.state;
      all.since_unix_ms = mine.state.since_unix_ms;
    }
  }
  if (told == 0) return std::nullopt;
  all.effective_share_ppm = static_cast<std::uint32_t>(share / told);
  return all;
}

std::vector<FlowKey> TrafficTable::keys() const {
  std::vector<FlowKey> keys;
  keys.reserve(flows_.size());
  for (const auto& [key, flow] : flows_) keys.push_back(key);
  return keys;
}

}  // namespace weir::controller
