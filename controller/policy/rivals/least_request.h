#pragma once

#include <string_view>
#include <vector>

#include "controller/policy/rivals/endpoint_table.h"

namespace weir::controller {

/// The endpoint of two drawn at random with fewer of the source's own requests under way
/// (Mitzenmacher 2001; Envoy's and HAProxy's least request). It knows no round-trip time but for
/// the requests that pile up on long paths.
class LeastRequest final : public RequestPolicy {
 public:
  LeastRequest(const ServiceSetting& setting, std::string_view name, EndpointScope scope);

  std::string_view name() const override { return name_; }
  void on_members(std::uint32_t source, std::uint32_t region, std::span<const char> ready) override;
  RequestTarget choose(std::uint32_t source, double t_ms, Rng& rng) override;
  void on_not_sent(std::uint32_t source, RequestTarget target) override;
  void on_ended(std::uint32_t source, double t_ms, RequestTarget target, double latency_ms,
                bool ok) override;

 private:
  std::uint32_t& pending(std::uint32_t source, RequestTarget target) {
    return pending_[static_cast<std::size_t>(source) * table_.slots() + table_.slot(target)];
  }

  const std::string_view name_;
  EndpointTable table_;
  std::vector<std::uint32_t> pending_;  // by source and slot
};

}  // namespace weir::controller
