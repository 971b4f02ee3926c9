#include "agent/enforce/tiers.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace weir::agent {
namespace {

double sum_of(const std::vector<double>& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

/// `raw` are the weights each member would have if its tier served alone; `strength` says how much
/// of the whole load a member can carry.
std::vector<double> over_tiers(std::span<const TierMember> members, const std::vector<double>& raw,
                               const std::vector<double>& strength) {
  std::set<std::size_t> tiers;
  for (const TierMember& member : members) tiers.insert(member.tier);
  std::vector<double> weights(members.size(), 0.0);
  double left = 1;
  double scale = 0;  // weight per share of the load, fixed by the first tier in use
  for (const std::size_t tier : tiers) {
    double sum = 0;
    double best = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].tier != tier || raw[i] <= 0) continue;
      sum += raw[i];
      best = std::max(best, strength[i]);
    }
    const double load = std::min(left, best);
    if (sum <= 0 || load <= 0) continue;
    if (scale <= 0) scale = sum / load;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].tier == tier && raw[i] > 0) weights[i] = raw[i] / sum * load * scale;
    }
    left -= load;
    if (left <= 1e-9) break;
  }
  return weights;
}

std::vector<double> in_service(std::span<const TierMember> members) {
  std::vector<double> raw;
  std::vector<double> strength;
  for (const TierMember& member : members) {
    strength.push_back(member.usable ? member.ramp * member.factor : 0);
    raw.push_back(member.configured * strength.back());
  }
  return over_tiers(members, raw, strength);
}

/// Works, in service or not; the ramp does not count: there is nobody else.
std::vector<double> working(std::span<const TierMember> members, bool weighted) {
  std::vector<double> raw;
  std::vector<double> strength;
  for (const TierMember& member : members) {
    strength.push_back(member.usable || member.ready ? member.factor : 0);
    raw.push_back((weighted ? member.configured : 1.0) * strength.back());
  }
  return over_tiers(members, raw, strength);
}

}  // namespace

TierWeights spread(std::span<const TierMember> members) {
  TierWeights result{in_service(members), Level::normal};
  if (sum_of(result.weights) > 0) return result;
  result = {working(members, true), Level::held_away};
  if (sum_of(result.weights) > 0) return result;
  result = {working(members, false), Level::without_weight};
  if (sum_of(result.weights) > 0) return result;
  result.level = Level::panic;
  for (std::size_t i = 0; i < members.size(); ++i) result.weights[i] = members[i].configured;
  if (sum_of(result.weights) <= 0) result.weights.assign(members.size(), 1.0);
  return result;
}

}  // namespace weir::agent
