#pragma once

#include <vector>

#include "common/model/grid.h"
#include "controller/policy/rivals/latency_curve.h"

namespace weir::controller {

/// SLATE's program for one service: how much of each source's demand each destination takes, so
/// that the sum over all requests of path and serving time (and cost, priced in milliseconds) is
/// least.
struct FlowProgram {
  std::vector<double> demand;        // by source, requests per second
  Grid<double> fixed_ms;             // by pair: path, and cost at its price; infinity: forbidden
  std::vector<LatencyCurve> curves;  // by destination
  std::vector<double> limits;        // by destination: requests per second it can carry
};

/// The optimum of the convex program, to about a thousandth of a request per second: moves flow
/// from the dearest to the cheapest destination of each source by Newton's step until nothing is
/// to be gained. Above its limit a destination's marginal cost climbs steeply, so that a demand
/// nobody can carry is spread rather than refused. Starts from `start` (rows scaled to the demand)
/// or, for an empty one, from the nearest. Cost O(rounds * n^2), rounds at most 400.
Grid<double> solve_flows(const FlowProgram& program, const Grid<double>& start);

/// What the program minimises, milliseconds of waiting per second.
double total_delay(const FlowProgram& program, const Grid<double>& flows);

}  // namespace weir::controller
