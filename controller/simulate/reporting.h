#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "common/model/service_policy.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// What reaches the controller of what was measured: late, incomplete or untrue while an incident
/// says so.
class Reporting {
 public:
  /// `scenario` outlives it.
  explicit Reporting(const Scenario& scenario);

  void begin(std::uint32_t incident) { active_[incident] = 1; }
  void end(std::uint32_t incident) { active_[incident] = 0; }

  /// The interval's measurements; `seen` gives what arrived of them.
  void take(ServiceObservation measured);
  const ServiceObservation& seen() const { return seen_; }

 private:
  void apply(const Incident& incident);
  void replace(std::size_t region, Incident::What what, const ServiceObservation& with);
  void scale_servers(std::size_t region, double factor);
  void lie(std::size_t region, bool about_clients);

  const Scenario& scenario_;
  std::vector<char> active_;
  std::size_t kept_;                     // observations worth keeping
  std::deque<ServiceObservation> past_;  // the newest first
  const ServiceObservation blank_;
  ServiceObservation seen_;
};

}  // namespace weir::controller
