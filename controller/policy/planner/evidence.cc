#include "controller/policy/planner/evidence.h"

#include <algorithm>
#include <cmath>

#include "controller/policy/planner/numeric.h"

namespace weir::controller {
namespace {

/// A weighted mean of logarithms; unknown when nothing was added.
class LogMean {
 public:
  void add(double value, double weight) {
    sum_ += weight * std::log(value);
    weight_ += weight;
  }
  double value() const { return weight_ > 0 ? std::exp(sum_ / weight_) : k_unknown; }

 private:
  double sum_ = 0;
  double weight_ = 0;
};

constexpr double k_least_part = 0.02;  // of a latency, that the servers took at least
constexpr double k_least_ms = 0.05;

}  // namespace

EvidenceReader::EvidenceReader(const ServiceSetting& setting)
    : interval_s_(setting.interval_ms / 1000),
      slo_s_(setting.slo_ms / 1000),
      pairs_(setting.size(), setting.size()),
      late_(setting.size(), setting.size(), 0.0),
      destinations_(setting.size()),
      offered_(setting.size(), k_unknown) {}

void EvidenceReader::read(const ServiceObservation& seen, const PathTable& paths,
                          std::span<const double> service_p50_ms, double dt_s) {
  for (std::size_t s = 0; s < offered_.size(); ++s) {
    double sent = 0;
    for (std::size_t d = 0; d < offered_.size(); ++d) {
      read_pair(seen.pairs(s, d), s, d);
      sent += pairs_(s, d).sent;
    }
    offered_[s] = seen.offered[s];
    if (!usable(offered_[s])) offered_[s] = sent > 0 ? sent / interval_s_ : k_unknown;
    tell_retries(s);
    for (std::size_t d = 0; d < offered_.size(); ++d) {
      PairEvidence& pair = pairs_(s, d);
      pair.chosen = usable_or(seen.pairs(s, d).chosen, pair.sent - pair.retried);
    }
  }
  for (std::size_t d = 0; d < destinations_.size(); ++d) {
    sum_up(seen, paths, d, service_p50_ms[d], dt_s);
  }
}

/// What a source sent beyond what it was asked for are retries. They go where the weights say, but
/// not again to the destination that failed.
void EvidenceReader::tell_retries(std::size_t from) {
  double sent = 0;
  double errors = 0;
  for (const PairEvidence& pair : pairs_.row(from)) {
    sent += pair.sent;
    errors += pair.errors;
  }
  const double more = std::min(sent - offered_[from] * interval_s_, errors);
  if (!(more > 0)) return;
  double weights = 0;
  const auto weight = [&](const PairEvidence& pair) {
    return pair.sent * (1 - pair.errors / errors);
  };
  for (const PairEvidence& pair : pairs_.row(from)) weights += weight(pair);
  if (weights <= 0) return;
  for (PairEvidence& pair : pairs_.row(from)) {
    pair.retried = std::min(0.8 * pair.sent, more * weight(pair) / weights);
  }
}

void EvidenceReader::read_pair(const PairSeen& seen, std::size_t from, std::size_t to) {
  PairEvidence& pair = pairs_(from, to);
  pair.sent = usable_or(seen.sent, 0);
  pair.retried = 0;
  pair.answered = usable_or(seen.ok, 0);
  pair.errors = usable_or(seen.errors, 0);
  pair.ended = pair.answered + pair.errors + usable_or(seen.timeouts, 0);
  pair.in_slo = std::min(usable_or(seen.in_slo, 0), pair.answered);
  pair.overdue = 0;
  if (!usable(seen.in_flight)) return;
  const double young = pair.sent / interval_s_ * slo_s_;
  const double late = std::max(0.0, seen.in_flight - young - 2 * std::sqrt(young + 1));
  pair.overdue = std::max(0.0, late - late_(from, to));
  late_(from, to) = late;
}

void EvidenceReader::sum_up(const ServiceObservation& seen, const PathTable& paths, std::size_t to,
                            double service_p50_ms, double dt_s) {
  DestinationEvidence total{.dt_s = dt_s, .inside = 0, .servers = seen.servers[to]};
  LogMean p50;
  LogMean p90;
  LogMean p99;
  for (std::size_t s = 0; s < offered_.size(); ++s) {
    const PairEvidence& pair = pairs_(s, to);
    const PairSeen& raw = seen.pairs(s, to);
    const double rtt = paths.rtt_ms(s, to);
    total.arrived_rps += pair.sent / interval_s_;
    total.answered_rps += pair.answered / interval_s_;
    total.failed_rps += (pair.ended - pair.answered) / interval_s_;
    if (usable(raw.in_flight)) {
      total.inside += std::max(0.0, raw.in_flight - pair.sent / interval_s_ * rtt / 1000);
    } else if (pair.sent > 0) {
      total.inside = k_unknown;
    }
    if (pair.answered <= 0) continue;
    // A long path's jitter hides the servers' own times: the near sources count more.
    const double far = rtt / (service_p50_ms + 1);
    const double weight = pair.answered / (1 + far * far);
    const auto served = [&](double latency) {
      return std::max({latency - rtt, k_least_part * latency, k_least_ms});
    };
    const double middle = usable(raw.latency_p50_ms) ? raw.latency_p50_ms : raw.latency_mean_ms;
    if (!usable(middle)) continue;
    total.samples += pair.answered;
    p50.add(served(middle), weight);
    if (usable(raw.latency_p90_ms)) p90.add(served(raw.latency_p90_ms), weight);
    if (usable(raw.latency_p99_ms)) p99.add(served(raw.latency_p99_ms), weight);
  }
  total.p50_ms = p50.value();
  total.p90_ms = p90.value();
  total.p99_ms = p99.value();
  destinations_[to] = total;
}

}  // namespace weir::controller
