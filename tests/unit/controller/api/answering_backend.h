#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/api/admin_backend.h"

namespace weir::controller {

/// Answers everything with nothing; or, once `fails` is set, with that error.
class AnsweringBackend : public AdminBackend {
 public:
  template <typename T>
  using Later = boost::asio::awaitable<T>;

  admin::v1::StatusReply status() override { return {}; }
  admin::v1::ListAgentsReply agents() override { return agents_now; }
  admin::v1::ListRegionsReply regions() override { return {}; }
  admin::v1::ListPathsReply paths() override { return {}; }
  Result<admin::v1::ListServicesReply> services(const admin::v1::ListServicesRequest&) override {
    return answer<admin::v1::ListServicesReply>();
  }
  Result<admin::v1::GetWeightsReply> weights(const admin::v1::GetWeightsRequest&) override {
    auto reply = answer<admin::v1::GetWeightsReply>();
    if (reply) reply->set_unix_ms(++weights_asked);
    return reply;
  }
  Result<admin::v1::ListChangesReply> changes(const admin::v1::ListChangesRequest&) override {
    return answer<admin::v1::ListChangesReply>();
  }
  Result<admin::v1::ExplainWeightsReply> explain(const admin::v1::ExplainWeightsRequest&) override {
    return answer<admin::v1::ExplainWeightsReply>();
  }
  Result<admin::v1::ListPoliciesReply> policies(const admin::v1::ListPoliciesRequest&) override {
    return answer<admin::v1::ListPoliciesReply>();
  }
  Result<admin::v1::ListPinsReply> pins(const admin::v1::ListPinsRequest&) override {
    return answer<admin::v1::ListPinsReply>();
  }
  Result<admin::v1::ListGuardrailsReply> guardrails(
      const admin::v1::ListGuardrailsRequest&) override {
    return answer<admin::v1::ListGuardrailsReply>();
  }
  admin::v1::ListFailoversReply failovers() override { return {}; }
  std::vector<telemetry::v1::Event> events(const admin::v1::ListEventsRequest&) override {
    return {};
  }
  std::vector<telemetry::v1::Event> events_since(const admin::v1::ListEventsRequest&,
                                                 std::uint64_t&) override {
    return {};
  }
  std::uint64_t newest_event() override { return 0; }

