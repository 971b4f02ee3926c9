#include "controller/policy/rivals/peak_ewma.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {

PeakEwma::PeakEwma(const ServiceSetting& setting, std::string_view name,
                   const PeakEwmaOptions& options)
    : name_(name),
      options_(options),
      table_(setting, options.scope),
      states_(static_cast<std::size_t>(table_.sources()) * table_.slots()) {}

void PeakEwma::on_members(std::uint32_t source, std::uint32_t region, std::span<const char> ready) {
  table_.on_members(source, region, ready);
}

double PeakEwma::score(std::uint32_t source, RequestTarget target, double t_ms) const {
  const State& seen =
      states_[static_cast<std::size_t>(source) * table_.slots() + table_.slot(target)];
  if (!seen.answered) {
    return seen.pending > 0 ? options_.penalty + seen.pending : options_.default_ms;
  }
  const double passed = std::max(0.0, t_ms - seen.stamp_ms);
  const double cost = seen.cost_ms * std::exp(-passed / (options_.decay_s * 1000));
  return cost * (seen.pending + 1);
}

RequestTarget PeakEwma::choose(std::uint32_t source, double t_ms, Rng& rng) {
  const auto ready = table_.ready(source);
  if (ready.empty()) return table_.last_resort(source);
  const TwoTargets two = draw_two(ready, rng);
  const bool second = score(source, two.second, t_ms) < score(source, two.first, t_ms);
  const RequestTarget chosen = second ? two.second : two.first;
  ++state(source, table_.slot(chosen)).pending;
  return chosen;
}

void PeakEwma::on_not_sent(std::uint32_t source, RequestTarget target) {
  const std::uint32_t slot = table_.slot(target);
  if (source >= table_.sources() || slot == EndpointTable::k_no_slot) return;
  State& seen = state(source, slot);
  if (seen.pending > 0) --seen.pending;
}

void PeakEwma::on_ended(std::uint32_t source, double t_ms, RequestTarget target, double latency_ms,
                        bool /*ok*/) {
  const std::uint32_t slot = table_.slot(target);
  if (source >= table_.sources() || slot == EndpointTable::k_no_slot) return;
  State& seen = state(source, slot);
  if (seen.pending > 0) --seen.pending;
  const double passed = std::max(0.0, t_ms - seen.stamp_ms);
  const double keep = std::exp(-passed / (options_.decay_s * 1000));
  if (!seen.answered || latency_ms > seen.cost_ms) {
    seen.cost_ms = latency_ms;
  } else {
    seen.cost_ms = seen.cost_ms * keep + latency_ms * (1 - keep);
  }
  seen.stamp_ms = t_ms;
  seen.answered = true;
}

}  // namespace weir::controller
