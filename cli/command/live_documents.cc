#include "cli/command/live_documents.h"

#include <algorithm>

#include "cli/command/admin_methods.h"
#include "cli/command/guardrail_plan.h"
#include "cli/render/units.h"
#include "common/base/text.h"

namespace weir::cli {
namespace {

Result<std::vector<Document>> live_pins(AdminSession& session) {
  const auto reply =
      session.ask(admin_method<ListPinsRequest, ListPinsReply>("ListPins"), ListPinsRequest());
  if (!reply) return fail(reply.error());
  std::vector<Document> documents;
  for (const Pin& pin : reply->pins()) {
    Document& made = documents.emplace_back();
    made.kind = k_pin;
    made.name = pin.service() + "/" + pin.from_region();
    for (const auto& weight : pin.weights()) {
      made.spec["weights." + weight.region()] = std::to_string(weight.weight());
    }
    made.expires_unix_ms = pin.expires_unix_ms();
  }
  return documents;
}

Result<std::vector<Document>> live_modes(AdminSession& session) {
  const auto reply = session.ask(
      admin_method<ListPoliciesRequest, ListPoliciesReply>("ListPolicies"), ListPoliciesRequest());
  if (!reply) return fail(reply.error());
  std::vector<Document> documents;
  for (const PolicyStatus& policy : reply->policies()) {
    if (policy.mode_by().empty()) continue;  // the configuration's
    documents.push_back({.kind = std::string(k_policy_mode),
                         .name = policy.service(),
                         .spec = {{"mode", policy.mode()}},
                         .expires_unix_ms = 0});
  }
  return documents;
}

Result<std::vector<Document>> live_guardrails(AdminSession& session) {
  const auto reply =
      session.ask(admin_method<ListGuardrailsRequest, ListGuardrailsReply>("ListGuardrails"),
                  ListGuardrailsRequest());
  if (!reply) return fail(reply.error());
  std::vector<Document> documents;
  for (const auto& row : reply->guardrails()) {
    if (row.by().empty()) continue;
    documents.push_back({.kind = std::string(k_guardrail),
                         .name = row.service() + "/" + row.name(),
                         .spec = {{"value", row.value()}},
                         .expires_unix_ms = row.expires_unix_ms()});
  }
  return documents;
}

/// Seconds from now, at least one; 0: no end.
Result<std::uint32_t> ttl_until(const AdminSession& session, std::int64_t unix_ms) {
  if (unix_ms == 0) return 0;
  const std::int64_t left = (unix_ms - session.now_ms() + 500) / 1000;
  if (left < 1 || left > UINT32_MAX) {
    return fail(Code::invalid_argument, "expires " + show_utc(unix_ms) + " is over, or too far");
  }
  return static_cast<std::uint32_t>(left);
}

template <typename Request, typename Reply>
Status asked(AdminSession& session, const char* method, const Request& request) {
  const auto reply = session.ask(admin_method<Request, Reply>(method), request);
  return reply ? Status() : fail(reply.error());
}

Status take_pin(AdminSession& session, const Step& step, bool dry_run) {
  WEIR_ASSIGN(name, split_name(step.either()));
  if (!step.want) {
    if (dry_run) return {};
    UnpinWeightsRequest request;
    request.set_service(name.service);
    request.set_from_region(name.rest);
    return asked<UnpinWeightsRequest, UnpinWeightsReply>(session, "UnpinWeights", request);
  }
  PinWeightsRequest request;
  request.set_service(name.service);
  request.set_from_region(name.rest);
  constexpr std::string_view k_weights = "weights.";
  for (const auto& [path, value] : step.want->spec) {
    auto& weight = *request.add_weights();
    weight.set_region(path.substr(k_weights.size()));
    WEIR_ASSIGN(number, parse_number(value, UINT32_MAX));
    weight.set_weight(static_cast<std::uint32_t>(number));
  }
  WEIR_ASSIGN(ttl, ttl_until(session, step.want->expires_unix_ms));
  request.set_ttl_s(ttl);
  request.set_dry_run(dry_run);
  return asked<PinWeightsRequest, PinWeightsReply>(session, "PinWeights", request);
}

Status take_mode(AdminSession& session, const Step& step, bool dry_run) {
  if (dry_run) {
    // There is no try of a mode: the service has to be there.
    ListPoliciesRequest request;
    request.set_service(step.either().name);
    return asked<ListPoliciesRequest, ListPoliciesReply>(session, "ListPolicies", request);
  }
  SetPolicyModeRequest request;
  request.set_service(step.either().name);
  if (step.want) request.set_mode(step.want->spec.at("mode"));
  return asked<SetPolicyModeRequest, SetPolicyModeReply>(session, "SetPolicyMode", request);
}

Status take_guardrail(AdminSession& session, const Step& step, bool dry_run) {
  WEIR_ASSIGN(name, split_name(step.either()));
  ChangeGuardrailRequest request;
  request.set_service(name.service);
  request.set_name(name.rest);
  if (step.want) {
    request.set_value(step.want->spec.at("value"));
    WEIR_ASSIGN(ttl, ttl_until(session, step.want->expires_unix_ms));
    request.set_ttl_s(ttl);
  }
  const auto plan = plan_guardrail(session, request);
  if (!plan) return fail(plan.error());
  if (dry_run) return {};
  const auto done = change_guardrail(session, request, *plan);
  return done ? Status() : fail(done.error());
}

}  // namespace

Result<std::vector<Document>> live_documents(AdminSession& session, std::string_view kind) {
  Result<std::vector<Document>> documents = kind == k_pin           ? live_pins(session)
                                            : kind == k_policy_mode ? live_modes(session)
                                                                    : live_guardrails(session);
  if (documents) std::ranges::sort(*documents, {}, &Document::name);
  return documents;
}

Status take_step(AdminSession& session, const Step& step, bool dry_run) {
  if (step.action() == "keep") return {};
  const std::string& kind = step.either().kind;
  if (kind == k_pin) return take_pin(session, step, dry_run);
  if (kind == k_policy_mode) return take_mode(session, step, dry_run);
  return take_guardrail(session, step, dry_run);
}

}  // namespace weir::cli
