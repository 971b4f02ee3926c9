#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::controller {

/// What the admin API calls: the controller as its operators see it. Core executor only.
///
/// The views answer at once, from memory. The changes come back when they are durable; `who` names
/// the operator, for what is kept of the change.
class AdminBackend {
 public:
  virtual ~AdminBackend() = default;

  virtual admin::v1::StatusReply status() = 0;
  virtual admin::v1::ListAgentsReply agents() = 0;
  virtual admin::v1::ListRegionsReply regions() = 0;
  virtual admin::v1::ListPathsReply paths() = 0;
  /// Errors: not_found.
  virtual Result<admin::v1::ListServicesReply> services(
      const admin::v1::ListServicesRequest& what) = 0;
  /// Errors: not_found (service or region).
  virtual Result<admin::v1::GetWeightsReply> weights(const admin::v1::GetWeightsRequest& what) = 0;
  /// Changes of weights that are kept. Errors: not_found.
  virtual Result<admin::v1::ListChangesReply> changes(
      const admin::v1::ListChangesRequest& what) = 0;
  virtual Result<admin::v1::ExplainWeightsReply> explain(
      const admin::v1::ExplainWeightsRequest& what) = 0;
  /// Errors: not_found.
  virtual Result<admin::v1::ListPoliciesReply> policies(
      const admin::v1::ListPoliciesRequest& what) = 0;
  /// Errors: not_found, as the next.
  virtual Result<admin::v1::ListPinsReply> pins(const admin::v1::ListPinsRequest& what) = 0;
  virtual Result<admin::v1::ListGuardrailsReply> guardrails(
      const admin::v1::ListGuardrailsRequest& what) = 0;
  virtual admin::v1::ListFailoversReply failovers() = 0;
  virtual std::vector<telemetry::v1::Event> events(const admin::v1::ListEventsRequest& what) = 0;
  /// Those after number `seen`, which moves to the newest.
  virtual std::vector<telemetry::v1::Event> events_since(const admin::v1::ListEventsRequest& what,
                                                         std::uint64_t& seen) = 0;
  virtual std::uint64_t newest_event() = 0;

  /// As it was at `at_unix_ms`, or now. Errors: not_found, invalid_argument (in the future), as the
  /// store.
  virtual boost::asio::awaitable<Result<admin::v1::ListPathsReply>> paths_at(
      admin::v1::ListPathsRequest request) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::ListServicesReply>> services_at(
      admin::v1::ListServicesRequest request) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::GetWeightsReply>> weights_at(
      admin::v1::GetWeightsRequest request) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::GetTrafficReply>> traffic_at(
      admin::v1::GetTrafficRequest request) = 0;
  /// Errors: not_found, invalid_argument, as the store.
  virtual boost::asio::awaitable<Result<admin::v1::GetSeriesReply>> series(
      admin::v1::GetSeriesRequest request) = 0;

  /// Audited changes. Errors: as the store.
  virtual boost::asio::awaitable<Result<admin::v1::ListAuditReply>> list_audit(
      admin::v1::ListAuditRequest request) = 0;
  /// Keeps one. It is on the disk afterwards, or the log says why not.
  virtual boost::asio::awaitable<void> record(admin::v1::AuditEntry entry) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::CreateAccessReply>> create_access(
      admin::v1::CreateAccessRequest request, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::ListAccessReply>> list_access() = 0;
  virtual boost::asio::awaitable<Status> revoke_access(std::string id, std::string who) = 0;

  virtual boost::asio::awaitable<Result<admin::v1::CreateTokenReply>> create_token(
      admin::v1::CreateTokenRequest request, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::ListTokensReply>> list_tokens() = 0;
  virtual boost::asio::awaitable<Status> revoke_token(std::string id, std::string who) = 0;
  virtual boost::asio::awaitable<Status> remove_agent(std::string agent, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::PinWeightsReply>> pin(
      admin::v1::PinWeightsRequest request, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::UnpinWeightsReply>> unpin(
      admin::v1::UnpinWeightsRequest request, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::SetPolicyModeReply>> set_policy_mode(
      admin::v1::SetPolicyModeRequest request, std::string who) = 0;
  /// Sets a limit, or takes back what was set; `may_loosen` false: only what loosens nothing.
  /// Errors: not_found, invalid_argument, out_of_range, failed_precondition (it loosens).
  virtual boost::asio::awaitable<Result<admin::v1::ChangeGuardrailReply>> change_guardrail(
      admin::v1::ChangeGuardrailRequest request, bool may_loosen, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::ConfirmPolicyReply>> confirm_policy(
      admin::v1::ConfirmPolicyRequest request, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::PromotePolicyReply>> promote(
      admin::v1::PromotePolicyRequest request, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::RollbackWeightsReply>> rollback(
      admin::v1::RollbackWeightsRequest request, std::string who) = 0;
  /// Errors: not_found, failed_precondition (nothing goes there, or nothing else could answer).
  virtual boost::asio::awaitable<Result<admin::v1::EvacuateRegionReply>> evacuate(
      admin::v1::EvacuateRegionRequest request, std::string who) = 0;
  /// Errors: not_found.
  virtual boost::asio::awaitable<Result<admin::v1::EndEvacuationReply>> end_evacuation(
      admin::v1::EndEvacuationRequest request, std::string who) = 0;
  virtual boost::asio::awaitable<Result<admin::v1::PingPathReply>> ping(
      admin::v1::PingPathRequest request) = 0;
  /// Takes seconds; stops when it is cancelled. Errors: not_found, invalid_argument,
  /// failed_precondition, resource_exhausted (too many wait), deadline_exceeded.
  virtual boost::asio::awaitable<Result<admin::v1::SimulateReply>> simulate(
      admin::v1::SimulateRequest request) = 0;
  /// A copy of the controller's state beside it. Errors: invalid_argument, aborted (another one
  /// runs), failed_precondition (the store is on no disk), as the store.
  virtual boost::asio::awaitable<Result<admin::v1::TakeSnapshotReply>> take_snapshot(
      admin::v1::TakeSnapshotRequest request, std::string who) = 0;
  /// Until the controller ends. Errors: invalid_argument.
  virtual boost::asio::awaitable<Result<admin::v1::SetLogLevelReply>> set_log_level(
      admin::v1::SetLogLevelRequest request, std::string who) = 0;
  /// What is wrong, as far as a viewer may know.
  virtual boost::asio::awaitable<Result<admin::v1::DiagnoseReply>> diagnose() = 0;
};

}  // namespace weir::controller
