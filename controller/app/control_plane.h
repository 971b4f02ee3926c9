#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/async/bounded_queue.h"
#include "common/async/clock.h"
#include "common/base/result.h"
#include "common/obs/log.h"
#include "common/rpc/wakeup.h"
#include "controller/app/options.h"
#include "controller/app/steering_loop.h"
#include "controller/enrol/enroller.h"
#include "controller/guardrails/guardrail_book.h"
#include "controller/policy/pin_book.h"
#include "controller/policy/policy_catalog.h"
#include "controller/publish/ack_book.h"
#include "controller/publish/change_history.h"
#include "controller/publish/publish_count.h"
#include "controller/publish/publisher.h"
#include "controller/session/session_hub.h"
#include "controller/store/store.h"
#include "controller/telemetry/telemetry.h"
#include "controller/trace/decision_traces.h"
#include "weir/control/v1/enrol.pb.h"

namespace weir::controller {

/// The controller's state on the core thread, and the one loop that turns it into what is
/// published.
///
///   agents, pins, guardrails, endpoints, wishes ─▶ guards ─▶ draft ─▶ store ─▶ accept ─▶ sessions
///
/// One round at a time; what asks for a change while a round is being written waits for the next.
/// Nothing is sent, and no change answered, before it is on the disk.
class ControlPlane {
 public:
  struct Parts {
    const ControllerOptions& options;
    Clock& clock;
    Store& store;
    Enroller& enroller;
    boost::asio::thread_pool& blocking;
    const Log& log;
    std::string version;
    /// The store has failed: the process must end and be started again.
    std::function<void(std::string)> fatal;
    /// Lets the tunnel know the agents of this round, before anybody is told that it is done: a new
    /// agent's first handshake must not come too early.
    std::function<boost::asio::awaitable<void>()> sync_tunnel;
    DecisionTraces* traces = nullptr;  // nullptr: nobody wants any
  };

  /// All parts outlive it.
  ControlPlane(boost::asio::any_io_executor core, Parts parts);
  ~ControlPlane();

  /// Reads what is stored. Blocks; before `run`. Errors: data_loss, unavailable.
  Status load();
  /// The publishing loop; returns only when cancelled.
  boost::asio::awaitable<void> run();

  /// Somebody joined, left, moved: the next round looks.
  void agents_changed();
  /// A row of an agent was written: a round follows only when it changes what others are told.
  void agents_stored();
  /// Returns once everything known now is published. Errors: unavailable (the store failed),
  /// resource_exhausted (its disk is nearly full; it is tried again until there is room).
  boost::asio::awaitable<Status> published();
  /// Changes the pins, publishes, and returns when all of it is durable. Errors: those of `edit`
  /// (nothing changed), unavailable.
  using PinEdit = std::function<Status(PinBook&)>;
  boost::asio::awaitable<Status> change_pins(PinEdit edit);
  /// The same for the limits that operators move at run time.
  using GuardrailEdit = std::function<Status(GuardrailBook&)>;
  boost::asio::awaitable<Status> change_guardrails(GuardrailEdit edit);
  /// What the guards would make of a pin now.
  Result<WeightChange> preview(const WeightPin& pin);

  boost::asio::awaitable<Result<control::v1::EnrolReply>> enrol(control::v1::EnrolRequest request);
  boost::asio::awaitable<Result<control::v1::RenewLapsedReply>> renew_lapsed(
      IpAddress caller, control::v1::RenewLapsedRequest request);
  /// The enrolment door turned somebody away.
  void enrolment_refused(const std::string& caller, const std::string& token, const Error& why);
  boost::asio::awaitable<Result<AgentRecord>> remove_agent(AgentId agent, std::string who);
  /// Where peers were seen by the tunnel, by key.
  void endpoints_seen(const std::map<PublicKey, Endpoint>& seen);

  void note(std::string type, std::string severity, std::string message, const AgentId& agent = {},
            const ServiceName& service = {}, const RegionName& region = {});

