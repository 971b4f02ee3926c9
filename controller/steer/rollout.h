#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "controller/steer/wish_check.h"

namespace weir::controller {

/// A newly trained checkpoint and whose it is.
struct Candidate {
  std::string name;        // a digest of its bytes
  std::string checkpoint;  // bytes
  std::string by;          // who promoted it
  std::int64_t unix_ms = 0;
};

enum class RolloutStage : std::uint8_t {
  none,        // there is no candidate
  shadow,      // it is asked and checked, its wishes move nothing
  canary,      // it steers one service in twenty
  everywhere,  // it steers all, under watch
  settled,     // it has taken the place of the one before
  withdrawn,   // it steers nothing any more
};
std::string_view rollout_stage_name(RolloutStage stage);

struct RolloutTimes {
  std::chrono::seconds shadow{600};
  std::chrono::seconds canary{1800};
  std::chrono::seconds everywhere{3600};
};

/// How a candidate comes to steer, or not. Pure; core thread.
///
///   shadow ──▶ canary ──▶ everywhere ──▶ settled
///      └──────────┴────────────┴───────▶ withdrawn
///
/// Each stage lasts its time. The candidate is withdrawn when it falls anywhere (throws, hangs,
/// wishes nonsense, is disappointed by itself), or when more requests miss the objective than can
/// be luck:
///
///   canary      the misses of its services since, less their misses in shadow, exceed the same
///               difference of the services that kept the one before, if there are any
///   everywhere  the misses exceed those of the time in shadow, and what the candidate itself
///               expected by two points: a region that dies is known to it, a bad policy is not
///
/// beyond three standard deviations of counts with four times the variance of independent ones
/// (requests come in crowds) and half a point. From 1000 requests on.
class Rollout {
 public:
  explicit Rollout(RolloutTimes times) : times_(times) {}

  /// In shadow from now on; takes the place of one that is under way.
  void begin(Candidate candidate, Time now);
  /// An operator does not wait for the time to pass. False: nothing is under way.
  bool advance(Time now, std::span<const ServiceName> eligible);
  /// False: nothing is under way.
  bool withdraw(const std::string& why);

  bool under_way() const;
  /// Whether the candidate is to steer this service.
  bool steers(const ServiceName& service) const;
  /// Whether it is to be asked beside whoever steers.
  bool shadows() const { return stage_ == RolloutStage::shadow; }
  /// What is to be made into a policy; empty: what is shipped.
  const std::string& checkpoint_for(const ServiceName& service) const;

  /// What came of a second of applied wishes.
  void tally(const ServiceName& service, const Outcome& second);
  /// The candidate fell.
  void fell(const ServiceName& service, const std::string& why);
  /// Each second. `eligible`: services in mode auto whose policy takes checkpoints, sorted.
  /// True: the stage is another one.
  bool tick(Time now, std::span<const ServiceName> eligible);

  RolloutStage stage() const { return stage_; }
  const Candidate& candidate() const { return candidate_; }
  const std::string& why() const { return why_; }  // it was withdrawn
  const std::set<ServiceName>& canaries() const { return canaries_; }
  /// Until the stage ends; zero when nothing is under way.
  Duration left(Time now) const;
  /// Of the services it steers, now and in shadow; of the others likewise.
  struct Comparison {
    Outcome candidate;
    Outcome before;
    Outcome control;
    Outcome control_before;
  };
  Comparison comparison() const;

  /// What a restart needs; its stage begins anew, what was counted is forgotten but for the time in
  /// shadow. Errors of the other: data_loss.
  std::string encode() const;
  Status restore(std::string_view row, Time now);

 private:
  void enter(RolloutStage stage, Time now, std::span<const ServiceName> eligible);
  std::string worse() const;

  const RolloutTimes times_;
  RolloutStage stage_ = RolloutStage::none;
  Candidate candidate_;
  std::string incumbent_;  // bytes; empty: what is shipped
  std::string why_;
  std::set<ServiceName> canaries_;
  std::map<ServiceName, Outcome> before_;  // in shadow
  std::map<ServiceName, Outcome> since_;   // in this stage
  Time entered_{};
};

}  // namespace weir::controller
