// Limits that operators move at run time, through the operator desk; and the pins, which they hold.

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "controller/app/operator_desk.h"
#include "controller/app/weight_message.h"
#include "controller/guardrails/guardrail_book.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

constexpr std::uint32_t k_ttl_max_s = 365U * 24 * 3600;
constexpr std::int64_t k_recent_ms = 3'600'000;

/// What a guardrail calls itself where it clipped a change (`to_safe_set`); empty: it clips none.
std::string_view action_of(std::string_view guardrail) {
  if (guardrail == "max_step") return "largest step:";
  if (guardrail == "min_share") return "minimum share:";
  if (guardrail == "residency") return "residency:";
  return "";
}

std::uint32_t clipped(const std::vector<WeightChange>& changes, std::string_view guardrail) {
  const std::string_view action = action_of(guardrail);
  return static_cast<std::uint32_t>(
      std::ranges::count_if(changes, [&action](const WeightChange& change) {
        return std::ranges::any_of(
            change.guards, [&action](const std::string& text) { return text.starts_with(action); });
      }));
}

std::string residency_of(const ServiceConfig& service) {
  std::string text;
  for (const auto& [from, regions] : service.residency) {
    text += (text.empty() ? "" : "; ") + from.value() + ":";
    for (const RegionName& region : regions) text += " " + region.value();
  }
  return text.empty() ? "none" : text;
}

Error unknown_guardrail(const std::string& name) {
  if (name == "residency") {
    return {Code::failed_precondition, "residency is said by the configuration alone"};
  }
  std::string known;
  for (const Guardrail& one : guardrails()) {
    known += (known.empty() ? "" : ", ") + std::string(one.name);
  }
  return {Code::not_found, "guardrail " + in_quotes(name) + " is none of " + known};
}

/// The rule between two limits that the configuration has as well.
Status check_together(const ServiceConfig& service) {
  if (service.plan.guards.min_share <= service.plan.guards.max_step) return {};
  return fail(Code::invalid_argument, "min_share of " + service.plan.service.value() +
                                          " would be above max_step: a region could not be closed");
}

}  // namespace

Result<pb::ListPinsReply> OperatorDesk::pins(const pb::ListPinsRequest& what) {
  WEIR_TRY(check_pair(what.service(), ""));
  pb::ListPinsReply reply;
  for (const WeightPin& pin : plane_.pins().all()) {
    if (!what.service().empty() && what.service() != pin.service.value()) continue;
    pb::Pin& row = *reply.add_pins();
    row.set_service(pin.service.value());
    row.set_from_region(pin.from.value());
    put(pin.weights, *row.mutable_weights());
    row.set_by(pin.by);
    row.set_created_unix_ms(pin.created_unix_ms);
    row.set_expires_unix_ms(pin.expires_unix_ms);
  }
  return reply;
}

Result<pb::ListGuardrailsReply> OperatorDesk::guardrails(const pb::ListGuardrailsRequest& what) {
  WEIR_TRY(check_pair(what.service(), ""));
  const bool known =
      what.name().empty() || what.name() == "residency" || find_guardrail(what.name()) != nullptr;
  if (!known) return fail(unknown_guardrail(what.name()));
  const std::int64_t now = plane_.unix_ms();
  const std::int64_t since = std::max(now - k_recent_ms, started_unix_ms_);
  pb::ListGuardrailsReply reply;
  for (const SteeringLoop::View& view : plane_.steering().views()) {
    const ServiceConfig& service = *view.config;
    const ServiceName& name = service.plan.service;
    if (!what.service().empty() && what.service() != name.value()) continue;
    const auto configured = std::ranges::find(plane_.options().services, name,
                                              [](const auto& one) { return one.plan.service; });
    auto changes = plane_.history().between(name, RegionName(), since, now, k_changes_kept);
    std::erase_if(changes, [since](const WeightChange& one) { return one.unix_ms < since; });
    const auto count = [&](pb::Guardrail& row) {
      row.set_clipped(clipped(changes, row.name()));
      row.set_clipped_since_unix_ms(since);
    };
    for (const Guardrail& guardrail : weir::guardrails()) {
      if (!what.name().empty() && what.name() != guardrail.name) continue;
      pb::Guardrail& row = *reply.add_guardrails();
      row.set_service(name.value());
      row.set_name(std::string(guardrail.name));
      row.set_configured(guardrail_text(guardrail, guardrail.get(*configured)));
      row.set_value(guardrail_text(guardrail, guardrail.get(service)));
      if (!action_of(guardrail.name).empty()) count(row);
      if (guardrail.name == "max_cost_per_hour") {
        row.set_clipped(static_cast<std::uint32_t>(view.cost_cuts));
        row.set_clipped_since_unix_ms(started_unix_ms_);
        if (view.steering != nullptr && view.steering->cost_cut()) {
          row.set_note(
              in_words(*view.steering->cost_cut(), view.steering->setting().max_cost_per_hour));
        }
      }
      const auto* set = plane_.guardrails().find(name, row.name(), now);
      if (set == nullptr) continue;
      row.set_by(set->by);
      row.set_since_unix_ms(set->created_unix_ms);
      row.set_expires_unix_ms(set->expires_unix_ms);
    }
    if (!what.name().empty() && what.name() != "residency") continue;
    pb::Guardrail& row = *reply.add_guardrails();
    row.set_service(name.value());
    row.set_name("residency");
    row.set_configured(residency_of(service));
    row.set_value(row.configured());
    row.set_fixed(true);
    count(row);
  }
  return reply;
}

