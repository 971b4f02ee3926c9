#pragma once

#include <span>
#include <vector>

#include "common/model/service_policy.h"
#include "controller/policy/planner/goal_planner.h"
#include "controller/policy/planner/probing.h"
#include "controller/policy/planner/world_tables.h"

namespace weir::controller {

/// Why the shares moved from `before` to `after`, the weightiest first. For each pair that moved by
/// at least half a point the deltas of its terms add up to its move.
///
///   path        the round trip takes from the objective, or the path is down
///   slow        the servers take longer than elsewhere
///   overload    requests would wait
///   answers     the pair's answers are worse or better than the model says
///   herding     what one more request there costs everybody else
///   cost        money, or of two equal chances the shorter path
///   correction  the trained correction
///   probe       to hear from a destination that gets nothing otherwise
///   balance     the rest: what left elsewhere had to go somewhere
///
/// Where shares stay and the weights for them move, the planner adds `following`: agents send less
/// or more there than the weights say. Where a policy says nothing of a change, `wish` says the
/// move itself (controller/steer/wish_proposal.cc).
///
/// A move is split over the terms that speak for it, by how much each sets the destination apart
/// from the source's others.
std::vector<Why> explain_moves(const ServiceSetting& setting, const PlannerSettings& settings,
                               const WorldModel& world, const WorldTables& tables,
                               const TrainedMoves& moves, const GoalPlanner& planner,
                               const Plan& plan, std::span<const Probe> probes,
                               const Grid<double>& before);

}  // namespace weir::controller
