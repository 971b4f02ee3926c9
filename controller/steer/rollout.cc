#include "controller/steer/rollout.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "weir/store/v1/steering.pb.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_one_in = 20;
constexpr double k_requests_min = 1000;
constexpr double k_deviations = 3;
constexpr double k_overdispersion = 4;
constexpr double k_margin = 0.005;   // of the requests
constexpr double k_surprise = 0.02;  // of the requests: below what the candidate expected

constexpr std::pair<RolloutStage, std::string_view> k_stages[] = {
    {RolloutStage::none, "none"},       {RolloutStage::shadow, "shadow"},
    {RolloutStage::canary, "canary"},   {RolloutStage::everywhere, "everywhere"},
    {RolloutStage::settled, "settled"}, {RolloutStage::withdrawn, "withdrawn"}};

void add(const Outcome& more, Outcome& sum) {
  sum.ended += more.ended;
  sum.in_slo += more.in_slo;
  sum.expected += more.expected;
}

double misses(const Outcome& outcome) {
  return outcome.ended > 0 ? std::clamp(1 - outcome.in_slo / outcome.ended, 0.0, 1.0) : 0;
}

/// Of the share of misses, squared.
double variance(const Outcome& outcome) {
  const double share = std::clamp(misses(outcome), 0.001, 0.999);
  return k_overdispersion * share * (1 - share) / outcome.ended;
}

void put(const std::map<ServiceName, Outcome>& from, store::v1::Rollout& out) {
  for (const auto& [service, outcome] : from) {
    auto& row = *out.add_before();
    row.set_service(service.value());
    row.set_ended(outcome.ended);
    row.set_in_objective(outcome.in_slo);
    row.set_expected(outcome.expected);
  }
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", 100 * share);
  return text;
}

}  // namespace

std::string_view rollout_stage_name(RolloutStage stage) {
  return std::ranges::find(k_stages, stage, &std::pair<RolloutStage, std::string_view>::first)
      ->second;
}

void Rollout::begin(Candidate candidate, Time now) {
  candidate_ = std::move(candidate);
  why_.clear();
  before_.clear();
  enter(RolloutStage::shadow, now, {});
}

bool Rollout::under_way() const {
  return stage_ == RolloutStage::shadow || stage_ == RolloutStage::canary ||
         stage_ == RolloutStage::everywhere;
}

bool Rollout::advance(Time now, std::span<const ServiceName> eligible) {
  switch (stage_) {
    case RolloutStage::shadow:
      enter(RolloutStage::canary, now, eligible);
      return true;
    case RolloutStage::canary:
      enter(RolloutStage::everywhere, now, eligible);
      return true;
    case RolloutStage::everywhere:
      enter(RolloutStage::settled, now, eligible);
      return true;
    default:
      return false;
  }
}

bool Rollout::withdraw(const std::string& why) {
  if (!under_way()) return false;
  stage_ = RolloutStage::withdrawn;
  why_ = why;
  candidate_.checkpoint.clear();
  return true;
}

