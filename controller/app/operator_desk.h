#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/findings/mesh_snapshot.h"
#include "common/obs/log.h"
#include "controller/access/access_book.h"
#include "controller/api/admin_backend.h"
#include "controller/app/control_plane.h"
#include "controller/app/series_loop.h"
#include "controller/app/what_if_desk.h"
#include "controller/audit/audit_log.h"
#include "controller/series/series_reader.h"

namespace weir::controller {

/// The admin API's backend: shows the control plane in the API's words and passes on what operators
/// want changed. Core executor only.
class OperatorDesk final : public AdminBackend {
 public:
  /// All of it outlives the desk.
  struct Parts {
    std::string store_kind;
    std::string state_dir;
    Store& store;
    const SeriesRecorder& series;
    AuditLog& audit;
    AccessBook& access;
    Log& log;
    /// An access token was withdrawn: whoever is signed in with it is to go. May be empty.
    std::function<void(const std::string& id)> access_ended;
  };

  OperatorDesk(ControlPlane& plane, Parts parts);

  admin::v1::StatusReply status() override;
  admin::v1::ListAgentsReply agents() override;
  admin::v1::ListRegionsReply regions() override;
  admin::v1::ListPathsReply paths() override;
  Result<admin::v1::ListServicesReply> services(
      const admin::v1::ListServicesRequest& what) override;
  boost::asio::awaitable<Result<admin::v1::ListPathsReply>> paths_at(
      admin::v1::ListPathsRequest request) override;
  boost::asio::awaitable<Result<admin::v1::ListServicesReply>> services_at(
      admin::v1::ListServicesRequest request) override;
  boost::asio::awaitable<Result<admin::v1::GetWeightsReply>> weights_at(
      admin::v1::GetWeightsRequest request) override;
  boost::asio::awaitable<Result<admin::v1::GetTrafficReply>> traffic_at(
      admin::v1::GetTrafficRequest request) override;
  boost::asio::awaitable<Result<admin::v1::GetSeriesReply>> series(
      admin::v1::GetSeriesRequest request) override;
  boost::asio::awaitable<Result<admin::v1::ListAuditReply>> list_audit(
      admin::v1::ListAuditRequest request) override;
  boost::asio::awaitable<void> record(admin::v1::AuditEntry entry) override;
  boost::asio::awaitable<Result<admin::v1::CreateAccessReply>> create_access(
      admin::v1::CreateAccessRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::ListAccessReply>> list_access() override;
  boost::asio::awaitable<Status> revoke_access(std::string id, std::string who) override;
  Result<admin::v1::GetWeightsReply> weights(const admin::v1::GetWeightsRequest& what) override;
  Result<admin::v1::ListChangesReply> changes(const admin::v1::ListChangesRequest& what) override;
  boost::asio::awaitable<Result<admin::v1::PromotePolicyReply>> promote(
      admin::v1::PromotePolicyRequest request, std::string who) override;
  Result<admin::v1::ExplainWeightsReply> explain(
      const admin::v1::ExplainWeightsRequest& what) override;
  Result<admin::v1::ListPoliciesReply> policies(
      const admin::v1::ListPoliciesRequest& what) override;
  Result<admin::v1::ListPinsReply> pins(const admin::v1::ListPinsRequest& what) override;
  Result<admin::v1::ListGuardrailsReply> guardrails(
      const admin::v1::ListGuardrailsRequest& what) override;
  admin::v1::ListFailoversReply failovers() override;
  std::vector<telemetry::v1::Event> events(const admin::v1::ListEventsRequest& what) override;
  std::vector<telemetry::v1::Event> events_since(const admin::v1::ListEventsRequest& what,
                                                 std::uint64_t& seen) override;
  std::uint64_t newest_event() override;

  boost::asio::awaitable<Result<admin::v1::CreateTokenReply>> create_token(
      admin::v1::CreateTokenRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::ListTokensReply>> list_tokens() override;
  boost::asio::awaitable<Status> revoke_token(std::string id, std::string who) override;
  boost::asio::awaitable<Status> remove_agent(std::string agent, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::PinWeightsReply>> pin(
      admin::v1::PinWeightsRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::UnpinWeightsReply>> unpin(
      admin::v1::UnpinWeightsRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::SetPolicyModeReply>> set_policy_mode(
      admin::v1::SetPolicyModeRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::ChangeGuardrailReply>> change_guardrail(
      admin::v1::ChangeGuardrailRequest request, bool may_loosen, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::ConfirmPolicyReply>> confirm_policy(
      admin::v1::ConfirmPolicyRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::RollbackWeightsReply>> rollback(
      admin::v1::RollbackWeightsRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::EvacuateRegionReply>> evacuate(
      admin::v1::EvacuateRegionRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::EndEvacuationReply>> end_evacuation(
      admin::v1::EndEvacuationRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::PingPathReply>> ping(
      admin::v1::PingPathRequest request) override;
  boost::asio::awaitable<Result<admin::v1::SimulateReply>> simulate(
      admin::v1::SimulateRequest request) override;
  boost::asio::awaitable<Result<admin::v1::DiagnoseReply>> diagnose() override;
  boost::asio::awaitable<Result<admin::v1::TakeSnapshotReply>> take_snapshot(
      admin::v1::TakeSnapshotRequest request, std::string who) override;
  boost::asio::awaitable<Result<admin::v1::SetLogLevelReply>> set_log_level(
      admin::v1::SetLogLevelRequest request, std::string who) override;

  /// The controller shows this certificate, the first of a file, to whom it serves.
  void certificate_shown(std::string used_for, std::string file, const std::string& pem);

 private:
  boost::asio::awaitable<std::optional<MeshSnapshot::Before>> before(std::int64_t now_ms);
  Result<admin::v1::GetTrafficReply> traffic(const admin::v1::GetTrafficRequest& what);
  boost::asio::awaitable<Result<SeriesMoment>> moment(std::string family, std::int64_t at_unix_ms);
  std::vector<std::string> warnings();
  bool synced(const AgentRecord& agent);
  Status check_pair(const std::string& service, const std::string& region) const;
  Status check_service(const std::string& service) const;
  admin::v1::WeightRow row_of(const PublishedWeights& weights);

  ControlPlane& plane_;
  const Parts parts_;
  const std::int64_t started_unix_ms_;
  WhatIfDesk what_if_;
  std::vector<admin::v1::ShownCertificate> certificates_;
  const LogLevel configured_log_level_;
  bool snapshot_runs_ = false;
  // Of its own: a slow disk must not hold up what is to be published.
  boost::asio::thread_pool snapshot_thread_{1};
};

}  // namespace weir::controller
