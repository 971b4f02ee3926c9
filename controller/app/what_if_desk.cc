#include "controller/app/what_if_desk.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "common/async/on_blocking.h"
#include "common/base/text.h"
#include "controller/simulate/world/fitted_world.h"

namespace weir::controller {

namespace asio = boost::asio;
namespace pb = admin::v1;

namespace {

constexpr std::uint32_t k_tolerated_ppm = 10'000;
constexpr double k_ppm = 1e6;

std::uint32_t ppm(double share) {
  return std::isfinite(share)
             ? static_cast<std::uint32_t>(std::lround(std::clamp(share, 0.0, 1000.0) * k_ppm))
             : 0;
}

std::uint32_t us(double ms) {
  return static_cast<std::uint32_t>(std::lround(std::clamp(ms, 0.0, 4e6) * 1000));
}

Changes changes_of(const pb::SimulateRequest& request) {
  Changes changes;
  for (const auto& region : request.fail_regions()) changes.failed.emplace_back(region);
  const auto path = [](const pb::SimulatedPath& from) {
    return Changes::Path{
        .a = RegionName(from.a()), .b = RegionName(from.b()), .add_ms = from.add_ms() * 1.0};
  };
  for (const auto& one : request.fail_paths()) changes.cut.push_back(path(one));
  for (const auto& one : request.add_latency()) changes.longer.push_back(path(one));
  if (request.traffic_scale() != 0) changes.traffic_scale = request.traffic_scale();
  return changes;
}

/// Leaves what lies between so many seconds before `now_ms`.
Status cut_to(std::uint32_t from_s, std::uint32_t to_s, double now_ms,
              std::vector<ServiceObservation>& seen) {
  if (to_s >= from_s) {
    return fail(Code::invalid_argument, "a replay begins before it ends: FROM must be longer ago");
  }
  const double from_ms = now_ms - from_s * 1000.0;
  const double to_ms = now_ms - to_s * 1000.0;
  const double oldest_ms = seen.empty() ? now_ms : seen.front().t_ms;
  if (oldest_ms > from_ms + 2000) {
    return fail(Code::failed_precondition,
                "only the last " +
                    std::to_string(static_cast<std::int64_t>((now_ms - oldest_ms) / 1000)) +
                    " s are kept, and the replay begins " + std::to_string(from_s) + " s ago");
  }
  std::erase_if(
      seen, [&](const ServiceObservation& one) { return one.t_ms < from_ms || one.t_ms > to_ms; });
  return {};
}

void put(const Prediction& prediction, const std::vector<RegionName>& regions,
         pb::SimulatedOutcome& out) {
  out.set_name(prediction.name);
  out.set_in_objective_ppm(ppm(prediction.in_objective));
  out.set_p50_us(us(prediction.p50_ms));
  out.set_p99_us(us(prediction.p99_ms));
  out.set_failed_ppm(ppm(prediction.failed));
  out.set_cost_per_hour(prediction.cost_per_hour);
  for (std::size_t i = 0; i < regions.size(); ++i) {
    auto& region = *out.add_regions();
    region.set_region(regions[i].value());
    region.set_requests_per_second(prediction.rps[i]);
    region.set_load_ppm(ppm(prediction.load[i]));
    auto& source = *out.add_sources();
    source.set_from_region(regions[i].value());
    for (std::size_t to = 0; to < regions.size(); ++to) {
      auto& share = *source.add_to();
      share.set_region(regions[to].value());
      share.set_share_ppm(ppm(prediction.shares(i, to)));
    }
  }
}

void put(const Answer::Column& column, const std::vector<RegionName>& regions,
         pb::SimulatedOutcome& out) {
  put(column.prediction, regions, out);
  out.set_in_force(column.in_force);
  for (const BrokenLimit& limit : column.broken) {
    auto& broken = *out.add_broken();
    broken.set_limit(limit.limit);
    broken.set_text(limit.text);
  }
}

void put(const BackTest& test, pb::BackTest& out) {
  out.set_fitted_s(static_cast<std::uint32_t>(test.fitted));
  out.set_predicted_s(static_cast<std::uint32_t>(test.predicted));
  out.set_requests(test.requests);
  out.set_seen_in_objective_ppm(ppm(test.seen.in_objective));
  out.set_model_in_objective_ppm(ppm(test.model.in_objective));
  out.set_seen_p50_us(us(test.seen.p50_ms));
  out.set_model_p50_us(us(test.model.p50_ms));
  out.set_seen_p99_us(us(test.seen.p99_ms));
  out.set_model_p99_us(us(test.model.p99_ms));
}

pb::SimulatedService told_of(const ServiceName& service, const Answer& answer, bool with_world) {
  pb::SimulatedService out;
  out.set_service(service.value());
  put(answer.now, answer.regions, *out.add_outcomes());
  put(answer.configured, answer.regions, *out.add_outcomes());
  put(answer.steered, answer.regions, *out.add_outcomes());
  out.set_fitted_s(static_cast<std::uint32_t>(answer.fitted));
  if (answer.back_test) put(*answer.back_test, *out.mutable_back_test());
  out.set_no_back_test(answer.no_back_test);
  for (const std::string& note : answer.notes) out.add_notes(note);
  if (with_world) *out.mutable_world() = to_world(answer.world);
  return out;
}

Result<pb::SimulateReply> answer_all(const std::vector<WhatIf>& questions, bool with_worlds,
                                     const StopAsked& stop) {
  pb::SimulateReply reply;
  for (const WhatIf& question : questions) {
    auto told = answer(question, stop);
    if (!told) {
      return fail(std::move(told).error().within("service " + question.plan.service.value()));
    }
    const Answer::Column& now = told->configured.in_force ? told->configured : told->steered;
    reply.set_would_break(reply.would_break() || !now.broken.empty());
    reply.set_for_s(static_cast<std::uint32_t>(question.for_ms / 1000));
    reply.set_seed(question.seed);
    *reply.add_services() = told_of(question.plan.service, *told, with_worlds);
  }
  return reply;
}

/// A policy that throws is a bug, but no reason for the mesh to lose its controller.
Result<pb::SimulateReply> answer_caught(const std::vector<WhatIf>& questions, bool with_worlds,
                                        const StopAsked& stop) {
  try {
    return answer_all(questions, with_worlds, stop);
  } catch (const std::exception& problem) {
    return fail(Code::internal, std::string("the simulation threw: ") + problem.what());
  }
}

}  // namespace

Result<WhatIf> WhatIfDesk::question_of(const ServiceName& service,
                                       const pb::SimulateRequest& request) const {
  WEIR_ASSIGN(recorded, plane_.steering().recorded(service));
  WhatIf question;
  question.setting = std::move(recorded.setting);
  question.plan = recorded.config->plan;
  question.seen = std::move(recorded.seen);
  question.policy = request.policy().empty() ? recorded.config->policy.name : request.policy();
  const PolicyKind* kind = plane_.catalog().find(question.policy);
  if (kind == nullptr) {
    return fail(Code::not_found, "no policy " + in_quotes(question.policy) +
                                     " that sets weights; list them with: weir-policy list");
  }
  // The one that steers it, if a checkpoint was rolled out.
  const std::string checkpoint =
      kind->takes_checkpoint ? plane_.steering().rollout().checkpoint_for(service) : std::string();
  question.make_policy = [kind, checkpoint](const ServiceSetting& setting) {
    return kind->make(setting,
                      {.tuning = Tuning(kind->tunables), .seed = 1, .checkpoint = checkpoint});
  };
  question.policy_in_force = recorded.mode == PolicyMode::automatic;
  question.limits = recorded.limits;
  question.changes = changes_of(request);
  if (request.replay_from_s() > 0) {
    question.replay = true;
    const double now_ms =
        std::chrono::duration<double, std::milli>(plane_.clock().now().time_since_epoch()).count();
    WEIR_TRY(cut_to(request.replay_from_s(), request.replay_to_s(), now_ms, question.seen));
    question.for_ms = (request.replay_from_s() - request.replay_to_s()) * 1000.0;
  }
  if (request.for_s() > 0) question.for_ms = request.for_s() * 1000.0;
  question.tolerated =
      (request.tolerate_ppm() > 0 ? request.tolerate_ppm() : k_tolerated_ppm) / k_ppm;
  if (request.seed() > 0) question.seed = request.seed();
  return question;
}

Result<std::vector<WhatIf>> WhatIfDesk::questions_of(const pb::SimulateRequest& request) const {
  std::vector<WhatIf> questions;
  for (const ServiceConfig& service : plane_.services()) {
    const ServiceName& name = service.plan.service;
    if (!request.service().empty() && name.value() != request.service()) continue;
    WEIR_ASSIGN(question, question_of(name, request));
    questions.push_back(std::move(question));
  }
  if (questions.empty()) {
    return fail(Code::not_found, "service " + in_quotes(request.service()) +
                                     " is not configured; list them with: weirctl services ls");
  }
  return questions;
}

asio::awaitable<Result<pb::SimulateReply>> WhatIfDesk::simulate(pb::SimulateRequest request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto questions = questions_of(request);
  if (!questions) co_return fail(std::move(questions).error());
  if (waiting_ >= k_waiting_max) {
    co_return fail(Code::resource_exhausted,
                   std::to_string(waiting_) + " simulations wait already; try again later");
  }
  // The work runs to its end, which comes soon once it is told to stop.
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  asio::cancellation_slot slot = (co_await asio::this_coro::cancellation_state).slot();
  if (slot.is_connected()) slot.assign([stop](asio::cancellation_type) { *stop = true; });
  ++waiting_;
  auto reply = co_await on_blocking<Result<pb::SimulateReply>>(
      thread_, [stop, with_worlds = request.export_world(), asked = *std::move(questions)] {
        return answer_caught(asked, with_worlds, [stop] { return stop->load(); });
      });
  --waiting_;
  if (slot.is_connected()) slot.clear();
  co_return reply;
}

}  // namespace weir::controller
