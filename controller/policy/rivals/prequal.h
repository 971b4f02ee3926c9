#pragma once

#include <string_view>
#include <vector>

#include "controller/policy/rivals/endpoint_table.h"
#include "controller/policy/rivals/probe_pool.h"

namespace weir::controller {

/// Prequal (Wydrowski et al., "Load is not what you should balance: Introducing Prequal", NSDI
/// 2024), the settings of its testbed.
struct PrequalOptions {
  bool add_rtt = false;  // compare with the path to the endpoint included: geo-Prequal
  double probes_per_query = 3;
  std::size_t pool_max = 16;
  double age_max_ms = 1000;
  double hot_quantile = 0.84;  // 2^-0.25
  double removals_per_query = 1;
  double delta = 1;  // growth of the pool that reuse aims at
  /// The paper keeps endpoints that fail quickly from attracting traffic but not by which numbers:
  /// an endpoint's smoothed error share (of the source's last ten or so requests there) times this
  /// is added to its latency.
  double error_penalty_ms = 1000;
};

/// Probes in the background, chooses among their answers by the hot-cold rule:
///
///   query    answers older than a second and of endpoints gone are dropped; fewer than two left:
///            any ready endpoint at random; after the choice one more is dropped, in turn the worst
///            and the oldest
///   probes   to `probes_per_query` different endpoints after each query
///   reuse    an answer serves b queries, b = max(1, (1 + delta) / ((1 - m / n) * r - removed)),
///            rounded so that the mean is b; each raises its in-flight count
///   pool     m answers, but no more than half the n endpoints: published for a hundred of them,
///            with m near n the rule above would use one old answer without end
///
/// Without the path (`prequal`) a far endpoint is as good as a near one: published for one data
/// centre. `prequal-geo` adds the round-trip time the probe itself measured.
class Prequal final : public RequestPolicy {
 public:
  Prequal(const ServiceSetting& setting, std::string_view name, const PrequalOptions& = {});

  std::string_view name() const override { return name_; }
  void on_members(std::uint32_t source, std::uint32_t region, std::span<const char> ready) override;
  RequestTarget choose(std::uint32_t source, double t_ms, Rng& rng) override;
  void want_probes(std::uint32_t source, double t_ms, Rng& rng,
                   std::vector<RequestTarget>& probes) override;
  void on_probe(std::uint32_t source, double t_ms, const ProbeAnswer& answer) override;
  void on_ended(std::uint32_t source, double t_ms, RequestTarget target, double latency_ms,
                bool ok) override;

 private:
  struct Source {
    ProbePool pool;
    InFlightQuantile in_flight;
    double removals_due = 0;
    bool worst_next = true;
    double probes_due = 0;
    double uses_fraction = 0;  // what the whole uses given so far fell short of b
  };
  void remove(Source& source, double hot_above);
  std::size_t pool_size(std::size_t endpoints) const;
  double uses_per_probe(std::size_t endpoints) const;

  const std::string_view name_;
  const PrequalOptions options_;
  EndpointTable table_;
  std::vector<Source> sources_;
  std::vector<float> error_share_;  // by source and slot
};

}  // namespace weir::controller