void Rollout::enter(RolloutStage stage, Time now, std::span<const ServiceName> eligible) {
  stage_ = stage;
  entered_ = now;
  since_.clear();
  canaries_.clear();
  if (stage == RolloutStage::settled) {
    incumbent_ = std::exchange(candidate_.checkpoint, {});
  } else if (stage == RolloutStage::canary) {
    const std::size_t count = (eligible.size() + k_one_in - 1) / k_one_in;
    canaries_.insert(eligible.begin(), eligible.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

bool Rollout::steers(const ServiceName& service) const {
  return stage_ == RolloutStage::everywhere ||
         (stage_ == RolloutStage::canary && canaries_.contains(service));
}

const std::string& Rollout::checkpoint_for(const ServiceName& service) const {
  return steers(service) ? candidate_.checkpoint : incumbent_;
}

void Rollout::tally(const ServiceName& service, const Outcome& second) {
  if (stage_ == RolloutStage::shadow) add(second, before_[service]);
  if (under_way()) add(second, since_[service]);
}

void Rollout::fell(const ServiceName& service, const std::string& why) {
  withdraw("it fell at " + service.value() + ": " + why);
}

Rollout::Comparison Rollout::comparison() const {
  Comparison sums;
  for (const auto& [service, outcome] : since_) {
    const auto found = before_.find(service);
    const Outcome before = found == before_.end() ? Outcome{} : found->second;
    add(outcome, steers(service) ? sums.candidate : sums.control);
    add(before, steers(service) ? sums.before : sums.control_before);
  }
  return sums;
}

/// Why what it does is worse than what was done before; empty: it is not.
std::string Rollout::worse() const {
  const auto [now, before, control, control_before] = comparison();
  if (now.ended < k_requests_min || before.ended < k_requests_min) return {};
  double change = misses(now) - misses(before);
  double squared = variance(now) + variance(before);
  const bool compared = control.ended >= k_requests_min && control_before.ended >= k_requests_min;
  if (compared) {
    change -= misses(control) - misses(control_before);
    squared += variance(control) + variance(control_before);
  }
  if (change <= k_deviations * std::sqrt(squared) + k_margin) return {};
  const double surprise = (now.expected - now.in_slo) / now.ended;
  if (!compared && surprise <= k_surprise) return {};
  std::string words = percent(misses(now)) + " of the requests missed the objective, " +
                      percent(misses(before)) + " before";
  if (compared) {
    words += ", where others went from " + percent(misses(control_before)) + " to " +
             percent(misses(control));
  } else {
    words += ", " + percent(1 - now.expected / now.ended) + " expected";
  }
  return words;
}

bool Rollout::tick(Time now, std::span<const ServiceName> eligible) {
  if (stage_ == RolloutStage::canary || stage_ == RolloutStage::everywhere) {
    if (const std::string why = worse(); !why.empty()) return withdraw(why);
  }
  if (!under_way() || left(now) > Duration::zero()) return false;
  // In shadow it waits for a service it can be tried on.
  if (stage_ == RolloutStage::shadow && eligible.empty()) return false;
  return advance(now, eligible);
}

Duration Rollout::left(Time now) const {
  Duration whole{0};
  if (stage_ == RolloutStage::shadow) whole = times_.shadow;
  if (stage_ == RolloutStage::canary) whole = times_.canary;
  if (stage_ == RolloutStage::everywhere) whole = times_.everywhere;
  return std::max(Duration::zero(), entered_ + whole - now);
}

std::string Rollout::encode() const {
  store::v1::Rollout out;
  out.set_stage(std::string(rollout_stage_name(stage_)));
  out.set_name(candidate_.name);
  out.set_candidate(candidate_.checkpoint);
  out.set_by(candidate_.by);
  out.set_unix_ms(candidate_.unix_ms);
  out.set_incumbent(incumbent_);
  out.set_why(why_);
  for (const ServiceName& service : canaries_) out.add_canaries(service.value());
  put(before_, out);
  return out.SerializeAsString();
}

Status Rollout::restore(std::string_view row, Time now) {
  store::v1::Rollout in;
  const bool read = in.ParseFromArray(row.data(), static_cast<int>(row.size()));
  const auto* stage =
      std::ranges::find(k_stages, in.stage(), &std::pair<RolloutStage, std::string_view>::second);
  if (!read || stage == std::end(k_stages)) {
    return fail(Code::data_loss, "the stored rollout of a checkpoint cannot be read");
  }
  stage_ = stage->first;
  candidate_ = {
      .name = in.name(), .checkpoint = in.candidate(), .by = in.by(), .unix_ms = in.unix_ms()};
  incumbent_ = in.incumbent();
  why_ = in.why();
  canaries_.clear();
  for (const std::string& service : in.canaries()) canaries_.emplace(service);
  before_.clear();
  since_.clear();
  for (const auto& row_of : in.before()) {
    before_[ServiceName(row_of.service())] = {
        .ended = row_of.ended(), .in_slo = row_of.in_objective(), .expected = row_of.expected()};
  }
  entered_ = now;
  return {};
}

}  // namespace weir::controller
