#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/state/state_dir.h"
#include "common/model/revision.h"

namespace weir::agent {

/// The last revision that was applied, kept in two slots. Every call blocks on the disk; one caller
/// at a time.
class LastGood {
 public:
  /// Only revisions of this mesh and this agent are given back.
  LastGood(StateDir directory, std::string mesh, AgentId agent);

  struct Loaded {
    std::optional<Revision> revision;   // none: no slot was usable
    std::vector<std::string> problems;  // what was passed over, for the log
  };
  /// The newest usable revision. Cost: reads and checks both slots.
  Loaded load();

  /// Writes into the slot that does not hold the newest usable revision.
  /// Errors: resource_exhausted (disk full), unavailable. The other slot stays whole.
  Status save(const Revision& revision);

 private:
  struct Found {
    std::uint64_t sequence = 0;
    Revision revision;
  };
  Result<Found> read_slot(const std::string& name) const;

  // constant after construction
  const StateDir directory_;
  const std::string mesh_;
  const AgentId agent_;
  // known after the first load or save
  bool looked_ = false;
  std::uint64_t newest_sequence_ = 0;
  int next_slot_ = 0;
};

}  // namespace weir::agent
