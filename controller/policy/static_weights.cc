#include "controller/policy/static_weights.h"

#include <algorithm>
#include <string>
#include <utility>

namespace weir::controller {
namespace {

bool has_pair(const StaticWeights& rules, const RegionName& from, const RegionName& to) {
  return std::ranges::any_of(rules.pairs,
                             [&](const auto& pair) { return pair.from == from && pair.to == to; });
}

ProposedWeight weigh(const ServiceConfig& service, const RegionName& from, const RegionName& to) {
  const std::uint32_t weight = service.weights.of(from, to);
  const bool paired = has_pair(service.weights, from, to);
  const char* why = paired ? "pair rule" : (from == to ? "nearby" : "other region");
  return {.region = to, .weight = static_cast<double>(weight), .why = why};
}

WeightProposal propose(const ServiceConfig& service, const RegionName& from,
                       std::span<const RegionName> regions) {
  WeightProposal proposal{
      .service = service.plan.service, .from = from, .weights = {}, .by = "static", .reasons = {}};
  const GuardSpec guards = service.guards_for(from);
  for (const RegionName& to : regions) {
    const auto& allowed = guards.residency;
    // What residency forbids is configured too: leaving it out is no guard's doing.
    if (!allowed.empty() && std::ranges::find(allowed, to) == allowed.end()) {
      proposal.reasons.push_back(
          {.region = to, .term = "residency", .note = "not permitted from " + from.value()});
      continue;
    }
    proposal.weights.push_back(weigh(service, from, to));
    proposal.reasons.push_back({.region = to, .term = proposal.weights.back().why});
  }
  return proposal;
}

}  // namespace

Proposal static_proposal(const ServiceConfig& service, std::span<const RegionName> regions) {
  Proposal proposal;
  for (const RegionName& from : regions) proposal.push_back(propose(service, from, regions));
  return proposal;
}

}  // namespace weir::controller
