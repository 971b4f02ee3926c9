#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "common/model/service.h"
#include "common/routing/chooser.h"
#include "common/routing/room.h"
#include "common/sim/rng.h"
#include "controller/simulate/demand.h"
#include "controller/simulate/event_queue.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// The gateway of one region: turns the published weights and what it knows of paths and servers
/// into one choice after another, and pays for retries.
///
/// A destination serves while its path is up and some of its servers are believed ready. It leaves
/// at once, comes back after `hold` without trouble, over `ramp`; its weight shrinks with its ready
/// share. With nothing left that serves, the published weights count alone (panic).
class Source {
 public:
  /// `scenario` outlives the source.
  Source(const Scenario& scenario, std::size_t self, std::span<const double> weights,
         std::uint64_t seed);

  ArrivalStream arrivals;
  Rng rng;    // work, luck: the same number of draws for each request
  Rng other;  // everything else
  double shed = 0;

  std::size_t choose() { return *chooser_.choose(effective_); }
  /// Another region than those tried (one bit each); nothing when there is none.
  std::optional<std::size_t> choose_again(std::uint64_t tried);

  /// The one chosen; when that is full, one with room that was not tried, if there is any.
  template <typename InFlight>
  std::size_t with_room(std::size_t chosen, std::uint64_t tried, InFlight in_flight);

  void set_weights(std::span<const double> weights);
  /// Requests that may be open, by destination, and where those without room rather go; empty: no
  /// limits, no preference. What is no number or below 0 counts as 0.
  void set_limits(std::span<const double> limits, std::span<const double> overflow);
  std::span<const double> weights() const { return weights_; }
  /// What requests follow now.
  std::span<const double> effective() const { return effective_; }

  void set_path(std::size_t to, bool up) { ways_[to].path_up = up; }
  bool path_up(std::size_t to) const { return ways_[to].path_up; }
  void set_ready_share(std::size_t to, double share) { ways_[to].ready_share = share; }
  double ready_share(std::size_t to) const { return ways_[to].ready_share; }
  /// Whether the destination may be used at all now.
  bool serves(std::size_t to) const { return ways_[to].state != State::away; }
  /// Looks at one destination after news; when to look again, if at all.
  std::optional<Ticks> look(std::size_t to, Ticks now);

  void earn_retries();
  bool spend_retry();

 private:
  enum class State { active, away, ramping };
  struct Way {
    bool path_up = true;
    double ready_share = 1;
    State state = State::active;
    Ticks since = 0;  // away: works since, if it does; ramping: began
    bool works = true;
    double ramp = 1;
  };
  void refresh();
  double usable_part(const Way& way) const;

  const Scenario& scenario_;
  WeightedChooser chooser_;
  std::vector<double> weights_;
  std::vector<double> effective_;
  std::vector<double> wished_limits_;
  std::vector<std::uint32_t> limits_;  // as they are used now
  std::vector<double> overflow_;
  std::vector<double> room_;
  std::vector<Way> ways_;
  double retries_left_;
};

template <typename InFlight>
std::size_t Source::with_room(std::size_t chosen, std::uint64_t tried, InFlight in_flight) {
  if (limits_.empty() || !is_full(limits_[chosen], in_flight(chosen))) return chosen;
  measure_room(limits_, overflow_, in_flight, room_);
  for (std::size_t i = 0; i < room_.size(); ++i) {
    if (((tried >> i) & 1U) != 0) room_[i] = 0;
  }
  return chooser_.choose_again(room_, {}).value_or(chosen);
}

}  // namespace weir::controller
