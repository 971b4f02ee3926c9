#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "controller/simulate/scenario.h"

namespace weir::controller {

/// What a map or a family of scenarios is there for: nothing is judged on what it learned from.
enum class Use { training, validation, test };

/// Where the regions are and what serves there.
struct WorldMap {
  struct Region {
    RegionName name;
    double lat = 0;  // degrees
    double lon = 0;
    Servers servers;           // `declared_rps` is filled in by `compose`
    double population = 1;     // its part of the demand, relative to the other regions
    double egress_per_gb = 0;  // of answers that leave it
  };
  std::string name;
  Use use = Use::training;
  std::vector<Region> regions;
  Grid<double> rtt_ms;
  Jitter jitter;
};

/// Which regions of a map an incident or a shape of demand concerns.
enum class Pick {
  all,
  largest,   // by workers; of equal ones the first
  second,    // largest
  smallest,  // of those that serve
  busiest,   // by population
  random,    // drawn by the seed among those that serve, the same one all through a scenario
  another,   // the same, another one
};

/// A kind of day, for any map: what the service is like, how demand moves, what goes wrong.
struct Family {
  struct Shape {
    DemandShape shape;
    std::vector<Pick> sources;  // empty: all
    bool by_longitude = false;  // sine and trace: the day comes to each region in its turn
  };
  struct Event {
    Incident incident;  // its regions and peers are filled in by `compose`
    std::vector<Pick> regions;
    std::vector<Pick> peers;  // empty: all
  };
  std::string name;
  Use use = Use::training;
  Scenario base;              // all that depends on no map
  double load_scale = 1;      // times the load asked for
  double declared_scale = 1;  // declared over real capacity; 0: nothing is declared
  std::vector<Shape> shapes;
  std::vector<Event> events;
};

/// One scenario of the family on the map. `load` is the mean demand of all sources over what all
/// servers can do; the seed decides over what is random about the scenario itself.
///
/// Objectives: p99 of the service time alone, plus 0.5, 1.2 and 3 times the round trip to the
/// nearest other region that serves, of the median region.
/// Errors: invalid_argument, as `check`.
Result<Scenario> compose(const WorldMap& map, const Family& family, double load,
                         std::uint64_t seed);

}  // namespace weir::controller
