// What goes between regions, through the operator desk: answered from memory, on the core thread.

#include <algorithm>
#include <map>
#include <utility>

#include "controller/app/operator_desk.h"

namespace weir::controller {

namespace pb = admin::v1;

namespace {

/// Sums of flows, and what a reply says of them.
struct Going {
  double rps = 0;
  std::uint64_t ended = 0;
  std::uint64_t bad = 0;
  std::uint64_t within = 0;
  LatencyHistogram latency;

  void add(const FlowSums& flow) {
    rps += flow.requests_per_second;
    ended += flow.ok + flow.errors + flow.timeouts;
    bad += flow.errors + flow.timeouts;
    within += flow.within_objective;
    latency.merge(flow.latency);
  }

  template <typename Message>
  void put(Message& out) const {
    const auto us = [this](double q) {
      return static_cast<std::uint32_t>(
          std::clamp<std::int64_t>(latency.quantile(q).count(), 0, UINT32_MAX));
    };
    out.set_requests_per_second(rps);
    out.set_p50_us(us(0.5));
    out.set_p99_us(us(0.99));
    if (ended == 0) return;
    out.set_in_objective(static_cast<double>(within) / static_cast<double>(ended));
    out.set_errors(static_cast<double>(bad) / static_cast<double>(ended));
  }
};

}  // namespace

Result<pb::GetTrafficReply> OperatorDesk::traffic(const pb::GetTrafficRequest& what) {
  WEIR_TRY(check_pair(what.service(), ""));
  const Time now = plane_.clock().now();
  std::map<std::pair<RegionName, RegionName>, Going> between;
  std::map<ServiceName, Going> of_service;
  for (const FlowKey& key : plane_.telemetry().flows()) {
    if (!what.service().empty() && key.service.value() != what.service()) continue;
    const FlowSums flow = plane_.telemetry().sums(key, now);
    between[{key.from, key.to}].add(flow);
    of_service[key.service].add(flow);
  }
  pb::GetTrafficReply reply;
  reply.set_unix_ms(plane_.unix_ms());
  for (const auto& [ends, going] : between) {
    if (going.rps == 0 && going.ended == 0) continue;
    pb::TrafficFlow& row = *reply.add_flows();
    row.set_from(ends.first.value());
    row.set_to(ends.second.value());
    going.put(row);
  }
  std::map<ServiceName, std::uint32_t> sources;
  for (const auto& [key, weights] : plane_.publisher().state().weights) ++sources[key.first];
  std::map<ServiceName, std::uint32_t> pins;
  for (const WeightPin& pin : plane_.pins().all()) ++pins[pin.service];
  std::map<ServiceName, std::uint32_t> failovers;
  for (const FailoverRow& row : plane_.telemetry().failovers(now)) ++failovers[row.flow.service];
  for (const SteeringLoop::View& view : plane_.steering().views()) {
    const ServiceName& service = view.config->plan.service;
    if (!what.service().empty() && service.value() != what.service()) continue;
    pb::ServiceTraffic& row = *reply.add_services();
    row.set_service(service.value());
    of_service[service].put(row);
    row.set_sources(sources[service]);
    row.set_pins(pins[service]);
    row.set_failovers(failovers[service]);
    row.set_mode(std::string(policy_mode_name(view.mode)));
  }
  return reply;
}

}  // namespace weir::controller
