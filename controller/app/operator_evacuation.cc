// A region emptied and filled again, through the operator desk: a drill, or before work is done
// there.

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "controller/app/operator_desk.h"
#include "controller/app/weight_message.h"
#include "controller/policy/evacuation.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

constexpr std::uint32_t k_ttl_max_s = 365U * 24 * 3600;

bool sends_to(const std::vector<Weight>& weights, const RegionName& region) {
  return std::ranges::any_of(weights, [&region](const Weight& weight) {
    return weight.region == region && weight.weight > 0;
  });
}

}  // namespace

asio::awaitable<Result<pb::EvacuateRegionReply>> OperatorDesk::evacuate(
    pb::EvacuateRegionRequest request, std::string who) {
  if (request.region().empty()) co_return fail(Code::invalid_argument, "no region was named");
  WEIR_CO_TRY(check_pair(request.service(), request.region()));
  if (request.ttl_s() > k_ttl_max_s) {
    co_return fail(Code::invalid_argument,
                   "an evacuation lasts at most 365 days; 0 is without end");
  }
  const RegionName region(request.region());
  const std::int64_t now = plane_.unix_ms();
  pb::EvacuateRegionReply reply;
  std::vector<WeightPin> pins;
  for (const auto& [key, present] : plane_.publisher().state().weights) {
    const auto& [service, from] = key;
    if (!request.service().empty() && service.value() != request.service()) continue;
    if (!sends_to(present.change.after, region)) continue;
    const std::string what = service.value() + " from " + from.value();
    const WeightPin* const held = plane_.pins().find(service, from, now);
    if (held != nullptr && !is_of_evacuation(*held, region)) {
      reply.add_staying(what + ": pinned by " + held->by);
      continue;
    }
    WeightPin pin{
        .service = service,
        .from = from,
        .weights = present.change.after,
        .by = who + evacuation_mark(region),
        .created_unix_ms = now,
        .expires_unix_ms = request.ttl_s() == 0 ? 0 : now + std::int64_t{request.ttl_s()} * 1000};
    for (Weight& weight : pin.weights) {
      if (weight.region == region) weight.weight = 0;
    }
    if (std::ranges::all_of(pin.weights, [](const Weight& one) { return one.weight == 0; })) {
      reply.add_staying(what + ": no other region may answer");
      continue;
    }
    const auto seen = plane_.preview(pin);
    if (!seen) co_return fail(seen.error());
    pb::EvacuationMove& move = *reply.add_moves();
    move.set_service(service.value());
    move.set_from_region(from.value());
    put(seen->before, *move.mutable_before());
    put(seen->after, *move.mutable_after());
    for (const auto& guard : seen->guards) move.add_guards(guard);
    move.set_requests_per_second(
        plane_.telemetry().sums({service, from, region}, plane_.clock().now()).requests_per_second);
    pins.push_back(std::move(pin));
  }
  if (pins.empty()) {
    std::string why = "nothing that could go elsewhere goes to " + in_quotes(region.value());
    for (const std::string& staying : reply.staying()) why += "; " + staying;
    co_return fail(Code::failed_precondition, why);
  }
  if (!request.dry_run()) {
    ControlPlane::PinEdit edit = [pins](PinBook& book) {
      for (const WeightPin& pin : pins) book.set(pin);
      return Status();
    };
    WEIR_CO_TRY(co_await plane_.change_pins(std::move(edit)));
    plane_.note("region.evacuated", "warn",
                region.value() + " gets no requests of " +
                    (request.service().empty() ? "any service" : request.service()) + ": by " + who,
                {}, ServiceName(request.service()), region);
  }
  reply.set_epoch(plane_.publisher().state().id.epoch);
  reply.set_generation(plane_.publisher().state().id.generation);
  co_return reply;
}

asio::awaitable<Result<pb::EndEvacuationReply>> OperatorDesk::end_evacuation(
    pb::EndEvacuationRequest request, std::string who) {
  if (request.region().empty()) co_return fail(Code::invalid_argument, "no region was named");
  WEIR_CO_TRY(check_pair(request.service(), request.region()));
  const RegionName region(request.region());
  const ServiceName service(request.service());
  const auto unpinned = std::make_shared<std::uint32_t>(0);
  ControlPlane::PinEdit edit = [region, service, unpinned](PinBook& pins) -> Status {
    for (const WeightPin& pin : pins.all()) {
      if (!is_of_evacuation(pin, region) || (!service.empty() && pin.service != service)) continue;
      *unpinned += pins.remove(pin.service, pin.from) ? 1U : 0U;
    }
    if (*unpinned > 0) return {};
    return fail(Code::not_found, in_quotes(region.value()) + " is not evacuated");
  };
  WEIR_CO_TRY(co_await plane_.change_pins(std::move(edit)));
  plane_.note("region.filled", "info", region.value() + " may get requests again: by " + who, {},
              service, region);
  pb::EndEvacuationReply reply;
  reply.set_unpinned(*unpinned);
  reply.set_epoch(plane_.publisher().state().id.epoch);
  reply.set_generation(plane_.publisher().state().id.generation);
  co_return reply;
}

}  // namespace weir::controller