  // What the views read.
  const ControllerOptions& options() const { return parts_.options; }
  const std::string& version() const { return parts_.version; }
  Clock& clock() { return parts_.clock; }
  Enroller& enroller() { return parts_.enroller; }
  std::int64_t unix_ms() const { return to_unix_ms(parts_.clock.wall_now()); }
  const std::vector<AgentRecord>& agents() const { return agents_; }
  /// The agents as peers, with where they can be reached.
  std::vector<MeshPeer> peers() const;
  const Publisher& publisher() const { return publisher_; }
  const ChangeHistory& history() const { return history_; }
  const AckBook& acks() const { return acks_; }
  const PinBook& pins() const { return pins_; }
  const GuardrailBook& guardrails() const { return guardrails_; }
  /// As configured, with the guardrails that operators moved.
  const std::vector<ServiceConfig>& services() const { return services_; }
  Telemetry& telemetry() { return telemetry_; }
  SessionHub& sessions() { return hub_; }
  SteeringLoop& steering() { return steering_; }
  const PolicyCatalog& catalog() const { return catalog_; }
  std::int64_t last_publish_unix_ms() const { return last_publish_unix_ms_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  /// Why the store takes no writes now; empty: it does.
  const std::string& store_problem() const { return store_problem_; }
  /// As it was a moment ago.
  const std::optional<StoreRoom>& store_room() const { return store_room_; }
  const PublishCount& published_count() const { return published_count_; }
  std::uint64_t enrolments_refused() const { return enrolments_refused_; }

  /// Where calls that may block run.
  boost::asio::thread_pool& blocking() { return parts_.blocking; }

 private:
  struct Edit;
  struct Round;

  SessionCallbacks session_callbacks();
  SteeringLoop::Parts steering_parts();
  boost::asio::awaitable<Status> admit(AgentId agent, control::v1::Hello hello);
  boost::asio::awaitable<Result<control::v1::Certificate>> renew(AgentId agent, std::string csr);
  void take_ack(const AgentId& agent, const control::v1::Ack& ack);
  void take_report(const AgentId& agent, const telemetry::v1::Report& report);
  void take_event(const AgentId& agent, const telemetry::v1::Event& event);
  void note_boot(const AgentId& agent, const std::string& boot_id);
  void session_ended(const AgentId& agent, const Status& why);

  /// Whether one more line that `agent` triggers may be written now, and how many were not since
  /// the last one.
  std::optional<std::uint64_t> may_write(const AgentId& agent);

  boost::asio::awaitable<Status> submit(PinEdit pins, GuardrailEdit guardrails);
  boost::asio::awaitable<void> look_at_store();
  boost::asio::awaitable<void> look_at_agents();
  boost::asio::awaitable<void> follow_up_changes();
  SeenRequests seen_of(const ServiceName& service, const RegionName& from) const;
  void take_agents(std::vector<AgentRecord> agents);
  void forget(const AgentRecord& gone);
  bool round_due() const;
  boost::asio::awaitable<Status> run_round();
  Round prepare();
  void finish(Round round);
  std::vector<DecisionTraces::Publication> to_trace(const Round& round) const;
  PublishInput input(const PinBook& pins, const std::vector<ServiceConfig>& services);
  void propose_in_force(PublishInput& made) const;
  std::vector<ServiceConfig> services_with(const GuardrailBook& guardrails) const;
  void take_services(std::vector<ServiceConfig> services);
  std::optional<Endpoint> endpoint_of(const AgentRecord& agent) const;
  const AgentRecord* find(const AgentId& agent) const;

  const Parts parts_;
  const boost::asio::any_io_executor core_;

  std::vector<AgentRecord> agents_;  // of the last round
  Telemetry telemetry_;
  PinBook pins_;
  GuardrailBook guardrails_;
  std::vector<ServiceConfig> services_;  // changed in their places: others refer to them
  std::set<ServiceName> tightening_;     // what is in force of them may break a limit that moved
  Publisher publisher_;
  const PolicyCatalog catalog_;
  SteeringLoop steering_;
  ChangeHistory history_;
  PublishCount published_count_;
  AckBook acks_;
  SessionHub hub_;

  std::map<AgentId, std::optional<Endpoint>> configured_endpoints_;  // what Hello said
  std::map<AgentId, std::vector<std::string>> boots_;                // and which starts of it were
  std::map<PublicKey, Endpoint> seen_endpoints_;
  std::map<AgentId, Endpoint> stored_endpoints_;

  Wakeup wakeup_;
  bool dirty_ = true;
  std::vector<std::shared_ptr<Edit>> edits_;
  std::int64_t last_publish_unix_ms_ = 0;
  std::vector<std::string> warnings_;
  bool agents_stored_ = false;
  std::string store_problem_;
  std::optional<StoreRoom> store_room_;
  Time next_look_at_store_{};
  Time next_follow_up_{};

  std::map<AgentId, LogLimit> limits_;  // of what each agent can have written to the log
  LogLimit strangers_{1, 20};           // of all who are not agents together
  std::uint64_t enrolments_refused_ = 0;
};

}  // namespace weir::controller
