#pragma once

#include <span>
#include <vector>

#include "common/model/grid.h"
#include "common/model/service_policy.h"
#include "controller/policy/planner/destination_model.h"
#include "controller/policy/planner/path_table.h"

namespace weir::controller {

/// One pair's interval with everything unbelievable taken out: finite, not negative, parts not
/// larger than their whole.
struct PairEvidence {
  double sent = 0;
  double retried = 0;  // of those sent, likely: requests that were refused elsewhere before
  double chosen = 0;   // for it by the weights, wherever they went
  double ended = 0;
  double errors = 0;
  double answered = 0;  // well
  double in_slo = 0;
  double overdue = 0;  // still in flight though the objective has passed, new in this interval
  double trials() const { return ended + overdue; }
};

/// Reads observations: cleans the pairs and sums up what the sources saw of each destination.
/// Requests that have not ended are evidence too: more in flight than were sent within the
/// objective are late already, long before they time out.
class EvidenceReader {
 public:
  explicit EvidenceReader(const ServiceSetting& setting);

  /// Call once an interval. O(regions^2).
  void read(const ServiceObservation& seen, const PathTable& paths,
            std::span<const double> service_p50_ms, double dt_s);

  const Grid<PairEvidence>& pairs() const { return pairs_; }
  const std::vector<DestinationEvidence>& destinations() const { return destinations_; }
  /// Requests per second each source wanted answered; unknown when it did not report.
  const std::vector<double>& offered() const { return offered_; }

 private:
  void tell_retries(std::size_t from);
  void read_pair(const PairSeen& seen, std::size_t from, std::size_t to);
  void sum_up(const ServiceObservation& seen, const PathTable& paths, std::size_t to,
              double service_p50_ms, double dt_s);

  const double interval_s_;
  const double slo_s_;
  Grid<PairEvidence> pairs_;
  Grid<double> late_;  // overdue in all at the end of the last interval
  std::vector<DestinationEvidence> destinations_;
  std::vector<double> offered_;
};

}  // namespace weir::controller
