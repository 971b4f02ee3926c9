#pragma once

#include <span>
#include <vector>

namespace weir::controller {

struct HillClimbOptions {
  double step = 0.1;      // of the source's share moved in one trial
  double t_value = 1.86;  // Welch's t that counts as an improvement: one-sided 5 % at 8 degrees
  int failures_max = 2;   // trials in a row without one, then it rests
};

/// SLATE's local moves for one source: shift some share from destinations slower than the model
/// expected to those that are faster, watch for a period, keep it if the source's mean latency fell
/// (Welch's t-test over the period's samples), else take it back; rest after some failures.
///
///   resting --restart--> idle --trial--> trying --better--> idle
///                          ^------------- worse: back ---'   (too often: resting)
class HillClimb {
 public:
  explicit HillClimb(const HillClimbOptions& options) : options_(options) {}

  /// New shares from the optimiser: forgets the trial.
  void restart(std::span<const double> shares);

  /// One mean latency of the source's answers.
  void sample(double latency_ms) { samples_.push_back(latency_ms); }

  /// The end of a period: judges the trial, or starts one. `expected_ms` and `observed_ms` by
  /// destination, unknown where nothing was sent.
  void end_period(std::span<const double> expected_ms, std::span<const double> observed_ms);

  const std::vector<double>& shares() const { return trying_ ? trial_ : accepted_; }
  bool resting() const { return failures_ >= options_.failures_max; }

 private:
  void judge();
  bool start_trial(std::span<const double> expected_ms, std::span<const double> observed_ms);

  const HillClimbOptions options_;
  std::vector<double> accepted_;
  std::vector<double> trial_;
  bool trying_ = false;
  int failures_ = 0;
  std::vector<double> before_;  // samples of the period before the trial
  std::vector<double> samples_;
};

/// Welch's t of two samples' means, first less second: above 0 when the first is larger. 0 when
/// either has fewer than two values or both do not vary.
double welch_t(std::span<const double> first, std::span<const double> second);

}  // namespace weir::controller
