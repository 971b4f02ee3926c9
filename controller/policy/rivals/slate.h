#pragma once

#include <string_view>
#include <vector>

#include "controller/policy/rivals/flow_program.h"
#include "controller/policy/rivals/hill_climb.h"
#include "controller/policy/rivals/slate_profile.h"

namespace weir::controller {

/// SLATE (Prerepa et al., HotNets 2024, NSDI 2026) for one service; constants from its public code:
/// a period of 5 s, steps of 0.1, and 0.1 as the change of a rule that starts the moves afresh.
struct SlateOptions {
  SlateProfileOptions profile;
  HillClimbOptions climb;  // a step of 0: no hill climbing, every period the optimum
  double period_s = 5;
  double different = 0.1;      // largest change of a share that is still "the same rules"
  double demand_weight = 0.4;  // of the newest demand in its mean
  double limit = 0.95;         // of a destination's capacity the program may use
  double learn_tau_s = 5;      // of the learned capacity
  /// Price of what leaves a region when the service is steered for cost: milliseconds a request
  /// may take longer to save a millionth of the currency.
  double ms_per_millionth = 100;
};

/// SLATE-like: a latency model per destination, the flows of least mean latency (egress priced in
/// when the service is steered for cost) every period, and local hill climbing on top.
///
/// What differs from the original: one service instead of a tree of them (that is all a service
/// here knows), our own solver instead of Gurobi for the same convex program, and the optimum is
/// taken in one jump, not in convex steps, which only makes it quicker.
class Slate final : public ServicePolicy {
 public:
  Slate(const ServiceSetting& setting, std::string_view name, const SlateOptions& options = {});

  std::string_view name() const override { return name_; }
  ServiceWish observe(const ServiceObservation& seen) override;

 private:
  void end_period();
  FlowProgram program() const;
  void adopt(const Grid<double>& optimum);
  void take_latencies();

  const std::string_view name_;
  const SlateOptions options_;
  ServiceView view_;
  CapacityBook book_;
  SlateProfile profile_;
  std::vector<Smoothed> demand_;
  Grid<double> optimum_;           // last adopted, shares
  std::vector<HillClimb> climbs_;  // by source
  Grid<double> latency_sum_;       // over the period, by pair
  Grid<double> latency_count_;
  double since_period_s_ = k_unknown;
};

}  // namespace weir::controller
