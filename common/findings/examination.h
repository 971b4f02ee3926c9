#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/findings/findings.h"

namespace weir {

/// Names and reasons come from anywhere: nothing in them reaches a terminal as a control character.
inline std::string printable(std::string_view text) { return escape_controls(text); }

/// Goes over a snapshot part by part, and keeps what it finds. The snapshot outlives it.
class Examination {
 public:
  explicit Examination(const MeshSnapshot& mesh);

  /// Everything found, failures first.
  std::vector<Finding> take();

  void look_at_controller();
  void look_at_agents();
  void look_at_discovery();
  void look_at_paths();
  void look_at_services();
  void look_at_failover();
  void look_at_weights();
  void look_at_policies();
  void look_at_joins();

 private:
  using Event = telemetry::v1::Event;
  using Ends = std::pair<std::string, std::string>;

  void fail(const char* code, const char* about, std::string what, std::string cause,
            std::string next);
  void warn(const char* code, const char* about, std::string what, std::string cause,
            std::string next);

  std::int64_t controller_ms() const { return mesh_.weights.unix_ms(); }
  /// The newest event of a type; nullptr: none within the time. An empty agent is any.
  const Event* newest(std::string_view type, std::int64_t within_ms,
                      const std::string& agent = {}) const;
  /// `type` came, and what ends it did not come since.
  const Event* open(std::string_view type, std::string_view ended_by,
                    const std::string& agent = {}) const;
  /// Told a moment ago: what an agent said before it fell silent is nobody's present state.
  bool fresh(const admin::v1::PathStatus& status) const;
  bool away(const std::string& agent) const { return away_.contains(agent); }

  // controller
  void look_at_store();
  void look_at_clocks();
  void look_at_certificates();
  // agents
  void look_at_away();
  void look_at_agent(const admin::v1::Agent& agent);
  std::string away_in_words(const admin::v1::Agent& agent) const;
  bool others_reach(const std::string& agent) const;
  bool run_twice(const std::string& agent) const;
  // discovery
  void look_at_vanished();
  void look_at_addresses();
  // paths
  void look_at_down();
  bool lost_on_one_way(const std::string& from, const std::string& to) const;
  void look_at_loss(const admin::v1::PathStatus& path);
  void look_at_size(const admin::v1::PathStatus& path);
  void look_at_jitter(const admin::v1::PathStatus& path);
  void look_at_slower();
  void look_at_stretch();
  void look_at_flaps(const char* down, const char* code, const char* about, const char* next);
  // services
  bool nobody_healthy(const admin::v1::Service& service);
  void look_at_region(const admin::v1::Service& service, const admin::v1::ServiceRegion& region);
  void look_at_slow_servers();
  // weights
  bool moved_lately(const admin::v1::WeightRow& row) const;
  void look_at_cell(const admin::v1::WeightRow& row, const admin::v1::WeightCell& cell);

  const MeshSnapshot& mesh_;
  std::set<std::string> away_;
  std::set<Ends> slower_;  // regions, the path between which is slower than before
  std::vector<Finding> failures_;
  std::vector<Finding> warnings_;
};

// Of the answers of one moment: round trips between regions, the least of their agents' in
// milliseconds; what is down or was not measured is left out.
std::map<std::pair<std::string, std::string>, double> round_trips(
    const admin::v1::ListPathsReply& paths);

}  // namespace weir
