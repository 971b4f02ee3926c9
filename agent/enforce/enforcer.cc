#include "agent/enforce/enforcer.h"

#include <utility>

namespace weir::agent {

namespace asio = boost::asio;

Enforcer::Enforcer(Clock& clock, OnTable on_table, OnEvent on_event)
    : clock_(clock), on_table_(std::move(on_table)), on_event_(std::move(on_event)) {}

Status Enforcer::apply(const Revision& revision) {
  const Status applied = machine_.apply(revision, clock_.now());
  publish();
  return applied;
}

void Enforcer::on_controller(bool heard) {
  machine_.on_controller(heard, clock_.now());
  publish();
}

void Enforcer::on_path(const PathEvent& event) {
  machine_.on_path(event, clock_.now());
  publish();
}

void Enforcer::on_agent_health(const AgentId& agent, std::span<const RegionHealth> said) {
  machine_.on_agent_health(agent, said, clock_.now());
  publish();
}

void Enforcer::on_local_health(std::span<const EndpointState> states) {
  machine_.on_local_health(states, clock_.now());
  publish();
}

void Enforcer::on_results(std::span<const DestinationResults> results) {
  for (const DestinationResults& result : results) machine_.on_results(result, clock_.now());
  publish();
}

void Enforcer::publish() {
  if (auto table = machine_.update(clock_.now())) {
    table_.store(table);
    if (on_table_) on_table_(*table);
  }
  for (const FailoverEvent& event : machine_.take_events()) {
    if (on_event_) on_event_(event);
  }
}

asio::awaitable<void> Enforcer::run() {
  // An input decides at once by itself; only holds, ramps and steps need this look, and 20 ms is a
  // fifth of the finest step of a ramp.
  while (co_await clock_.sleep_for(std::chrono::milliseconds(20))) {
    const auto wakeup = machine_.next_wakeup();
    if (wakeup && *wakeup <= clock_.now()) publish();
  }
}

}  // namespace weir::agent
