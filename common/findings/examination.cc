#include "common/findings/examination.h"

#include <algorithm>
#include <iterator>

namespace weir {

namespace {

// Agents report every second; the controller gives a silent one up only after 15. Whom nobody else
// reaches either is away sooner.
constexpr std::int64_t k_silent_ms = 5000;
constexpr std::int64_t k_silent_and_unreached_ms = 2500;
constexpr std::int64_t k_fresh_ms = 3500;

}  // namespace

Examination::Examination(const MeshSnapshot& mesh) : mesh_(mesh) {
  std::map<std::string, std::pair<int, int>> reached;  // agent: by how many, of those who say
  for (const admin::v1::PathStatus& status : mesh.paths.paths()) {
    if (!fresh(status)) continue;
    ++reached[status.path().to_agent()].second;
    reached[status.path().to_agent()].first += status.path().up() ? 1 : 0;
  }
  for (const admin::v1::Agent& agent : mesh.agents.agents()) {
    const auto [by, of] = reached[agent.agent()];
    const std::int64_t allowed = by == 0 && of > 0 ? k_silent_and_unreached_ms : k_silent_ms;
    const bool silent =
        agent.last_seen_unix_ms() > 0 && controller_ms() - agent.last_seen_unix_ms() > allowed;
    if (!agent.connected() || silent) away_.insert(agent.agent());
  }
}

bool Examination::fresh(const admin::v1::PathStatus& status) const {
  return status.unix_ms() == 0 || controller_ms() - status.unix_ms() < k_fresh_ms;
}

std::vector<Finding> Examination::take() {
  // A failure explains warnings more often than the other way round.
  failures_.insert(failures_.end(), std::make_move_iterator(warnings_.begin()),
                   std::make_move_iterator(warnings_.end()));
  warnings_.clear();
  return std::exchange(failures_, {});
}

void Examination::fail(const char* code, const char* about, std::string what, std::string cause,
                       std::string next) {
  failures_.push_back(
      {Finding::Level::fail, code, about, std::move(what), std::move(cause), std::move(next)});
}

void Examination::warn(const char* code, const char* about, std::string what, std::string cause,
                       std::string next) {
  warnings_.push_back(
      {Finding::Level::warn, code, about, std::move(what), std::move(cause), std::move(next)});
}

const Examination::Event* Examination::newest(std::string_view type, std::int64_t within_ms,
                                              const std::string& agent) const {
  const auto& events = mesh_.events.events();
  for (auto it = events.rbegin(); it != events.rend(); ++it) {
    if (it->unix_ms() < controller_ms() - within_ms) continue;
    if (it->type() == type && (agent.empty() || it->agent() == agent)) return &*it;
  }
  return nullptr;
}

const Examination::Event* Examination::open(std::string_view type, std::string_view ended_by,
                                            const std::string& agent) const {
  const auto& events = mesh_.events.events();
  // In the order in which they came: an agent's clock may be wrong.
  const auto is = [](std::string_view wanted, const std::string& whose) {
    return [wanted, &whose](const Event& event) {
      return event.type() == wanted && (whose.empty() || event.agent() == whose);
    };
  };
  const auto began = std::find_if(events.rbegin(), events.rend(), is(type, agent));
  if (began == events.rend()) return nullptr;
  const auto ended = std::find_if(events.rbegin(), began, is(ended_by, began->agent()));
  if (ended != began) return nullptr;
  const bool anew = !began->agent().empty() &&
                    std::any_of(events.rbegin(), began, is("agent.restarted", began->agent()));
  return anew ? nullptr : &*began;
}

std::map<std::pair<std::string, std::string>, double> round_trips(
    const admin::v1::ListPathsReply& paths) {
  std::map<std::pair<std::string, std::string>, double> ms;
  for (const admin::v1::PathStatus& status : paths.paths()) {
    const auto& path = status.path();
    if (!path.up() || path.rtt_p50_us() == 0) continue;
    const double now = path.rtt_p50_us() / 1000.0;
    const auto [place, fresh] = ms.try_emplace({status.from_region(), path.to_region()}, now);
    if (!fresh) place->second = std::min(place->second, now);
  }
  return ms;
}

std::vector<std::int64_t> moments_to_compare(std::int64_t now_ms) {
  return {now_ms - 3'600'000, now_ms - 600'000, now_ms - 60'000, now_ms - 15'000};
}

}  // namespace weir
