#include "policy/step_session.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/routing/safe_set.h"

namespace weir::policy {
namespace {

std::vector<Weight> static_weights(const StepInit& init, const StepService& service,
                                   std::size_t from) {
  std::vector<Weight> weights;
  for (std::size_t to = 0; to < init.regions.size(); ++to) {
    if (!service.setting.allowed(from, to)) continue;
    const double weight = std::round(service.setting.static_weights(from, to));
    weights.push_back({init.regions[to], static_cast<std::uint32_t>(weight)});
  }
  return weights;
}

std::vector<ProposedWeight> proposal(const StepInit& init, const StepService& service,
                                     std::size_t from, const Grid<double>& shares) {
  std::vector<ProposedWeight> proposed;
  for (std::size_t to = 0; to < init.regions.size(); ++to) {
    if (!service.setting.allowed(from, to)) continue;
    proposed.push_back({init.regions[to], shares(from, to), {}});
  }
  return proposed;
}

/// Both lists in the order of the regions; what is not permitted is not in the first.
std::vector<std::uint32_t> in_region_order(const StepInit& init,
                                           const std::vector<Weight>& weights) {
  std::vector<std::uint32_t> ordered(init.regions.size(), 0);
  std::size_t next = 0;
  for (std::size_t to = 0; to < ordered.size() && next < weights.size(); ++to) {
    if (weights[next].region == init.regions[to]) ordered[to] = weights[next++].weight;
  }
  return ordered;
}

double shed_share(const StepService& service, const ServiceWish& wish, std::size_t from) {
  if (!service.setting.may_shed || from >= wish.shed.size()) return 0;
  const double shed = wish.shed[from];
  return std::isfinite(shed) ? std::clamp(shed, 0.0, 1.0) : 0;
}

}  // namespace

StepSession::StepSession(const controller::PolicyKind& kind, controller::PolicyMaterial material,
                         std::string version)
    : kind_(kind),
      checkpoint_(material.checkpoint),
      material_(std::move(material)),
      version_(std::move(version)) {
  material_.checkpoint = checkpoint_;
}

std::string StepSession::answer(std::string_view line) {
  ++lines_;
  auto taken = take(line);
  return taken ? std::move(*taken) : refuse(taken.error().message());
}

std::string StepSession::answer_too_long() {
  ++lines_;
  return refuse("the line has more than " + std::to_string(k_line_bytes_max) + " bytes");
}

std::string StepSession::refuse(std::string_view message) {
  failed_ = true;
  return error_line(lines_, message);
}

Result<std::string> StepSession::take(std::string_view line) {
  WEIR_ASSIGN(parsed, parse_step_line(line, init_.get()));
  if (auto* init = std::get_if<StepInit>(&parsed)) return start(std::move(*init));
  return step(std::move(std::get<StepObservation>(parsed)));
}

Result<std::string> StepSession::start(StepInit init) {
  std::vector<Steered> services;
  for (const StepService& service : init.services) {
    controller::PolicyMaterial material = material_;
    material.seed += services.size();
    WEIR_ASSIGN(policy, kind_.make(service.setting, material));
    Steered steered{
        .policy = std::move(policy), .weights = {}, .cost = CostCeiling(service.setting)};
    for (std::size_t from = 0; from < init.regions.size(); ++from) {
      steered.weights.push_back(static_weights(init, service, from));
    }
    services.push_back(std::move(steered));
  }
  services_ = std::move(services);
  init_ = std::make_unique<StepInit>(std::move(init));
  return ready_line(kind_.name, version_);
}

Result<std::string> StepSession::step(StepObservation observation) {
  const StepService& service = init_->services[observation.service];
  Steered& steered = services_[observation.service];
  double& t_ms = observation.seen.t_ms;
  if (!known(t_ms)) {
    t_ms = (known(steered.t_ms) ? steered.t_ms : 0) + service.setting.interval_ms;
  } else if (t_ms <= steered.t_ms) {
    return fail(Code::invalid_argument,
                "t_ms does not come after that of the service's line before");
  }
  ServiceWish wish = steered.policy->observe(observation.seen);
  steered.cost.observe(observation.seen.offered);
  steered.cost.hold(wish.shares);
  steered.t_ms = t_ms;
  std::vector<StepSource> sources;
  for (std::size_t from = 0; from < init_->regions.size(); ++from) {
    auto safe = to_safe_set(steered.weights[from], proposal(*init_, service, from, wish.shares),
                            service.guards[from], init_->regions);
    if (safe) steered.weights[from] = std::move(safe->weights);
    sources.push_back({.weights = in_region_order(*init_, steered.weights[from]),
                       .shed = shed_share(service, wish, from)});
  }
  return weights_line(*init_, observation.service, t_ms, sources, wish.why);
}

}  // namespace weir::policy
