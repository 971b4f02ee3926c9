#pragma once

#include <vector>

#include "controller/policy/rivals/service_view.h"

namespace weir::controller {

/// Defaults of gRPC's weighted_round_robin (gRFC A58) and Envoy's client_side_weighted_round_robin.
struct GrpcWrrOptions {
  double blackout_s = 10;  // reports are gathered this long before they count
  double expiry_s = 180;   // without a report for this long a weight is forgotten
  double update_s = 1;
  double error_penalty = 1;
};

/// Client-side weighted round robin by what endpoints report (gRFC A58):
///
///   weight = qps / (utilisation + eps / qps * penalty)
///
/// An endpoint without a weight gets the mean of the others; fewer than two weights: plain round
/// robin. A region's weight is that of one endpoint times the ready endpoints; qps is what all
/// sources together sent there, as an endpoint would count it. It knows no round-trip time.
class GrpcWrr final : public ServicePolicy {
 public:
  explicit GrpcWrr(const ServiceSetting& setting, const GrpcWrrOptions& options = {});

  std::string_view name() const override { return "grpc-wrr"; }
  ServiceWish observe(const ServiceObservation& seen) override;

 private:
  void take_report(std::size_t destination);
  double usable_weight(std::size_t destination) const;

  const GrpcWrrOptions options_;
  ServiceView view_;
  struct Reports {
    double weight = 0;  // of one endpoint; 0: none
    double first_ms = k_unknown;
    double last_ms = k_unknown;
  };
  std::vector<Reports> reports_;
  Grid<double> shares_;
  double since_update_s_ = k_unknown;
};

}  // namespace weir::controller
