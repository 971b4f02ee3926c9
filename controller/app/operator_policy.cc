// How services are steered, through the operator desk: shown, changed, taken back.

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "controller/app/operator_desk.h"
#include "controller/app/weight_message.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

constexpr std::uint32_t k_ttl_max_s = 365U * 24 * 3600;

std::string_view goal_name(Goal goal) {
  switch (goal) {
    case Goal::goodput:
      return "goodput";
    case Goal::latency:
      return "latency";
    case Goal::tail:
      return "tail";
    case Goal::cost:
      return "cost";
  }
  return "";
}

pb::PolicyWish to_message(const WeightProposal& wished) {
  pb::PolicyWish out;
  out.set_from_region(wished.from.value());
  for (const ProposedWeight& weight : wished.weights) {
    auto& row = *out.add_weights();
    row.set_region(weight.region.value());
    row.set_weight(static_cast<std::uint32_t>(std::clamp(weight.weight, 0.0, 10'000.0) + 0.5));
  }
  for (const Reason& reason : wished.reasons) put(reason, *out.add_reasons());
  if (wished.expected_in_objective) {
    out.set_expected_in_objective_ppm(
        static_cast<std::uint32_t>(*wished.expected_in_objective * 1e6 + 0.5));
  }
  return out;
}

pb::PolicyStatus to_message(const SteeringLoop::View& view) {
  pb::PolicyStatus out;
  out.set_service(view.config->plan.service.value());
  out.set_mode(std::string(policy_mode_name(view.mode)));
  out.set_mode_by(view.mode_by);
  out.set_policy(view.config->policy.name);
  out.set_goal(std::string(goal_name(view.config->policy.goal)));
  if (view.steering == nullptr) return out;
  const ServiceSteering& steering = *view.steering;
  out.set_steering(steering.policy());
  out.set_decisions(steering.decisions());
  out.set_falls(steering.falls());
  out.set_last_fall(steering.last_fall());
  out.set_ended(steering.outcome().ended);
  out.set_in_objective(steering.outcome().in_slo);
  out.set_expected_in_objective(steering.outcome().expected);
  if (steering.cost().priced()) out.set_cost_per_hour(steering.cost().per_hour(view.in_force));
  const double ceiling = steering.setting().max_cost_per_hour;
  if (known(ceiling)) out.set_max_cost_per_hour(ceiling);
  if (steering.cost_cut()) out.set_cost_cut(in_words(*steering.cost_cut(), ceiling));
  for (const WeightProposal& wished : view.wished) *out.add_wishes() = to_message(wished);
  return out;
}

void put(const Outcome& outcome, pb::SeenRequests& out) {
  out.set_ended(static_cast<std::uint64_t>(outcome.ended + 0.5));
  out.set_in_objective(static_cast<std::uint64_t>(outcome.in_slo + 0.5));
}

pb::RolloutStatus to_message(const Rollout& rollout, Time now) {
  pb::RolloutStatus out;
  out.set_stage(std::string(rollout_stage_name(rollout.stage())));
  out.set_name(rollout.candidate().name);
  out.set_by(rollout.candidate().by);
  out.set_unix_ms(rollout.candidate().unix_ms);
  out.set_why(rollout.why());
  const auto left = std::chrono::ceil<std::chrono::seconds>(rollout.left(now));
  out.set_left_s(static_cast<std::uint32_t>(left.count()));
  for (const ServiceName& service : rollout.canaries()) out.add_canaries(service.value());
  const Rollout::Comparison sums = rollout.comparison();
  put(sums.candidate, *out.mutable_candidate());
  put(sums.before, *out.mutable_before());
  put(sums.control, *out.mutable_control());
  put(sums.control_before, *out.mutable_control_before());
  return out;
}

}  // namespace

Status OperatorDesk::check_service(const std::string& service) const {
  if (service.empty()) return fail(Code::invalid_argument, "no service was named");
  return check_pair(service, "");
}

Result<pb::ListPoliciesReply> OperatorDesk::policies(const pb::ListPoliciesRequest& what) {
  WEIR_TRY(check_pair(what.service(), ""));
  pb::ListPoliciesReply reply;
  for (const SteeringLoop::View& view : plane_.steering().views()) {
    if (!what.service().empty() && what.service() != view.config->plan.service.value()) continue;
    *reply.add_policies() = to_message(view);
  }
  const Rollout& rollout = plane_.steering().rollout();
  if (rollout.stage() != RolloutStage::none) {
    *reply.mutable_rollout() = to_message(rollout, plane_.clock().now());
  }
  return reply;
}

asio::awaitable<Result<pb::SetPolicyModeReply>> OperatorDesk::set_policy_mode(
    pb::SetPolicyModeRequest request, std::string who) {
  WEIR_CO_TRY(check_service(request.service()));
  std::optional<PolicyMode> mode;
  if (!request.mode().empty()) {
    auto parsed = parse_policy_mode(request.mode());
    if (!parsed) co_return fail(std::move(parsed).error());
    mode = *parsed;
  }
  const ServiceName service(request.service());
  pb::SetPolicyModeReply reply;
  for (const SteeringLoop::View& view : plane_.steering().views()) {
    if (view.config->plan.service != service) continue;
    reply.set_mode_before(std::string(policy_mode_name(view.mode)));
  }
  WEIR_CO_TRY(co_await plane_.steering().set_mode(service, mode, std::move(who)));
  WEIR_CO_TRY(co_await plane_.published());
  for (const SteeringLoop::View& view : plane_.steering().views()) {
    if (view.config->plan.service == service) *reply.mutable_policy() = to_message(view);
  }
  co_return reply;
}

asio::awaitable<Result<pb::ConfirmPolicyReply>> OperatorDesk::confirm_policy(
    pb::ConfirmPolicyRequest request, std::string who) {
  WEIR_CO_TRY(check_service(request.service()));
  WEIR_CO_TRY(plane_.steering().confirm(ServiceName(request.service()), who));
  WEIR_CO_TRY(co_await plane_.published());
  pb::ConfirmPolicyReply reply;
  reply.set_epoch(plane_.publisher().state().id.epoch);
  reply.set_generation(plane_.publisher().state().id.generation);
  co_return reply;
}

asio::awaitable<Result<pb::PromotePolicyReply>> OperatorDesk::promote(
    pb::PromotePolicyRequest request, std::string who) {
  SteeringLoop& steering = plane_.steering();
  if (request.action() == "begin") {
    WEIR_CO_TRY(co_await steering.promote(std::move(*request.mutable_checkpoint()), who));
  } else if (request.action() == "advance") {
    WEIR_CO_TRY(co_await steering.advance_rollout(who));
  } else if (request.action() == "withdraw") {
    WEIR_CO_TRY(co_await steering.withdraw_rollout(who));
  } else {
    co_return fail(Code::invalid_argument, "action " + in_quotes(request.action()) +
                                               " is none of begin, advance, withdraw");
  }
  pb::PromotePolicyReply reply;
  *reply.mutable_rollout() = to_message(steering.rollout(), plane_.clock().now());
  co_return reply;
}

/// As pins: whatever steers would else undo it with its next wish.
asio::awaitable<Result<pb::RollbackWeightsReply>> OperatorDesk::rollback(
    pb::RollbackWeightsRequest request, std::string who) {
  WEIR_CO_TRY(check_service(request.service()));
  if (request.freeze() && request.generation() != 0) {
    co_return fail(Code::invalid_argument, "a freeze keeps what is in force: no generation");
  }
  if (request.ttl_s() > k_ttl_max_s) {
    co_return fail(Code::invalid_argument, "a pin lasts at most 365 days; 0 is without end");
  }
  const ServiceName service(request.service());
  const std::int64_t now = plane_.unix_ms();
  std::vector<WeightPin> pins;
  pb::RollbackWeightsReply reply;
  for (const auto& [key, present] : plane_.publisher().state().weights) {
    if (key.first != service) continue;
    std::vector<Weight> wanted;
    if (request.freeze()) {
      wanted = present.change.after;
    } else if (request.generation() == 0) {
      wanted = present.change.before;
    } else if (const auto* past = plane_.history().at(service, key.second, request.generation())) {
      wanted = past->after;
    }
    if (wanted.empty()) continue;
    WeightPin pin{
        .service = service,
        .from = key.second,
        .weights = wanted,
        .by = who + (request.freeze() ? " (freeze)" : " (rollback)"),
        .created_unix_ms = now,
        .expires_unix_ms = request.ttl_s() == 0 ? 0 : now + std::int64_t{request.ttl_s()} * 1000};
    const auto seen = plane_.preview(pin);
    if (!seen) co_return fail(seen.error());
    pb::WeightMove& move = *reply.add_moves();
    move.set_from_region(key.second.value());
    put(seen->before, *move.mutable_before());
    put(seen->after, *move.mutable_after());
    for (const auto& guard : seen->guards) move.add_guards(guard);
    pins.push_back(std::move(pin));
  }
  if (pins.empty()) {
    co_return fail(Code::not_found,
                   request.freeze() ? in_quotes(request.service()) + " has no weights yet"
                   : request.generation() == 0
                       ? "the weights of " + in_quotes(request.service()) + " have not changed yet"
                       : "no weights of " + in_quotes(request.service()) + " are kept that old");
  }
  if (!request.dry_run()) {
    ControlPlane::PinEdit edit = [pins](PinBook& book) {
      for (const WeightPin& pin : pins) book.set(pin);
      return Status();
    };
    WEIR_CO_TRY(co_await plane_.change_pins(std::move(edit)));
    plane_.note(request.freeze() ? "weights.frozen" : "weights.rolled_back", "info",
                service.value() + " by " + who, {}, service);
  }
  reply.set_epoch(plane_.publisher().state().id.epoch);
  reply.set_generation(plane_.publisher().state().id.generation);
  co_return reply;
}

boost::asio::awaitable<Result<admin::v1::SimulateReply>> OperatorDesk::simulate(
    admin::v1::SimulateRequest request) {
  return what_if_.simulate(std::move(request));
}

}  // namespace weir::controller
