#include "agent/enforce/gateway/traffic_stats.h"

#include <utility>

namespace weir::agent {
namespace {

void count_good(DestinationTraffic& counts, Duration took, Duration objective) {
  ++counts.ok;
  counts.within_objective += took <= objective ? 1 : 0;
  counts.latency.record(took);
}

}  // namespace

TrafficStats::Row& TrafficStats::row(const ServiceName& service, const RegionName& region) {
  const std::lock_guard lock(mu_);
  std::unique_ptr<Row>& row = rows_[{service, region}];
  if (!row) {
    row = std::make_unique<Row>();
    row->region = region;
    row->load = shared_.of_region(service, region);
    row->waiting = shared_.unanswered_of_region(service, region);
  }
  return *row;
}

void TrafficStats::started(Row& row, Row* chosen) {
  const std::lock_guard lock(mu_);
  ++row.counts.started;
  ++row.in_flight;
  ++row.load;
  ++row.unanswered;
  ++row.waiting;
  if (chosen == nullptr) return;
  ++chosen->counts.chosen;
  row.counts.overflow += chosen == &row ? 0 : 1;
}

void TrafficStats::opened(Row& row, Duration took, Duration objective) {
  const std::lock_guard lock(mu_);
  count_good(row.counts, took, objective);
  --row.unanswered;
  --row.waiting;
}

void TrafficStats::ended(Row& row, End end, Duration took, Duration objective) {
  const std::lock_guard lock(mu_);
  --row.in_flight;
  --row.load;
  if (end != End::closed && end != End::cut) {
    --row.unanswered;
    --row.waiting;
  }
  switch (end) {
    case End::ok:
      count_good(row.counts, took, objective);
      break;
    case End::error:
    case End::cut:
      ++row.counts.errors;
      break;
    case End::timeout:
      ++row.counts.timeouts;
      break;
    case End::dropped:
    case End::closed:
      break;
  }
}

void TrafficStats::retried(Row& row) {
  const std::lock_guard lock(mu_);
  ++row.counts.retried;
}

void TrafficStats::client_accepted() {
  const std::lock_guard lock(mu_);
  ++accepted_;
}

void TrafficStats::client_refused() {
  const std::lock_guard lock(mu_);
  ++refused_;
}

void TrafficStats::bad_request() {
  const std::lock_guard lock(mu_);
  ++bad_;
}

void TrafficStats::collect(Collected& into) {
  const std::lock_guard lock(mu_);
  into.totals.clients_accepted += std::exchange(accepted_, 0);
  into.totals.clients_refused += std::exchange(refused_, 0);
  into.totals.bad_requests += std::exchange(bad_, 0);
  for (auto& [key, row] : rows_) {
    DestinationTraffic& sum = into.rows[key];
    // Workers side by side: what each has in flight adds up.
    row->counts.in_flight = sum.in_flight + row->in_flight;
    row->counts.unanswered = sum.unanswered + row->unanswered;
    sum.add(row->counts);
    row->counts = {};
  }
}

}  // namespace weir::agent
