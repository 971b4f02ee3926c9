#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/model/histogram.h"
#include "common/model/service_config.h"
#include "common/obs/log.h"
#include "common/rpc/wakeup.h"
#include "controller/app/options.h"
#include "controller/policy/policy_catalog.h"
#include "controller/publish/publisher.h"
#include "controller/steer/decision_count.h"
#include "controller/steer/rollout.h"
#include "controller/steer/service_steering.h"
#include "controller/steer/steering_worker.h"
#include "controller/steer/wish_proposal.h"
#include "controller/store/store.h"
#include "controller/telemetry/telemetry.h"
#include "controller/trace/decision_traces.h"

namespace weir::controller {

std::string_view policy_mode_name(PolicyMode mode);
/// Errors: invalid_argument.
Result<PolicyMode> parse_policy_mode(std::string_view name);

/// Each second, for each service that is not static: what agents reported is shown to its policy on
/// the worker's thread; the answer is checked, and becomes a proposal or is only shown, as the
/// service's mode says. Core executor.
///
/// Modes set by operators and the last minutes of experience are in the store, so that a restart
/// changes neither who steers nor what is known.
class SteeringLoop {
 public:
  struct Parts {
    const ControllerOptions& options;
    /// As operators have them now; they change in their places, see `service_changed`.
    const std::vector<ServiceConfig>& services;
    const PolicyCatalog& catalog;
    Clock& clock;
    Store& store;
    boost::asio::thread_pool& blocking;
    const Log& log;
    const Telemetry& telemetry;
    const Publisher& publisher;
    /// Whether people hold some weights of the service: then its wishes are not wholly applied.
    std::function<bool(const ServiceName&, const RegionName& from)> pinned;
    /// There may be something to publish.
    std::function<void()> changed;
    std::function<void(std::string type, std::string severity, std::string message,
                       const ServiceName&)>
        note;
    DecisionTraces* traces = nullptr;  // nullptr: nobody wants any
  };

  /// All parts outlive it.
  SteeringLoop(boost::asio::any_io_executor core, Parts parts);
  ~SteeringLoop();

  /// Reads what is stored. Blocks; before `run`. Errors: data_loss, unavailable.
  Status load();
  /// Returns only when cancelled.
  boost::asio::awaitable<void> run();

  /// What all services' modes make of configuration and wishes. Pairs that shall stay as they are
  /// are left out.
  Proposal proposal() const;

  /// One service as operators see it.
  struct View {
    const ServiceConfig* config = nullptr;
    PolicyMode mode = PolicyMode::configured;
    std::string mode_by;                        // empty: the configuration
    const ServiceSteering* steering = nullptr;  // nullptr: nothing to steer yet, or static
    Grid<double> in_force;                      // shares; empty where nothing is steered
    const DecisionCount* decisions = nullptr;
    std::uint64_t cost_cuts = 0;  // decisions that the ceiling on cost changed
    Proposal wished;              // what would be published now in mode auto
  };
  std::vector<View> views() const;
  /// Limits in its configuration moved: its policy hears of it with the next observation.
  void service_changed(const ServiceName& service);
  /// A guard changed what was published for the service.
  void clamped(const ServiceName& service);

  /// One service and what was seen of it lately, oldest first: what a question about it takes.
  struct Recorded {
    const ServiceConfig* config = nullptr;
    PolicyMode mode = PolicyMode::configured;
    ServiceSetting setting;
    bool limits = true;  // whether its policy's limits on requests in flight count
    std::vector<ServiceObservation> seen;
  };
  /// Errors: not_found.
  Result<Recorded> recorded(const ServiceName& service) const;

  /// `mode` none: the configuration's again. Durable when it returns.
  /// Errors: not_found, those of the store.
  boost::asio::awaitable<Status> set_mode(ServiceName service, std::optional<PolicyMode> mode,
                                          std::string who);
  /// In mode assist: the present wish shall become weights. Errors: not_found, failed_precondition
  /// (another mode, or nothing is wished that differs).
  Status confirm(const ServiceName& service, const std::string& who);

  /// How long policies took to answer.
  const LatencyHistogram& decision_durations() const { return decision_durations_; }

  const Rollout& rollout() const { return rollout_; }
  /// Begins to roll a checkpoint out. Durable when it returns, as the next two. Errors:
  /// invalid_argument (not a checkpoint), failed_precondition (no service's policy takes one),
  /// those of the store.
  boost::asio::awaitable<Status> promote(std::string checkpoint, std::string who);
  /// Errors: failed_precondition (none is under way), those of the store.
  boost::asio::awaitable<Status> advance_rollout(std::string who);
  boost::asio::awaitable<Status> withdraw_rollout(std::string who);

 private:
  struct Steered;
  struct Mailbox;
  struct Pending {
    ServiceName service;
    bool candidate = false;  // of a rollout, in shadow
    Time since{};
    std::string policy = {};  // who is asked, for a trace; a candidate has none
  };

  Steered* find(const ServiceName& service) const;
  PolicyMode mode_of(const Steered& service) const;
  ServiceSetting setting_of(const Steered& service) const;
  std::vector<Rung> ladder_of(const ServiceConfig& service) const;
  Rung rung_of(const PolicyKind& kind, std::string checkpoint) const;
  bool takes_checkpoint(const Steered& service) const;
  std::vector<ServiceName> eligible() const;
  void shadow(Steered& service, const ServiceObservation& seen, bool others, Time now);
  bool watch_rollout(Time now);
  void rollout_changed(const std::string& who);
  Status load_rollout();
  boost::asio::awaitable<Status> store_rollout();
  bool learn_who_serves(Steered& service) const;
  boost::asio::awaitable<void> tick();
  void show(Steered& service, Time now);
  void record(Steered& service, Time now);
  ServiceObservation look_at(const Steered& service, const ServiceSetting& setting, Time now) const;
  void launch(const ServiceName& service, SteeringJob job, bool candidate = false);
  ServiceSteering* asked(const Pending& pending) const;
  void trace(const Pending& pending, std::uint64_t falls_before, Time now) const;
  boost::asio::awaitable<void> wait_for_answers();
  void take_answers();
  bool tell_falls(Steered& service);
  void count_decisions(Steered& service) const;
  void tell_cost(Steered& service);
  boost::asio::awaitable<void> store_experience();
  SourceInForce in_force_of(const Steered& service) const;
  Proposal wished_by(const Steered& service, const std::string& by, WishLimits limits) const;
  static WishLimits limits_of(const Steered& service);

  const Parts parts_;
  const boost::asio::any_io_executor core_;
  std::vector<std::unique_ptr<Steered>> services_;
  std::shared_ptr<Mailbox> mailbox_;
  SteeringWorker worker_;
  Wakeup answered_;
  std::map<std::uint64_t, Pending> pending_;  // by number of the job, oldest first
  LatencyHistogram decision_durations_;
  Rollout rollout_;
  std::uint64_t jobs_ = 0;
  Time started_{};
  Time last_tick_{};
  std::uint64_t ticks_ = 0;
};

}  // namespace weir::controller
