#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/model/grid.h"
#include "controller/policy/planner/utility_table.h"

namespace weir::controller {

/// What the plan is made from. Region number i is source i and destination i.
struct PlanInput {
  std::span<const double> demand;    // requests per second, by source; not negative
  std::span<const double> capacity;  // requests per second, by destination; above 0
  const UtilityTable& utility;
  const Grid<char>& allowed;             // each row has a 1
  const Grid<double>& price;             // utility one request costs, by pair
  const Grid<double>& previous;          // shares in force; each row sums to 1
  double churn_price = 0;                // utility a moved request costs
  double max_step = 1;                   // no share moves further at once
  std::span<const double> besides = {};  // requests per second a destination gets anyhow; or empty
  std::span<const char> held = {};       // by source, 1: stays at `previous`; or empty
  bool may_shed = false;
  double shed_value = 0;  // utility of a request refused at once
};

struct Plan {
  Grid<double> shares;       // of what is not shed; each row sums to 1, 0 where not allowed
  std::vector<double> shed;  // share of each source's requests
  std::vector<double> load;  // requests per second, by destination
  double value = 0;          // utility per second, prices and churn taken off
};

/// The value of given shares and sheds under `input`.
double plan_value(const PlanInput& input, const Grid<double>& shares, std::span<const double> shed);

/// The shares of all sources together that are worth most: what one source sends makes a
/// destination slower for all, so each share is moved by its marginal value, own value plus what it
/// changes for everybody else at the destination (R. G. Gallager, "A minimum delay routing
/// algorithm using distributed computation", 1977; Beckmann et al., "Studies in the Economics of
/// Transportation", 1956).
///
/// The value is not concave (an overloaded destination is worth nothing however much more it gets),
/// so the search climbs from several starts: what is in force, everybody to the best with room, and
/// when room runs out, the excess given up at one destination so that the others stay well. A climb
/// moves, source by source, a share from the worst destination in use to the best by exact
/// comparison of a ladder of sizes, and ends when a round gains less than a millionth.
///
/// Where the best shares are further away than a step, the step is made towards them, and what the
/// others do meanwhile is found by a climb within the step: a region that cannot be relieved at
/// once is relieved by everybody.
///
///   cost           about 30 us for 6 x 6, 4 ms for 50 x 50
///   deterministic  no randomness; ties go to the lower index
Plan plan_shares(const PlanInput& input);

/// `from` moved towards `to`, row by row, until the first share of the row has moved by `step`.
Grid<double> stepped(const Grid<double>& from, const Grid<double>& to, double step);

/// The same climb from one start of the caller's.
Plan climb_from(const PlanInput& input, const Grid<double>& start);

}  // namespace weir::controller
