#include "controller/policy/rivals/rings.h"

#include <algorithm>
#include <cmath>

namespace weir::controller {
namespace {

constexpr std::size_t k_rings = 4;
/// Stands for "no limit" where rooms are compared with each other.
constexpr double k_room_unlimited = 1e12;

}  // namespace

Rings::Rings(const ServiceSetting& setting, const RingsOptions& options)
    : options_(options),
      view_(setting),
      book_(options.capacity, options.learn_tau_s, setting.size()),
      demand_(setting.size()) {}

std::size_t Rings::ring_of(std::size_t from, std::size_t to) const {
  if (from == to) return 0;
  const double rtt = view_.rtt_ms(from, to);
  if (rtt <= options_.first_ring_ms) return 1;
  return rtt <= options_.second_ring_ms ? 2 : 3;
}

/// Each source asks the ring's destinations in proportion to their room; a destination that is
/// asked for more than it has grants everybody the same part. Asked again until nothing moves.
void Rings::fill_ring(std::size_t ring, std::vector<double>& left, std::vector<double>& room,
                      Grid<double>& flows) const {
  const std::size_t n = view_.size();
  for (std::size_t round = 0; round < n + 1; ++round) {
    Grid<double> asked(n, n);
    std::vector<double> asked_of(n, 0);
    for (std::size_t from = 0; from < n; ++from) {
      double free = 0;
      for (const std::size_t to : view_.nearest(from)) {
        if (ring_of(from, to) == ring) free += room[to];
      }
      if (left[from] <= 0 || free <= 0) continue;
      for (const std::size_t to : view_.nearest(from)) {
        if (ring_of(from, to) != ring) continue;
        asked(from, to) = std::min(left[from], free) * room[to] / free;
        asked_of[to] += asked(from, to);
      }
    }
    double moved = 0;
    for (std::size_t to = 0; to < n; ++to) {
      if (asked_of[to] <= 0) continue;
      const double part = std::min(1.0, room[to] / asked_of[to]);
      for (std::size_t from = 0; from < n; ++from) {
        flows(from, to) += part * asked(from, to);
        left[from] -= part * asked(from, to);
      }
      room[to] -= part * asked_of[to];
      moved += part * asked_of[to];
    }
    if (moved < 1e-9) return;
  }
}

ServiceWish Rings::observe(const ServiceObservation& seen) {
  view_.see(seen);
  book_.learn(view_);
  const std::size_t n = view_.size();
  std::vector<double> left(n);
  std::vector<double> room(n);
  std::vector<double> capacity(n);
  for (std::size_t i = 0; i < n; ++i) {
    demand_[i].add(view_.demand(i), options_.demand_weight);
    // A source without demand is asked where its first request would go.
    left[i] = std::max(demand_[i].value_or(0), 1e-3);
    capacity[i] = std::min(k_room_unlimited, book_.capacity(view_, i));
    room[i] = options_.threshold * capacity[i];
  }
  Grid<double> flows(n, n);
  for (std::size_t ring = 0; ring < k_rings; ++ring) fill_ring(ring, left, room, flows);
  for (std::size_t from = 0; from < n; ++from) {
    double all = 0;
    for (const std::size_t to : view_.nearest(from)) all += capacity[to];
    if (left[from] <= 0 || all <= 0) continue;
    for (const std::size_t to : view_.nearest(from)) {
      flows(from, to) += left[from] * capacity[to] / all;
    }
  }
  return view_.wish(std::move(flows));
}

}  // namespace weir::controller
