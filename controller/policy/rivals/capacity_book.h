#pragma once

#include <cstddef>
#include <vector>

#include "controller/policy/rivals/service_view.h"
#include "controller/policy/rivals/smoothed.h"

namespace weir::controller {

enum class CapacitySource {
  declared,  // what the operator said; learned where nothing was said
  learned,   // from what the destination carried
};

/// How many requests per second each destination can answer, all its ready endpoints together.
///
/// Learned: per ready endpoint, answered requests over the share of the workers that were busy
/// (the utilisation law, U = X * S), smoothed with `learn_tau_s`. Where servers report nothing it
/// climbs while all goes well and falls when answers are late: 5 % above what was carried as long
/// as 95 % of the answers were within the objective, else 5 % below, as additive-increase rules do.
/// A destination of which nothing is known has no limit.
class CapacityBook {
 public:
  CapacityBook(CapacitySource source, double learn_tau_s, std::size_t n)
      : source_(source), learn_tau_s_(learn_tau_s), learned_(n) {}

  void learn(const ServiceView& view);

  /// Requests per second; infinity when nothing limits it.
  double capacity(const ServiceView& view, std::size_t destination) const;

 private:
  const CapacitySource source_;
  const double learn_tau_s_;
  std::vector<Smoothed> learned_;  // per ready endpoint
};

}  // namespace weir::controller
