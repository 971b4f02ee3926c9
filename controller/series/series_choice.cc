#include "controller/series/series_choice.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace weir::controller {

namespace {

struct Ranked {
  double score = 0;
  SeriesChoice::Candidate candidate;

  /// The busiest first; of equals always the same one.
  friend bool operator<(const Ranked& a, const Ranked& b) {
    return std::tie(b.score, a.candidate.group) < std::tie(a.score, b.candidate.group);
  }
};

std::string kind_of(const SeriesKey& key) { return key.family.substr(0, key.family.find('/')); }

/// Puts into `kept` what fits into `room`, in order; returns the rest.
std::vector<Ranked> take(std::vector<Ranked> ranked, std::size_t room, std::set<SeriesKey>& kept,
                         std::size_t& taken) {
  std::sort(ranked.begin(), ranked.end());
  std::vector<Ranked> rest;
  for (Ranked& one : ranked) {
    const std::size_t series = one.candidate.series;
    if (series > room) {
      rest.push_back(std::move(one));
      continue;
    }
    room -= series;
    taken += series;
    kept.insert(std::move(one.candidate.group));
  }
  return rest;
}

}  // namespace

void SeriesChoice::choose(std::vector<Candidate> candidates) {
  std::size_t all = 0;
  for (const Candidate& one : candidates) all += one.series;
  crowded_ = all > series_max_;
  left_out_ = 0;
  if (!crowded_) {
    kept_.clear();
    return;
  }
  std::map<std::string, std::vector<Ranked>> kinds;
  for (Candidate& one : candidates) {
    const double score = one.rate * (kept_.contains(one.group) ? k_hold : 1);
    std::string kind = kind_of(one.group);
    kinds[std::move(kind)].push_back({score, std::move(one)});
  }
  std::set<SeriesKey> kept;
  std::size_t taken = 0;
  std::vector<Ranked> rest;
  for (auto& [kind, ranked] : kinds) {
    auto left = take(std::move(ranked), series_max_ / kinds.size(), kept, taken);
    rest.insert(rest.end(), std::make_move_iterator(left.begin()),
                std::make_move_iterator(left.end()));
  }
  (void)take(std::move(rest), series_max_ - taken, kept, taken);
  kept_ = std::move(kept);
  left_out_ = all - taken;
}

bool SeriesChoice::keeps(const SeriesKey& key) const {
  return !crowded_ || kept_.contains(key) ||
         kept_.contains({.family = key.family, .from = key.from, .to = ""});
}

}  // namespace weir::controller
