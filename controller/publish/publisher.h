#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/model/proposal.h"
#include "common/model/revision.h"
#include "common/model/service_config.h"
#include "weir/policy/v1/revision.pb.h"

namespace weir::controller {

/// The weights of one service are decided per region in which requests start.
using FlowSource = std::pair<ServiceName, RegionName>;

/// Everything the agents' revisions are made of, at one moment.
struct PublishInput {
  std::string mesh;
  IpPrefix overlay_prefix;
  MeshPeer controller;
  std::vector<MeshPeer> agents;
  std::vector<RegionName> regions;
  std::vector<ServiceConfig> services;
  Proposal proposal;
  std::int64_t unix_ms = 0;
};

/// What became of requests, all destinations together.
struct SeenRequests {
  std::uint64_t ended = 0;
  std::uint64_t in_objective = 0;
  std::uint32_t p99_us = 0;
  friend bool operator==(const SeenRequests&, const SeenRequests&) = default;
};

/// Why the weights of one (service, source) became what they are.
struct WeightChange {
  ServiceName service;
  RegionName from;
  RevisionId id;
  std::int64_t unix_ms = 0;
  std::string by;
  std::vector<Weight> before;  // empty: the first
  std::vector<Weight> after;
  std::vector<Reason> reasons;
  std::vector<std::string> guards;
  std::optional<double> expected_in_objective = std::nullopt;  // as WeightProposal
  /// What became of the source's requests in the ten seconds before, and from two to twelve
  /// seconds after. Missing: not measured (yet).
  std::optional<SeenRequests> seen_before = std::nullopt;
  std::optional<SeenRequests> seen_after = std::nullopt;
  friend bool operator==(const WeightChange&, const WeightChange&) = default;
};

/// Which revision an agent should have, and a digest of its content without id and time.
struct AgentStamp {
  RevisionId id;
  std::int64_t issued_unix_ms = 0;
  ByteVector content_digest;
  friend bool operator==(const AgentStamp&, const AgentStamp&) = default;
};

/// The present weights of one (service, source) with the change that made them.
struct PublishedWeights {
  WeightChange change;                     // its `after` are the weights
  bool settled = true;                     // false: a step limit still keeps them from the proposal
  bool fades = false;                      // as WeightProposal
  std::vector<InFlightLimit> limits = {};  // as well; their changes make no history
  friend bool operator==(const PublishedWeights&, const PublishedWeights&) = default;
};

/// What must survive the controller.
struct PublicationState {
  RevisionId id;
  std::map<AgentId, AgentStamp> agents;
  std::map<FlowSource, PublishedWeights> weights;
  friend bool operator==(const PublicationState&, const PublicationState&) = default;
};

/// A state that is to take the place of the present one once it is on the disk.
struct PublicationDraft {
  PublicationState state;
  std::vector<WeightChange> changes;  // of this draft
  std::vector<AgentId> agents;        // whose revision is new
  std::map<AgentId, std::shared_ptr<const policy::v1::Revision>> revisions;  // of all agents
  std::vector<std::string> warnings;  // a service that could not be planned for a region, and why
};

/// Turns the wanted state into one revision per agent. Pure; core thread.
///
///   draft ──(written to the store by the caller)──▶ accept ──▶ revision_for each agent
///
/// A new generation is made only when some content changed; an agent whose content is the same
/// keeps its revision, also over a restart of the controller. Every change of weights has passed
/// the guards and keeps its reasons.
class Publisher {
 public:
  struct Options {
    /// Two changes of the same weights lie at least this far apart when a step limit is set.
    std::chrono::milliseconds step_interval{1000};
  };

  explicit Publisher(Options options) : options_(options) {}

  /// What was stored, at start. Revisions are made by the first draft.
  void restore(PublicationState state) { state_ = std::move(state); }

  /// Nothing when nothing changed. Cost O(agents^2 + services * regions^2).
  std::optional<PublicationDraft> draft(const PublishInput& input) const;
  /// The draft is on the disk. Drafts are accepted in order, none in between.
  void accept(PublicationDraft draft);

  /// What the guards would make of one proposal now; nothing changes.
  /// Errors: not_found (service or region unknown), failed_precondition (residency).
  Result<WeightChange> preview(const PublishInput& input, const WeightProposal& proposal) const;

  /// An agent has `in_force`: newer than what we know of, or the same with another content, means
  /// that we were restored from a backup. The next draft then begins an epoch above it and stamps
  /// everything anew. Errors: out_of_range (an epoch no controller of this mesh can have reached).
  Result<bool> saw(const AgentId& agent, const RevisionId& in_force, const ByteVector& digest);

  const PublicationState& state() const { return state_; }
  /// nullptr: not an agent of the mesh, or nothing published yet.
  std::shared_ptr<const policy::v1::Revision> revision_for(const AgentId& agent) const;
  bool settled() const;

 private:
  void plan_weights(const PublishInput& input, PublicationDraft& draft, RevisionId id) const;
  void stamp_agents(const PublishInput& input, PublicationDraft& draft, RevisionId id) const;

  const Options options_;
  PublicationState state_;
  std::map<AgentId, std::shared_ptr<const policy::v1::Revision>> revisions_;
  std::uint64_t epoch_floor_ = 1;
};

inline constexpr std::uint64_t k_epoch_jump_max = 1'000'000;

}  // namespace weir::controller
