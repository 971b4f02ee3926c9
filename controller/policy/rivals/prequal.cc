#include "controller/policy/rivals/prequal.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace weir::controller {
namespace {

/// Stands for "as often as it lives" where fewer endpoints than pool places make b infinite.
constexpr double k_uses_max = 1000;
constexpr std::size_t k_pool_least = 2;
constexpr float k_error_weight = 0.1F;
constexpr std::size_t k_probes_max = 16;

}  // namespace

Prequal::Prequal(const ServiceSetting& setting, std::string_view name,
                 const PrequalOptions& options)
    : name_(name),
      options_(options),
      table_(setting, EndpointScope::mesh),
      error_share_(static_cast<std::size_t>(table_.sources()) * table_.slots(), 0) {
  for (std::uint32_t i = 0; i < table_.sources(); ++i) {
    sources_.push_back({.pool = ProbePool(options.pool_max), .in_flight = {}});
  }
}

void Prequal::on_members(std::uint32_t source, std::uint32_t region, std::span<const char> ready) {
  table_.on_members(source, region, ready);
  if (source >= table_.sources()) return;
  sources_[source].pool.drop_if(
      [&](const ProbePool::Entry& entry) { return !table_.is_ready(source, entry.target); });
}

RequestTarget Prequal::choose(std::uint32_t source, double t_ms, Rng& rng) {
  const auto ready = table_.ready(source);
  if (ready.empty()) return table_.last_resort(source);
  Source& here = sources_[source];
  const double hot_above = here.in_flight.at(options_.hot_quantile);
  here.pool.drop_older_than(t_ms - options_.age_max_ms);
  while (here.pool.size() > pool_size(ready.size())) here.pool.drop_oldest();
  if (here.pool.size() < 2) return ready[rng.below(ready.size())];
  ProbePool::Entry* best = here.pool.best(hot_above);
  const RequestTarget chosen = best->target;
  here.pool.use(best);
  remove(here, hot_above);
  return chosen;
}

void Prequal::remove(Source& source, double hot_above) {
  source.removals_due += options_.removals_per_query;
  while (source.removals_due >= 1) {
    source.removals_due -= 1;
    if (source.worst_next) {
      source.pool.drop_worst(hot_above);
    } else {
      source.pool.drop_oldest();
    }
    source.worst_next = !source.worst_next;
  }
}

void Prequal::want_probes(std::uint32_t source, double /*t_ms*/, Rng& rng,
                          std::vector<RequestTarget>& probes) {
  const auto ready = table_.ready(source);
  if (ready.empty()) return;
  Source& here = sources_[source];
  here.probes_due += options_.probes_per_query;
  const double whole = std::floor(here.probes_due);
  here.probes_due -= whole;
  const std::size_t count = std::min({static_cast<std::size_t>(whole), ready.size(), k_probes_max});
  std::array<std::uint64_t, k_probes_max> drawn{};
  for (std::size_t i = 0; i < count; ++i) {
    // Without putting back (Floyd): a number drawn before makes way for the last one.
    const std::uint64_t last = ready.size() - count + i;
    std::uint64_t index = rng.below(last + 1);
    if (std::find(drawn.begin(), drawn.begin() + i, index) != drawn.begin() + i) index = last;
    drawn[i] = index;
    probes.push_back(ready[index]);
  }
}

std::size_t Prequal::pool_size(std::size_t endpoints) const {
  return std::min(options_.pool_max, std::max(k_pool_least, endpoints / 2));
}

double Prequal::uses_per_probe(std::size_t endpoints) const {
  const double crowd = static_cast<double>(pool_size(endpoints)) /
                       static_cast<double>(std::max<std::size_t>(1, endpoints));
  const double gain = (1 - crowd) * options_.probes_per_query - options_.removals_per_query;
  if (gain <= 0) return k_uses_max;
  return std::clamp((1 + options_.delta) / gain, 1.0, k_uses_max);
}

void Prequal::on_probe(std::uint32_t source, double t_ms, const ProbeAnswer& answer) {
  const std::uint32_t slot = table_.slot(answer.from);
  if (source >= table_.sources() || slot == EndpointTable::k_no_slot) return;
  if (!table_.is_ready(source, answer.from)) return;
  Source& here = sources_[source];
  here.in_flight.add(answer.in_flight);
  // Spread evenly over the probes instead of drawn: the mean of the uses is b either way.
  const double uses = uses_per_probe(table_.ready(source).size()) + here.uses_fraction;
  const double whole = std::floor(uses);
  here.uses_fraction = uses - whole;
  const std::size_t cell = static_cast<std::size_t>(source) * table_.slots() + slot;
  const double errors = static_cast<double>(error_share_[cell]) * options_.error_penalty_ms;
  here.pool.add(
      {.target = answer.from,
       .in_flight = answer.in_flight,
       .latency_ms = answer.server_latency_ms + errors + (options_.add_rtt ? answer.rtt_ms : 0),
       .at_ms = t_ms,
       .uses_left = static_cast<int>(whole)});
}

void Prequal::on_ended(std::uint32_t source, double /*t_ms*/, RequestTarget target,
                       double /*latency_ms*/, bool ok) {
  const std::uint32_t slot = table_.slot(target);
  if (source >= table_.sources() || slot == EndpointTable::k_no_slot) return;
  float& share = error_share_[static_cast<std::size_t>(source) * table_.slots() + slot];
  share += k_error_weight * ((ok ? 0.0F : 1.0F) - share);
}

}  // namespace weir::controller
