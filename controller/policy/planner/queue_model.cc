#include "controller/policy/planner/queue_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

constexpr double k_certain = 7;  // standard deviations
constexpr double k_least_rate = 1e-9;
constexpr double k_negligible = 1e-7;
constexpr double k_root_two_pi = 2.5066282746310002;

/// P(Z > a) and P(Z > a) exp(a^2 / 2), which neither over- nor underflows, for a from 0 to 8 by
/// straight lines between 1024 points: within a thousandth of the value, six times as fast.
class NormalTails {
 public:
  NormalTails() {
    for (std::size_t i = 0; i < k_points; ++i) {
      const double a = static_cast<double>(i) / k_per_unit;
      plain_[i] = normal_tail(a);
      scaled_[i] = plain_[i] * std::exp(a * a / 2);
    }
  }
  double plain(double a) const { return a < 0 ? 1 - read(plain_, -a) : read(plain_, a); }
  double scaled(double a) const { return a < k_most ? read(scaled_, a) : 1 / (a * k_root_two_pi); }

 private:
  static constexpr double k_most = 8;
  static constexpr double k_per_unit = 128;
  static constexpr std::size_t k_points = 1026;
  using Table = std::array<double, k_points>;

  static double read(const Table& table, double a) {
    if (a >= k_most) return 0;
    const double at = a * k_per_unit;
    const auto low = static_cast<std::size_t>(at);
    return table[low] + (at - static_cast<double>(low)) * (table[low + 1] - table[low]);
  }

  Table plain_{};
  Table scaled_{};
};

const NormalTails k_normal;

/// exp(exponent) P(Z > a).
double product(double exponent, double a) {
  if (a <= 0) return std::exp(std::min(exponent, 0.0)) * k_normal.plain(a);
  const double power = exponent - a * a / 2;
  return power < -50 ? 0 : std::exp(std::min(power, 0.0)) * k_normal.scaled(a);
}

}  // namespace

WaitTail::WaitTail(const QueueModel& queue, double load_rps, double after_s)
    : capacity_(std::max(queue.capacity_rps, k_least_rate)) {
  const double rho = load_rps / capacity_;
  const double drift = load_rps - capacity_;
  const double moving =
      queue.dispersion * load_rps + queue.variability * std::min(load_rps, capacity_);
  const double variance = std::max(queue.variance_scale * moving, 1e-6 * capacity_);
  spread_ = std::sqrt(variance * after_s);
  carried_ = queue.backlog + drift * after_s;
  reflected_ = -queue.backlog - drift * after_s;
  per_ahead_ = 2 * drift / variance;
  if (rho >= 1) {
    waits_ = 1;
  } else if (rho > 0) {
    const double pooled = std::pow(std::max(queue.workers, 1.0), queue.pool_exponent);
    waits_ = std::pow(rho, std::sqrt(2 * (pooled + 1)) - 1);
  } else {
    waits_ = 0;
  }
}

double WaitTail::at(double wait_s) const {
  const double ahead = wait_s * capacity_;  // requests before one that waits so long
  const double far = (ahead - carried_) / spread_;
  if (far < -k_certain) return 1;
  const double carried = far > k_certain ? 0 : k_normal.plain(far);
  const double reflected =
      waits_ < k_negligible ? 0
                            : waits_ * product(per_ahead_ * ahead, (ahead - reflected_) / spread_);
  return std::min(1.0, carried + reflected);
}

double QueueModel::stretch(double load_rps) const {
  const double rho = std::min(load_rps / std::max(capacity_rps, k_least_rate), 1.0);
  return 1 + local_wait * std::pow(rho, 6) * std::max(0.0, 1 - 6 / std::max(workers, 1.0));
}

double QueueModel::wait_tail(double load_rps, double wait_s, double after_s) const {
  return WaitTail(*this, load_rps, after_s).at(wait_s);
}

}  // namespace weir::controller