  Later<Result<admin::v1::CreateTokenReply>> create_token(admin::v1::CreateTokenRequest,
                                                          std::string who) override {
    return changed<admin::v1::CreateTokenReply>(std::move(who));
  }
  Later<Result<admin::v1::ListTokensReply>> list_tokens() override {
    co_return answer<admin::v1::ListTokensReply>();
  }
  Later<Status> revoke_token(std::string, std::string who) override { return done(std::move(who)); }
  Later<Status> remove_agent(std::string, std::string who) override { return done(std::move(who)); }
  Later<Result<admin::v1::PinWeightsReply>> pin(admin::v1::PinWeightsRequest,
                                                std::string who) override {
    return changed<admin::v1::PinWeightsReply>(std::move(who));
  }
  Later<Result<admin::v1::UnpinWeightsReply>> unpin(admin::v1::UnpinWeightsRequest,
                                                    std::string who) override {
    return changed<admin::v1::UnpinWeightsReply>(std::move(who));
  }
  Later<Result<admin::v1::SetPolicyModeReply>> set_policy_mode(admin::v1::SetPolicyModeRequest,
                                                               std::string who) override {
    return changed<admin::v1::SetPolicyModeReply>(std::move(who));
  }
  Later<Result<admin::v1::ChangeGuardrailReply>> change_guardrail(admin::v1::ChangeGuardrailRequest,
                                                                  bool may_loosen,
                                                                  std::string who) override {
    loosened = may_loosen;
    return changed<admin::v1::ChangeGuardrailReply>(std::move(who));
  }
  Later<Result<admin::v1::ConfirmPolicyReply>> confirm_policy(admin::v1::ConfirmPolicyRequest,
                                                              std::string who) override {
    return changed<admin::v1::ConfirmPolicyReply>(std::move(who));
  }
  Later<Result<admin::v1::PromotePolicyReply>> promote(admin::v1::PromotePolicyRequest,
                                                       std::string who) override {
    return changed<admin::v1::PromotePolicyReply>(std::move(who));
  }
  Later<Result<admin::v1::RollbackWeightsReply>> rollback(admin::v1::RollbackWeightsRequest,
                                                          std::string who) override {
    return changed<admin::v1::RollbackWeightsReply>(std::move(who));
  }
  Later<Result<admin::v1::CreateAccessReply>> create_access(admin::v1::CreateAccessRequest,
                                                            std::string who) override {
    auto reply = changed<admin::v1::CreateAccessReply>(std::move(who));
    return with_secret(std::move(reply));
  }
  Later<Result<admin::v1::ListAccessReply>> list_access() override {
    co_return answer<admin::v1::ListAccessReply>();
  }
  Later<Status> revoke_access(std::string, std::string who) override {
    return done(std::move(who));
  }
  Later<Result<admin::v1::ListPathsReply>> paths_at(admin::v1::ListPathsRequest) override {
    co_return answer<admin::v1::ListPathsReply>();
  }
  Later<Result<admin::v1::ListServicesReply>> services_at(admin::v1::ListServicesRequest) override {
    co_return answer<admin::v1::ListServicesReply>();
  }
  Later<Result<admin::v1::GetWeightsReply>> weights_at(admin::v1::GetWeightsRequest what) override {
    co_return weights(what);
  }
  Later<Result<admin::v1::GetTrafficReply>> traffic_at(admin::v1::GetTrafficRequest) override {
    co_return answer<admin::v1::GetTrafficReply>();
  }
  Later<Result<admin::v1::GetSeriesReply>> series(admin::v1::GetSeriesRequest) override {
    co_return answer<admin::v1::GetSeriesReply>();
  }
  Later<Result<admin::v1::ListAuditReply>> list_audit(admin::v1::ListAuditRequest) override {
    co_return answer<admin::v1::ListAuditReply>();
  }
  Later<void> record(admin::v1::AuditEntry entry) override {
    audit.push_back(std::move(entry));
    co_return;
  }
  Later<Result<admin::v1::EvacuateRegionReply>> evacuate(admin::v1::EvacuateRegionRequest,
                                                         std::string who) override {
    return changed<admin::v1::EvacuateRegionReply>(std::move(who));
  }
  Later<Result<admin::v1::EndEvacuationReply>> end_evacuation(admin::v1::EndEvacuationRequest,
                                                              std::string who) override {
    return changed<admin::v1::EndEvacuationReply>(std::move(who));
  }
  Later<Result<admin::v1::PingPathReply>> ping(admin::v1::PingPathRequest) override {
    co_return answer<admin::v1::PingPathReply>();
  }
  Later<Result<admin::v1::SimulateReply>> simulate(admin::v1::SimulateRequest) override {
    co_return answer<admin::v1::SimulateReply>();
  }
  Later<Result<admin::v1::TakeSnapshotReply>> take_snapshot(admin::v1::TakeSnapshotRequest,
                                                            std::string who) override {
    return changed<admin::v1::TakeSnapshotReply>(std::move(who));
  }
  Later<Result<admin::v1::SetLogLevelReply>> set_log_level(admin::v1::SetLogLevelRequest,
                                                           std::string who) override {
    return changed<admin::v1::SetLogLevelReply>(std::move(who));
  }
  Later<Result<admin::v1::DiagnoseReply>> diagnose() override {
    co_return answer<admin::v1::DiagnoseReply>();
  }

  std::optional<Error> fails;
  bool loosened = false;  // what the last change of a guardrail was permitted
  admin::v1::ListAgentsReply agents_now;
  std::int64_t weights_asked = 0;
  std::vector<std::string> changed_by;
  std::vector<admin::v1::AuditEntry> audit;

 private:
  template <typename Reply>
  Result<Reply> answer() const {
    if (fails) return fail(*fails);
    return Reply();
  }
  template <typename Reply>
  Later<Result<Reply>> changed(std::string who) {
    changed_by.push_back(std::move(who));
    co_return answer<Reply>();
  }
  Later<Status> done(std::string who) {
    changed_by.push_back(std::move(who));
    co_return fails ? Status(fail(*fails)) : Status();
  }
  static Later<Result<admin::v1::CreateAccessReply>> with_secret(
      Later<Result<admin::v1::CreateAccessReply>> made) {
    auto reply = co_await std::move(made);
    if (reply) reply->set_secret("weir-access-hush");
    co_return reply;
  }
};

}  // namespace weir::controller
