#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/model/service_policy.h"
#include "common/routing/cost_ceiling.h"
#include "controller/steer/experience.h"
#include "controller/steer/wish_check.h"

namespace weir::controller {

/// One step of the ladder: a policy that can be made for a service.
struct Rung {
  std::string name;
  std::function<Result<std::unique_ptr<ServicePolicy>>(const ServiceSetting&)> make;
};

/// What is to be computed on the worker's thread: the wish that `policy` has after the last of
/// `seen`, which are given oldest first.
struct SteeringJob {
  std::shared_ptr<ServicePolicy> policy;
  std::vector<ServiceObservation> seen;

  /// Throws what the policy throws.
  ServiceWish run() const;
};

/// One service: which policy of the ladder steers it, and its last wish. Pure; core thread.
///
///   begin(what was seen) ─▶ job ─(worker)─▶ take(wish) ─▶ wish()
///                                   └─ threw, hung ─▶ fall(why) ─▶ the next rung's job
///
/// A policy falls when it cannot be made, throws, hangs, wishes nonsense, or was disappointed by
/// its own applied wishes `k_disappointments` intervals in a row: that is no incident, which a
/// model learns of within seconds, but a model that does not learn. The next rung begins with the
/// same experience. After a hold the top is tried again; a fall soon after doubles the hold.
class ServiceSteering {
 public:
  static constexpr int k_disappointments = 6;
  static constexpr std::chrono::seconds k_hold{60};
  static constexpr std::chrono::hours k_hold_max{1};

  /// `past` is shown to the first policy before its first interval.
  ServiceSteering(ServiceSetting setting, std::vector<Rung> ladder, Experience past);

  /// An interval has passed. Nothing: the end of the ladder is reached, nobody has a wish.
  [[nodiscard]] std::optional<SteeringJob> begin(ServiceObservation seen, Time now);
  /// The job's answer. What comes back is the next rung's job, when the answer was nonsense.
  [[nodiscard]] std::optional<SteeringJob> take(ServiceWish wish, Time now);
  /// The job has no answer.
  [[nodiscard]] std::optional<SteeringJob> fall(const std::string& why, Time now);

  /// Other regions serve it now: the policy is made anew with what it has seen.
  void change(ServiceSetting setting);
  /// Whether the last wish became the weights; only then its expectation is held against it.
  void applied(bool yes) { applied_ = yes; }

  const ServiceSetting& setting() const { return setting_; }
  /// The rung's name; "static" below the last.
  std::string policy() const;
  std::size_t rung() const { return rung_; }
  /// nullptr: nobody has wished anything yet.
  const ServiceWish* wish() const { return wish_ ? &*wish_ : nullptr; }
  const Experience& experience() const { return experience_; }
  const std::string& last_fall() const { return last_fall_; }
  std::uint64_t falls() const { return falls_; }
  std::uint64_t decisions() const { return decisions_; }
  /// Sums over about the last minute, of applied wishes that expected something.
  const Outcome& outcome() const { return outcome_; }
  /// The last interval's part of it; nothing where the wish was not applied.
  const Outcome& last_outcome() const { return last_outcome_; }
  const CostCeiling& cost() const { return cost_; }
  /// What the ceiling on cost did to the last wish.
  const std::optional<CostCut>& cost_cut() const { return cost_cut_; }

 private:
  std::optional<SteeringJob> job();
  void judge(const ServiceObservation& seen);
  void drop(const std::string& why, Time now);

  ServiceSetting setting_;
  const std::vector<Rung> ladder_;
  Experience experience_;
  CostCeiling cost_;
  std::optional<CostCut> cost_cut_;
  std::size_t rung_ = 0;
  std::shared_ptr<ServicePolicy> policy_;  // nullptr: to be made
  std::optional<ServiceWish> wish_;
  bool applied_ = false;
  int disappointments_ = 0;
  Outcome outcome_;
  Outcome last_outcome_;
  Time climb_at_{};
  Time climbed_at_{};
  Duration hold_ = k_hold;
  std::string last_fall_;
  std::uint64_t falls_ = 0;
  std::uint64_t decisions_ = 0;
};

}  // namespace weir::controller
