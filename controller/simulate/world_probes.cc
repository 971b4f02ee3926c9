#include "controller/simulate/world.h"

namespace weir::controller {
namespace {

constexpr int k_asked_again = 4;

}  // namespace

/// What the policy wants, unless the gateway knows better: not where nothing serves, and not, as
/// far as it can be had, where the request failed before.
RequestTarget Simulation::World::choose_by_request(std::uint32_t number, std::uint64_t tried) {
  Source& source = sources_[number];
  for (int n = 0; n < k_asked_again; ++n) {
    const RequestTarget target = by_request_->choose(number, to_ms(now_), source.other);
    const bool there = target.region < regions_ && source.effective()[target.region] > 0;
    if (there && ((tried >> target.region) & 1U) == 0) return target;
    by_request_->on_not_sent(number, target);
  }
  const auto region = source.choose_again(tried);
  return {.region = static_cast<std::uint32_t>(region ? *region : source.choose()),
          .endpoint = RequestTarget::k_any_endpoint};
}

void Simulation::World::send_probes(std::uint32_t number) {
  wanted_probes_.clear();
  by_request_->want_probes(number, to_ms(now_), sources_[number].other, wanted_probes_);
  for (const RequestTarget& target : wanted_probes_) {
    if (target.region >= regions_) continue;
    const auto bits = static_cast<std::uint32_t>(sources_[number].other.next());
    const auto trip = network_.trip(number, target.region, bits);
    if (!trip) continue;
    if (free_probes_.empty()) {
      free_probes_.push_back(static_cast<std::uint32_t>(probes_.size()));
      probes_.emplace_back();
    }
    const std::uint32_t index = free_probes_.back();
    free_probes_.pop_back();
    probes_[index] = {.source = number, .target = target, .sent = now_};
    push(now_ + *trip, EventKind::probe, index);
  }
}

void Simulation::World::on_probe(std::uint32_t index) {
  Probe& probe = probes_[index];
  const auto& region = fleet_.region(probe.target.region);
  const bool there = probe.target.endpoint < region.slots;
  const std::uint32_t number = region.first + (there ? probe.target.endpoint : 0);
  const bool answers = there && fleet_.server(number).state == Server::State::running;
  const auto bits = static_cast<std::uint32_t>(sources_[probe.source].other.next());
  const auto trip = network_.trip(probe.target.region, probe.source, bits);
  if (!answers || !trip) return free_probes_.push_back(index);
  probe.in_flight = fleet_.server(number).in_flight;
  probe.latency_ms = fleet_.recent_latency_ms(number);
  push(now_ + *trip, EventKind::probed, index);
}

void Simulation::World::on_probed(std::uint32_t index) {
  const Probe& probe = probes_[index];
  by_request_->on_probe(probe.source, to_ms(now_),
                        {.from = probe.target,
                         .in_flight = probe.in_flight,
                         .server_latency_ms = probe.latency_ms,
                         .rtt_ms = to_ms(now_ - probe.sent)});
  free_probes_.push_back(index);
}

void Simulation::World::tell_members(std::size_t source, std::size_t region) {
  ready_.clear();
  for (const Server& server : fleet_.servers_of(region)) {
    ready_.push_back(server.believed_up ? 1 : 0);
  }
  by_request_->on_members(static_cast<std::uint32_t>(source), static_cast<std::uint32_t>(region),
                          ready_);
}

}  // namespace weir::controller
