#pragma once

namespace weir::controller {

/// What a destination carries (log of requests per second) and which share of its requests it
/// answers as the model says whatever the load (`level`, a logit), with the uncertainty of both: a
/// Kalman filter of two states that walk at random (R. E. Kalman, "A new approach to linear
/// filtering and prediction problems", 1960). Evidence that keeps falling on one side of what was
/// expected is not noise: a cumulative sum of it (E. S. Page, "Continuous inspection schemes",
/// 1954) over a limit makes both states uncertain, so that what follows counts in full.
class CapacityFilter {
 public:
  struct Options {
    double capacity_drift = 0.03;  // per root second
    double level_drift = 0.15;     // per root second
    double level_tau_s = 30;       // the level goes back to the usual one unless confirmed
  };
  explicit CapacityFilter(Options options) : options_(options) {}

  static constexpr double k_usual_level = 7;  // one in a thousand is lost

  /// Starts over at this capacity, uncertain by `deviation` (of its logarithm), the usual level.
  void start(double log_capacity, double deviation);

  /// Time passes.
  void pass(double dt_s);

  /// Capacity was seen directly.
  void see_capacity(double log_capacity, double variance);

  /// The chance of an answer was seen: `miss` logits above what was expected, where the expected
  /// logit grows by `per_level` (0 to 1) and `per_log_capacity` (not negative) with the states.
  void see_answers(double miss, double variance, double per_level, double per_log_capacity);

  /// The servers got faster or slower, or more or fewer, by this factor (a logarithm).
  void shift(double log_factor);
  /// It is at least this.
  void raise_to(double log_capacity);

  double log_capacity() const { return capacity_; }
  double capacity_deviation() const;
  double level() const { return level_; }
  double level_deviation() const;

 private:
  void update(double miss, double variance, double on_level, double on_capacity);

  Options options_;
  double level_ = k_usual_level;
  double capacity_ = 0;
  double level_variance_ = 1;
  double covariance_ = 0;
  double capacity_variance_ = 1;
  double above_ = 0;  // cumulative sums of standardised misses
  double below_ = 0;
};

}  // namespace weir::controller