asio::awaitable<Result<pb::ChangeGuardrailReply>> OperatorDesk::change_guardrail(
    pb::ChangeGuardrailRequest request, bool may_loosen, std::string who) {
  WEIR_CO_TRY(check_pair(request.service(), ""));
  const Guardrail* guardrail = find_guardrail(request.name());
  if (guardrail == nullptr) co_return fail(unknown_guardrail(request.name()));
  if (request.ttl_s() > k_ttl_max_s) {
    co_return fail(Code::invalid_argument, "a guardrail is set for at most 365 days; 0: no end");
  }
  std::optional<double> value;
  if (!request.value().empty()) {
    const auto parsed = parse_guardrail(*guardrail, request.value());
    if (!parsed) co_return fail(parsed.error());
    value = *parsed;
  }
  const std::int64_t now = plane_.unix_ms();
  const std::int64_t expires =
      request.ttl_s() == 0 ? 0 : now + std::int64_t{request.ttl_s()} * 1000;
  std::vector<GuardrailOverride> sets;
  std::vector<ServiceName> unset;
  pb::ChangeGuardrailReply reply;
  for (const ServiceConfig& configured : plane_.options().services) {
    const ServiceName& service = configured.plan.service;
    if (!request.service().empty() && request.service() != service.value()) continue;
    const GuardrailOverride* before = plane_.guardrails().find(service, request.name(), now);
    if (!value && before == nullptr) continue;
    const GuardrailOverride after{.service = service,
                                  .name = request.name(),
                                  .value = value.value_or(0),
                                  .by = who,
                                  .created_unix_ms = now,
                                  .expires_unix_ms = expires};
    const std::optional<double> as_configured = guardrail->get(configured);
    pb::GuardrailMove& move = *reply.add_moves();
    move.set_service(service.value());
    move.set_name(request.name());
    move.set_configured(guardrail_text(*guardrail, as_configured));
    move.set_before(guardrail_text(*guardrail, before ? before->value : as_configured));
    move.set_after(guardrail_text(*guardrail, value ? value : as_configured));
    move.set_loosens(loosens(*guardrail, as_configured, before, value ? &after : nullptr, now));
    reply.set_loosens(reply.loosens() || move.loosens());
    if (value) {
      GuardrailBook book = plane_.guardrails();
      book.set(after);
      WEIR_CO_TRY(check_together(with_guardrails(configured, book, now)));
      sets.push_back(after);
    } else {
      unset.push_back(service);
    }
  }
  if (reply.moves().empty()) {
    co_return fail(Code::not_found, request.service().empty()
                                        ? request.name() + " is as configured everywhere"
                                        : request.name() + " of " + in_quotes(request.service()) +
                                              " is as configured");
  }
  if (reply.loosens() && !may_loosen && !request.dry_run()) {
    co_return fail(Code::failed_precondition,
                   "this gives policies more room, now or when it ends: that takes role admin");
  }
  if (!request.dry_run()) {
    // Directions were told by what was in force before: whoever was quicker makes this void.
    ControlPlane::GuardrailEdit edit = [before = plane_.guardrails().all(), sets, unset,
                                        name = request.name()](GuardrailBook& book) -> Status {
      if (book.all() != before) {
        return fail(Code::aborted, "somebody else changed a guardrail at the same time: try again");
      }
      for (const GuardrailOverride& set : sets) book.set(set);
      for (const ServiceName& service : unset) book.remove(service, name);
      return {};
    };
    WEIR_CO_TRY(co_await plane_.change_guardrails(std::move(edit)));
    for (const pb::GuardrailMove& move : reply.moves()) {
      plane_.note(value ? "guardrail.set" : "guardrail.unset", move.loosens() ? "warn" : "info",
                  move.name() + " " + move.before() + " -> " + move.after() + " by " + who, {},
                  ServiceName(move.service()));
    }
  }
  reply.set_epoch(plane_.publisher().state().id.epoch);
  reply.set_generation(plane_.publisher().state().id.generation);
  co_return reply;
}

}  // namespace weir::controller
