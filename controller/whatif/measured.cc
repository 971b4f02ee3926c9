#include "controller/whatif/measured.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace weir::controller {
namespace {

constexpr double k_points_max = 1000;  // of one pair in one interval

constexpr double k_sane_max = 1e9;

/// A sum of many is worth nothing with one that is no number.
double sane(double value) { return value > 0 ? std::min(value, k_sane_max) : 0; }

/// An observation has quantiles of a pair, not its latencies: they are taken as evenly spread in
/// between. Below the median as far as the tenth of slow ones lies above it.
struct Spread {
  std::array<double, 5> share{0, 0.5, 0.9, 0.99, 1};
  std::array<double, 5> ms{};

  explicit Spread(const PairSeen& pair) {
    const double p50 = sane(pair.latency_p50_ms);
    const double p90 = std::max(p50, sane(pair.latency_p90_ms));
    const double p99 = std::max(p90, sane(pair.latency_p99_ms));
    ms = {std::max(p50 / 2, p50 - (p90 - p50)), p50, p90, p99, p99};
  }
  double at(double where) const {
    std::size_t i = 1;
    while (i + 1 < share.size() && share[i] < where) ++i;
    const double part = (where - share[i - 1]) / (share[i] - share[i - 1]);
    return ms[i - 1] + part * (ms[i] - ms[i - 1]);
  }
};

void record_ms(LatencyHistogram& latency, double ms) {
  latency.record(
      std::chrono::nanoseconds(static_cast<std::int64_t>(std::clamp(ms, 0.001, 1e7) * 1e6)));
}

void add_latencies(const PairSeen& pair, double rtt_ms, LatencyHistogram& all,
                   LatencyHistogram& at_region) {
  if (sane(pair.latency_p50_ms) == 0 || sane(pair.ok) == 0) return;
  const Spread spread(pair);
  const auto points = static_cast<int>(std::clamp(std::round(sane(pair.ok)), 1.0, k_points_max));
  for (int i = 0; i < points; ++i) {
    const double ms = spread.at((i + 0.5) / points);
    record_ms(all, ms);
    record_ms(at_region, ms - rtt_ms);
  }
}

}  // namespace

Measured measure(std::span<const ServiceObservation> seen, double interval_ms,
                 const Grid<double>& rtt_ms) {
  const std::size_t n = rtt_ms.rows();
  Measured all;
  all.offered.assign(n, k_unknown);
  all.sent = Grid<double>(n, n);
  all.at_region.resize(n);
  all.seconds = static_cast<double>(seen.size()) * interval_ms / 1000;
  std::vector<double> told(n);
  for (const ServiceObservation& one : seen) {
    for (std::size_t from = 0; from < n; ++from) {
      if (known(one.offered[from])) {
        all.offered[from] = (told[from] > 0 ? all.offered[from] : 0) + sane(one.offered[from]);
        ++told[from];
      }
      for (std::size_t to = 0; to < n; ++to) {
        const PairSeen& pair = one.pairs(from, to);
        const double failed = sane(pair.errors) + sane(pair.timeouts);
        all.sent(from, to) += sane(pair.sent);
        all.ended += sane(pair.ok) + failed;
        all.in_slo += std::min(sane(pair.in_slo), sane(pair.ok));
        all.failed += failed;
        add_latencies(pair, rtt_ms(from, to), all.latency, all.at_region[to]);
      }
    }
  }
  for (std::size_t from = 0; from < n; ++from) {
    if (told[from] > 0) all.offered[from] /= told[from];
  }
  return all;
}

Grid<double> shares_of(const Grid<double>& sent) {
  Grid<double> shares = sent;
  for (std::size_t from = 0; from < sent.rows(); ++from) {
    double sum = 0;
    for (const double one : sent.row(from)) sum += one;
    for (double& one : shares.row(from)) one = sum > 0 ? one / sum : 0;
  }
  return shares;
}

double quantile_ms(const LatencyHistogram& latency, double share) {
  return static_cast<double>(latency.quantile(share).count()) * 1e-3;
}

}  // namespace weir::controller
