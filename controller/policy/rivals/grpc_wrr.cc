#include "controller/policy/rivals/grpc_wrr.h"

#include <algorithm>

namespace weir::controller {

GrpcWrr::GrpcWrr(const ServiceSetting& setting, const GrpcWrrOptions& options)
    : options_(options),
      view_(setting),
      reports_(setting.size()),
      shares_(setting.size(), setting.size()) {}

ServiceWish GrpcWrr::observe(const ServiceObservation& seen) {
  view_.see(seen);
  for (std::size_t to = 0; to < view_.size(); ++to) take_report(to);
  since_update_s_ += view_.elapsed_s();
  const bool due = since_update_s_ + view_.interval_s() / 2 >= options_.update_s;
  if (known(since_update_s_) && !due) return view_.wish(shares_);
  since_update_s_ = 0;
  for (std::size_t from = 0; from < view_.size(); ++from) {
    const auto row = shares_.row(from);
    std::fill(row.begin(), row.end(), 0.0);
    double sum = 0;
    double endpoints = 0;
    int regions = 0;
    for (const std::size_t to : view_.nearest(from)) {
      if (usable_weight(to) <= 0) continue;
      sum += usable_weight(to) * view_.ready(to);
      endpoints += view_.ready(to);
      ++regions;
    }
    // With one region there is nothing to compare its endpoints with.
    const double mean = regions > 1 && endpoints > 0 ? sum / endpoints : 0;
    for (const std::size_t to : view_.nearest(from)) {
      const double known_weight = mean > 0 ? usable_weight(to) : 0;
      const double each = known_weight > 0 ? known_weight : (mean > 0 ? mean : 1);
      row[to] = each * view_.ready(to);
    }
  }
  return view_.wish(shares_);
}

void GrpcWrr::take_report(std::size_t destination) {
  Reports& reports = reports_[destination];
  const double ready = view_.ready(destination);
  if (ready <= 0) {
    reports = {};  // its connections are gone: the blackout starts again when they are back
    return;
  }
  const double busy = view_.utilization(destination);
  const double qps = view_.ended_rate(destination) / ready;
  if (!known(busy) || qps <= 0) return;
  const double eps = view_.failed_rate(destination) / ready;
  const double divisor = busy + eps / qps * options_.error_penalty;
  if (divisor <= 0) return;
  reports.weight = qps / divisor;
  const bool expired = view_.now_ms() - reports.last_ms >= options_.expiry_s * 1000;
  if (!known(reports.first_ms) || expired) reports.first_ms = view_.now_ms();
  reports.last_ms = view_.now_ms();
}

double GrpcWrr::usable_weight(std::size_t destination) const {
  const Reports& reports = reports_[destination];
  const double now = view_.now_ms();
  const bool settled = now - reports.first_ms >= options_.blackout_s * 1000;
  const bool fresh = now - reports.last_ms < options_.expiry_s * 1000;
  return settled && fresh ? reports.weight : 0;
}

}  // namespace weir::controller
