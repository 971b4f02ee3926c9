#include "controller/publish/publisher.h"

#include <algorithm>

#include "common/base/assert.h"
#include "common/base/text.h"
#include "common/model/codec.h"
#include "common/routing/room.h"
#include "common/routing/safe_set.h"

namespace weir::controller {
namespace {

using RevisionMessage = policy::v1::Revision;

const ServiceConfig* find_service(const PublishInput& input, const ServiceName& name) {
  for (const ServiceConfig& service : input.services) {
    if (service.plan.service == name) return &service;
  }
  return nullptr;
}

bool has_region(const PublishInput& input, const RegionName& region) {
  return std::ranges::find(input.regions, region) != input.regions.end();
}

/// The new weights of one (service, source), or why there are none.
Result<PublishedWeights> guarded(const PublishInput& input, const ServiceConfig& service,
                                 const WeightProposal& proposal, const PublishedWeights* before,
                                 bool may_step) {
  const std::vector<Weight> none;
  const auto& previous = before == nullptr ? none : before->change.after;
  const GuardSpec guards = service.guards_for(proposal.from);
  const auto wanted = may_step ? proposal.weights : as_proposal(previous);
  auto safe = to_safe_set(previous, wanted, guards, input.regions);
  if (!safe) return fail(std::move(safe).error());
  PublishedWeights made;
  made.change = {.service = proposal.service,
                 .from = proposal.from,
                 .id = {},
                 .unix_ms = input.unix_ms,
                 .by = may_step ? proposal.by : before->change.by,
                 .before = previous,
                 .after = std::move(safe->weights),
                 .reasons = may_step ? proposal.reasons : before->change.reasons,
                 .guards = std::move(safe->actions),
                 .expected_in_objective = may_step ? proposal.expected_in_objective
                                                   : before->change.expected_in_objective};
  made.settled = may_step && safe->settled;
  made.fades = may_step ? proposal.fades : before->fades;
  made.limits = proposal.limits;
  return made;
}

/// The configured weights as far as residency permits; none when that leaves nothing.
std::vector<Weight> configured_weights(const ServiceConfig& service, const RegionName& from,
                                       const std::vector<RegionName>& regions) {
  std::vector<ProposedWeight> proposed;
  for (const RegionName& to : regions) {
    proposed.push_back({to, static_cast<double>(service.weights.of(from, to)), {}});
  }
  auto safe = to_safe_set({}, proposed, service.guards_for(from), regions);
  return safe ? std::move(safe->weights) : std::vector<Weight>();
}

std::size_t agents_of(const RegionName& region, const PublishInput& input) {
  return static_cast<std::size_t>(std::ranges::count(input.agents, region, &MeshPeer::region));
}

/// An even part of what all agents of a region may have in flight together.
std::vector<InFlightLimit> part_of(std::vector<InFlightLimit> limits, std::size_t agents) {
  for (InFlightLimit& limit : limits) {
    limit.requests = usable_limit(limit.requests / static_cast<double>(agents));
  }
  return limits;
}

/// The content of one agent's revision: everything but id, time and digest.
Revision content_for(const MeshPeer& agent, const PublishInput& input,
                     const std::map<FlowSource, PublishedWeights>& weights) {
  Revision revision;
  revision.mesh = input.mesh;
  revision.self = {.agent = agent.agent,
                   .region = agent.region,
                   .cluster = agent.cluster,
                   .overlay = agent.overlay,
                   .overlay_prefix = input.overlay_prefix};
  revision.peers.push_back(input.controller);
  for (const MeshPeer& peer : input.agents) {
    if (peer.agent != agent.agent) revision.peers.push_back(peer);
  }
  for (const ServiceConfig& service : input.services) {
    const auto found = weights.find({service.plan.service, agent.region});
    if (found == weights.end()) continue;
    ServicePlan plan = service.plan;
    plan.weights = found->second.change.after;
    plan.guards = service.guards_for(agent.region);
    if (found->second.fades) {
      plan.configured = configured_weights(service, agent.region, input.regions);
      plan.weights_ttl = service.policy.ttl;
    }
    plan.limits = part_of(found->second.limits, agents_of(agent.region, input));
    const auto tiers = service.tiers.find(agent.region);
    if (tiers != service.tiers.end()) plan.failover.tiers = tiers->second;
    revision.services.push_back(std::move(plan));
  }
  return revision;
}

}  // namespace

void Publisher::plan_weights(const PublishInput& input, PublicationDraft& draft,
                             RevisionId id) const {
  std::map<FlowSource, PublishedWeights> weights;
  for (const WeightProposal& proposal : input.proposal) {
    const ServiceConfig* service = find_service(input, proposal.service);
    if (service == nullptr || !has_region(input, proposal.from)) continue;
    const FlowSource key(proposal.service, proposal.from);
    const auto found = state_.weights.find(key);
    const PublishedWeights* before = found == state_.weights.end() ? nullptr : &found->second;
    const bool limited = service->plan.guards.max_step.value() < 1;
    const std::int64_t elapsed = before == nullptr ? 0 : input.unix_ms - before->change.unix_ms;
    // Below 0: the wall clock was set back. Waiting for it to catch up could take for ever.
    const bool may_step =
        before == nullptr || !limited || elapsed < 0 || elapsed >= options_.step_interval.count();

    auto made = guarded(input, *service, proposal, before, may_step);
    if (!made) {
      draft.warnings.push_back(std::move(made)
                                   .error()
                                   .within(key.first.value() + " from " + key.second.value())
                                   .message());
      if (before != nullptr) weights.emplace(key, *before);
      continue;
    }
    const bool same = before != nullptr && before->change.after == made->change.after;
    if (same && (!may_step || before->change.by == made->change.by) &&
        before->fades == made->fades) {
      PublishedWeights kept = *before;
      kept.settled = made->settled;
      kept.limits = std::move(made->limits);
      weights.emplace(key, std::move(kept));
      continue;
    }
    made->change.id = id;
    draft.changes.push_back(made->change);
    weights.emplace(key, std::move(*made));
  }
  // A pair nobody proposes for keeps its weights as long as it is configured; nothing is wanted of
  // it.
  for (const auto& [key, kept] : state_.weights) {
    if (find_service(input, key.first) == nullptr || !has_region(input, key.second)) continue;
    const auto [place, added] = weights.try_emplace(key, kept);
    if (added) place->second.settled = true;
  }
  draft.state.weights = std::move(weights);
}

void Publisher::stamp_agents(const PublishInput& input, PublicationDraft& draft,
                             RevisionId id) const {
  const bool new_epoch = id.epoch != state_.id.epoch;
  for (const MeshPeer& agent : input.agents) {
    Revision revision = content_for(agent, input, draft.state.weights);
    AgentStamp stamp;
    stamp.content_digest = digest_of(to_proto(revision));
    const auto known = state_.agents.find(agent.agent);
    if (!new_epoch && known != state_.agents.end() &&
        known->second.content_digest == stamp.content_digest) {
      stamp = known->second;
    } else {
      stamp.id = id;
      stamp.issued_unix_ms = input.unix_ms;
      draft.agents.push_back(agent.agent);
    }
    revision.id = stamp.id;
    revision.issued_unix_ms = stamp.issued_unix_ms;
    draft.revisions.emplace(agent.agent, std::make_shared<RevisionMessage>(to_proto(revision)));
    draft.state.agents.emplace(agent.agent, std::move(stamp));
  }
}

std::optional<PublicationDraft> Publisher::draft(const PublishInput& input) const {
  const RevisionId id{.epoch = std::max(state_.id.epoch, epoch_floor_),
                      .generation = state_.id.generation + 1};
  PublicationDraft draft;
  plan_weights(input, draft, id);
  stamp_agents(input, draft, id);
  const bool changed = !draft.changes.empty() || !draft.agents.empty() ||
                       id.epoch != state_.id.epoch || draft.state.agents != state_.agents;
  draft.state.id = changed ? id : state_.id;
  // The first draft after a restart changes nothing but has the revisions to be sent.
  if (!changed && draft.state == state_ && revisions_.size() == draft.revisions.size()) {
    return std::nullopt;
  }
  return draft;
}

void Publisher::accept(PublicationDraft draft) {
  WEIR_ASSERT(draft.state.id >= state_.id, "a publication goes back");
  state_ = std::move(draft.state);
  revisions_ = std::move(draft.revisions);
}

Result<WeightChange> Publisher::preview(const PublishInput& input,
                                        const WeightProposal& proposal) const {
  const ServiceConfig* service = find_service(input, proposal.service);
  if (service == nullptr) {
    return fail(Code::not_found, "service " + in_quotes(proposal.service.value()) +
                                     " is not configured; list them with: weirctl services ls");
  }
  if (!has_region(input, proposal.from)) {
    return fail(Code::not_found,
                "region " + in_quotes(proposal.from.value()) + " is none of this mesh");
  }
  const auto found = state_.weights.find({proposal.service, proposal.from});
  const PublishedWeights* before = found == state_.weights.end() ? nullptr : &found->second;
  auto made = guarded(input, *service, proposal, before, true);
  if (!made) return fail(std::move(made).error());
  return std::move(made->change);
}

Result<bool> Publisher::saw(const AgentId& agent, const RevisionId& in_force,
                            const ByteVector& digest) {
  const auto published = revision_for(agent);
  const auto stamp = state_.agents.find(agent);
  const RevisionId ours = stamp == state_.agents.end() ? RevisionId{} : stamp->second.id;
  const bool fork = in_force == ours && published != nullptr && !digest.empty() &&
                    as_text(digest) != published->digest();
  // An agent without a stamp is new here: what it holds is measured against all we published.
  const RevisionId newest = stamp == state_.agents.end() ? state_.id : ours;
  if (in_force == RevisionId{} || (in_force <= newest && !fork)) return false;
  if (in_force.epoch > state_.id.epoch + k_epoch_jump_max) {
    return fail(Code::out_of_range, agent.value() + " holds epoch " +
                                        std::to_string(in_force.epoch) + ", ours is " +
                                        std::to_string(state_.id.epoch) +
                                        "; no restored backup explains that: join it again");
  }
  epoch_floor_ = std::max(epoch_floor_, in_force.epoch + 1);
  return true;
}

std::shared_ptr<const RevisionMessage> Publisher::revision_for(const AgentId& agent) const {
  const auto found = revisions_.find(agent);
  return found == revisions_.end() ? nullptr : found->second;
}

bool Publisher::settled() const {
  return std::ranges::all_of(state_.weights,
                             [](const auto& entry) { return entry.second.settled; });
}

}  // namespace weir::controller
