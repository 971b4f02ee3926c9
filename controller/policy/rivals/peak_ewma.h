#pragma once

#include <string_view>
#include <vector>

#include "controller/policy/rivals/endpoint_table.h"

namespace weir::controller {

/// Finagle's p2c peak EWMA (its `p2c/PeakEwma` source) for the decay and the penalty, Envoy's
/// contrib peak_ewma for the round-trip time of an endpoint nobody used yet.
struct PeakEwmaOptions {
  EndpointScope scope = EndpointScope::mesh;
  double decay_s = 10;
  double default_ms = 10;
  double penalty = 1e6;  // cost of an endpoint with requests under way and no answer yet
};

/// The better of two endpoints drawn at random, by cost * (requests under way + 1). The cost is
/// a mean of response times that a slower answer raises at once and quicker ones lower slowly:
///
///   answer slower than the cost     cost = answer
///   else                            cost = cost * w + answer * (1 - w),  w = exp(-since last /
///   tau)
///
/// and between answers it decays in the same way towards 0, so a slow endpoint is tried again.
/// Path included: what the source measures is what it gets. Failures count with their time, as
/// published: an endpoint that fails quickly looks quick.
class PeakEwma final : public RequestPolicy {
 public:
  PeakEwma(const ServiceSetting& setting, std::string_view name, const PeakEwmaOptions& = {});

  std::string_view name() const override { return name_; }
  void on_members(std::uint32_t source, std::uint32_t region, std::span<const char> ready) override;
  RequestTarget choose(std::uint32_t source, double t_ms, Rng& rng) override;
  void on_not_sent(std::uint32_t source, RequestTarget target) override;
  void on_ended(std::uint32_t source, double t_ms, RequestTarget target, double latency_ms,
                bool ok) override;

  /// The cost times load of one endpoint for one source, as `choose` compares them.
  double score(std::uint32_t source, RequestTarget target, double t_ms) const;

 private:
  struct State {
    double cost_ms = 0;
    double stamp_ms = 0;
    std::uint32_t pending = 0;
    bool answered = false;
  };
  State& state(std::uint32_t source, std::uint32_t slot) {
    return states_[static_cast<std::size_t>(source) * table_.slots() + slot];
  }

  const std::string_view name_;
  const PeakEwmaOptions options_;
  EndpointTable table_;
  std::vector<State> states_;  // by source and slot
};

}  // namespace weir::controller
