#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/model/service_policy.h"

namespace weir::controller {

/// What the rivals know of their service at a moment: the last word on every path, demand and
/// destination, with the gaps filled the same way for all of them. It is here so that no rival is
/// better or worse than another for how it takes a missing field.
///
///   not reported         the last report stays; before the first, the setting's value
///   impossible values    (negative, infinite) count as not reported
///   usable               residency permits it, the path is up, somebody is ready there; where that
///                        leaves a source nothing, everything permitted is usable
///
/// Cost per `see` O(n^2 log n) for n regions.
class ServiceView {
 public:
  explicit ServiceView(const ServiceSetting& setting);

  void see(const ServiceObservation& seen);

  const ServiceSetting& setting() const { return setting_; }
  std::size_t size() const { return setting_.size(); }
  double now_ms() const { return now_ms_; }
  /// Since the observation before; the setting's interval when time stood still or jumped.
  double elapsed_s() const { return elapsed_s_; }
  /// What the counts of an observation are of.
  double interval_s() const;

  /// Requests per second the source wants answered.
  double demand(std::size_t source) const { return demand_[source]; }
  double rtt_ms(std::size_t source, std::size_t destination) const {
    return rtt_ms_(source, destination);
  }
  double endpoints(std::size_t destination) const { return endpoints_[destination]; }
  double ready(std::size_t destination) const { return ready_[destination]; }
  double ready_share(std::size_t destination) const;
  bool usable(std::size_t source, std::size_t destination) const {
    return usable_(source, destination) != 0;
  }
  /// The usable destinations, the source's own region first, then by round-trip time.
  std::span<const std::size_t> nearest(std::size_t source) const { return nearest_[source]; }

  /// Of the last observation: requests per second from all sources that ended at a destination.
  double ok_rate(std::size_t destination) const { return ok_rate_[destination]; }
  double ended_rate(std::size_t destination) const { return ended_rate_[destination]; }
  double failed_rate(std::size_t destination) const { return failed_rate_[destination]; }
  /// Of the last observation; unknown when the servers did not say.
  double utilization(std::size_t destination) const { return utilization_[destination]; }
  /// The pair in the last observation, impossible values replaced.
  const PairSeen& pair(std::size_t source, std::size_t destination) const {
    return pairs_(source, destination);
  }

  /// A wish of `shares`, made whole: 0 where not permitted; a row without anything above 0 gets the
  /// static weights of its usable destinations, or equal ones.
  ServiceWish wish(Grid<double> shares) const;

 private:
  void see_time(double t_ms);
  void see_pairs(const ServiceObservation& seen);
  void see_servers(const ServiceObservation& seen);
  void see_paths(const ServiceObservation& seen);
  void sort_nearest();

  const ServiceSetting setting_;

  double now_ms_ = k_unknown;
  double elapsed_s_;
  std::vector<double> demand_;
  Grid<double> rtt_ms_;
  Grid<char> up_;
  std::vector<double> endpoints_;
  std::vector<double> ready_;
  std::vector<double> ok_rate_;
  std::vector<double> ended_rate_;
  std::vector<double> failed_rate_;
  std::vector<double> utilization_;
  Grid<PairSeen> pairs_;
  Grid<char> usable_;
  std::vector<std::vector<std::size_t>> nearest_;
};

/// All weight on the nearest usable destination of each source.
Grid<double> nearest_only(const ServiceView& view);

}  // namespace weir::controller
