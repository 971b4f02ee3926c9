#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/rpc/router.h"
#include "weir/admin/v1/admin.pb.h"

namespace weir::cli {

/// A controller that answers what the test put here and keeps what it was asked. The test writes
/// before a command runs and reads after it.
struct FakeAdmin {
  admin::v1::StatusReply status;
  std::vector<admin::v1::StatusReply> statuses;  // for each next GetStatus, then `status`
  admin::v1::ListAgentsReply agents;
  admin::v1::CreateTokenReply token;
  admin::v1::ListTokensReply tokens;
  admin::v1::ListPathsReply paths;
  std::optional<admin::v1::ListPathsReply> paths_before;  // when asked for a moment
  admin::v1::PingPathReply ping;
  admin::v1::ListServicesReply services;
  admin::v1::GetWeightsReply weights;
  admin::v1::ExplainWeightsReply explanation;
  admin::v1::ListChangesReply changes;
  admin::v1::PinWeightsReply pin;
  admin::v1::UnpinWeightsReply unpin;
  admin::v1::ListPinsReply pins;
  admin::v1::ListGuardrailsReply guardrails;
  admin::v1::ChangeGuardrailReply guardrail;
  std::map<std::string, admin::v1::GetSeriesReply> series;  // of a path, by its "from"
  admin::v1::ListFailoversReply failovers;
  admin::v1::EvacuateRegionReply evacuation;
  admin::v1::ListPoliciesReply policies;
  admin::v1::PromotePolicyReply promotion;
  admin::v1::ListEventsReply events;
  admin::v1::SimulateReply simulation;
  admin::v1::TakeSnapshotReply snapshot;
  std::optional<Error> error;  // answers everything

  std::vector<admin::v1::PinWeightsRequest> pins_asked;
  std::vector<std::string> changes_asked;  // of pins, modes and guardrails that were no dry runs
  std::optional<admin::v1::CreateTokenRequest> token_asked;
  std::optional<admin::v1::RemoveAgentRequest> removal_asked;
  std::optional<admin::v1::ListEventsRequest> events_asked;
  std::optional<admin::v1::PromotePolicyRequest> promotion_asked;
  std::optional<admin::v1::SimulateRequest> simulation_asked;
  std::optional<admin::v1::ListChangesRequest> history_asked;
  std::optional<admin::v1::TakeSnapshotRequest> snapshot_asked;
  std::optional<admin::v1::SetLogLevelRequest> log_level_asked;

  /// Adds every method of the admin API.
  void fill(RpcRouter& router);
};

}  // namespace weir::cli
