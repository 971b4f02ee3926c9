#pragma once

namespace weir::controller {

/// What one source will ask for: level, trend and how bursty it is.
///
/// Double exponential smoothing (C. C. Holt, "Forecasting seasonals and trends by exponentially
/// weighted moving averages", 1957, reprinted Int. J. of Forecasting 20, 2004), with time constants
/// in seconds. The burstier the demand, the slower it is followed. A change far outside the noise
/// moves the level at once: a flash crowd is not noise. O(1).
class DemandForecast {
 public:
  struct Options {
    double tau_s = 1.5;
    double trend_gain = 0.7;
  };
  explicit DemandForecast(Options options) : options_(options) {}

  /// `rate` per second over the `dt_s` that have passed; one that is no number is not known and
  /// the level goes on as it was, without its trend.
  void observe(double rate, double dt_s);

  /// Requests per second expected `ahead_s` from now; never negative, never more than twice the
  /// level. 0 before anything was seen.
  double rate(double ahead_s) const;

  /// Index of dispersion of the counts: 1 for Poisson arrivals. Between 0.5 and 200.
  double dispersion() const { return dispersion_; }
  bool seen() const { return seen_; }

 private:
  Options options_;
  bool seen_ = false;
  double level_ = 0;
  double trend_ = 0;  // per second, per second
  double dispersion_ = 1;
};

}  // namespace weir::controller
