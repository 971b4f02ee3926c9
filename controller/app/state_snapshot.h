#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "controller/store/store.h"

namespace weir::controller {

struct StateSnapshot {
  std::string folder;
  std::uint64_t commit = 0;  // the store's newest at that moment, or a later one
  std::uint64_t bytes = 0;
  std::vector<std::string> removed;  // folders of older ones
  std::string not_removed;           // why one that should have gone is still there; empty: none is
};

/// A copy of what the controller must not lose (the store and the tunnel's key), as of one moment,
/// in `<state_dir>/snapshots/<UTC>`, mode 0700: it is a state_dir itself. The newest `keep` stay.
/// A copy that was not finished has another name and goes with the next one.
///
/// Blocks on the disk. What was returned is durable. Errors: as Store::copy_to; already_exists (one
/// of the same second); unavailable (the file and why).
Result<StateSnapshot> take_snapshot(Store& store, const std::string& state_dir,
                                    std::int64_t now_unix_ms, std::size_t keep);

}  // namespace weir::controller
