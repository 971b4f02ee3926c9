#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "controller/policy/policy_catalog.h"
#include "controller/simulate/simulation.h"

namespace weir::bench {

/// Settings found by a search, by policy.
using TunedSettings = std::map<std::string, std::map<std::string, double>>;

/// `{"waterfall": {"threshold": 0.7}, ...}`. Errors: invalid_argument, not_found.
Result<TunedSettings> read_tuned(const std::string& file);
Status write_tuned(const std::string& file, const TunedSettings& settings);

/// A policy with its settings, as it takes part in a bench. `best-static` is the search for the
/// best fixed weights in hindsight; `oracle` plans with what is really so; `NAME*` is NAME with
/// tuned settings; `NAME-weights` is NAME without its limits on requests in flight.
struct Contestant {
  std::string name;
  const controller::PolicyKind* kind = nullptr;                 // one of the three
  const controller::RequestPolicyKind* request_kind = nullptr;  // is it
  bool best_static = false;
  bool oracle = false;        // knows what nobody can (oracle.h)
  bool weights_only = false;  // its limits on requests in flight do not count
  controller::Tuning tuning;
  std::string checkpoint;
};

/// Those that `names` mean: a name, `NAME*`, or all. `catalog` outlives the contestants.
/// Errors: not_found.
Result<std::vector<Contestant>> choose_contestants(const controller::PolicyCatalog& catalog,
                                                   const std::vector<std::string>& names,
                                                   const TunedSettings& tuned,
                                                   const std::string& checkpoint);

/// One whole run; not for `best_static`. Errors: what the checkpoint is wrong about.
Result<controller::SimulationResult> run_contestant(const Contestant& contestant,
                                                    const controller::Scenario& scenario,
                                                    std::uint64_t seed);

/// One whole run with the same shares for ever.
controller::SimulationResult run_fixed(const Grid<double>& shares,
                                       const controller::Scenario& scenario, std::uint64_t seed);

/// The best fixed weights for a scenario: `evaluations` questions, each answered by runs under
/// all of `seeds`.
Grid<double> find_best_static(const std::vector<controller::Scenario>& by_seed, std::uint64_t seeds,
                              int evaluations);

}  // namespace weir::bench
