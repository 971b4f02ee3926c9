#pragma once

#include <vector>

#include "controller/policy/rivals/service_view.h"
#include "controller/policy/rivals/smoothed.h"

namespace weir::controller {

/// Defaults of Envoy's LoadAwareLocality (load_aware_locality.proto, v1.40).
struct LoadAwareLocalityOptions {
  double update_s = 1;
  double variance_threshold = 0.1;  // how much busier the own region may be and keep everything
  double smoothing_s = 5;
  double probe_share = 0.03;  // of the traffic, sent away to keep the others' reports fresh
  double expiry_s = 180;      // a report older than this counts as none
};

/// Envoy's load-aware locality picker. Each update, per source:
///
///   utilisation  mean of what the endpoints report, smoothed; the first report as it is
///   weight       endpoints * (1 - utilisation); endpoints alone when the reports are stale
///   own region   everything, if it is at most 0.1 busier than the others' mean by endpoints
///   probes       at least 3 % to the others, by endpoints
///   all busy     by endpoints
///
/// It knows no round-trip time. Endpoints are the ready ones, as Envoy's health checks leave them.
class LoadAwareLocality final : public ServicePolicy {
 public:
  LoadAwareLocality(const ServiceSetting& setting, const LoadAwareLocalityOptions& options = {});

  std::string_view name() const override { return "envoy-load-aware-locality"; }
  ServiceWish observe(const ServiceObservation& seen) override;

 private:
  void take_reports();
  void fill_row(std::size_t from, std::span<double> row) const;

  const LoadAwareLocalityOptions options_;
  ServiceView view_;
  std::vector<Smoothed> utilization_;
  std::vector<double> reported_ms_;  // when the last report came; unknown: never
  Grid<double> shares_;
  double since_update_s_ = k_unknown;
};

}  // namespace weir::controller
