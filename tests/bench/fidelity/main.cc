// The simulator's half of `scripts/bench fidelity`: one steady case as JSON on standard input, what
// the simulator makes of it as JSON on standard output. run.py has the other half.
//
//   {"regions": [NAME...], "rtt_ms": [[...]], "rps": [...], "shares": [[...]], "slow": [1, 3, 1],
//    "endpoints": 2, "workers": 4, "service_ms": 40, "spread": 0.4, "queue": 256,
//    "objective_ms": 175, "seconds": 600, "seed": 1}
//   {"pairs": [[{"ok": N, "p50_ms": X, "p99_ms": X, "in_objective": X}...]...]}

#include <fmt/core.h>

#include <boost/json.hpp>
#include <cmath>
#include <iostream>
#include <iterator>
#include <string>

#include "controller/simulate/simulation.h"

namespace weir::controller {
namespace {

namespace json = boost::json;

constexpr double k_warm_up_ms = 20'000;

double number(const json::object& in, const char* name) { return in.at(name).to_number<double>(); }

Grid<double> table(const json::value& in) {
  const json::array& rows = in.as_array();
  Grid<double> grid(rows.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t j = 0; j < rows.size(); ++j) {
      grid(i, j) = rows[i].as_array().at(j).to_number<double>();
    }
  }
  return grid;
}

Scenario scenario_of(const json::object& in) {
  Scenario scenario;
  const json::array& names = in.at("regions").as_array();
  const std::size_t n = names.size();
  const Grid<double> rtt = table(in.at("rtt_ms"));
  scenario.name = "fidelity";
  scenario.warm_up_ms = k_warm_up_ms;
  scenario.duration_ms = k_warm_up_ms + 1000 * number(in, "seconds");
  scenario.paths = Grid<PathSpec>(n, n);
  // weir-netlab adds no jitter here, and clients send at even times (the least the simulator
  // knows).
  scenario.jitter.shape = {.kind = Distribution::Kind::lognormal, .mean = 1, .cv = 0.001};
  scenario.arrivals = {.kind = Arrivals::Kind::gamma, .cv2 = 0.1};
  for (std::size_t i = 0; i < n; ++i) {
    scenario.regions.emplace_back(std::string(names[i].as_string()));
    for (std::size_t j = 0; j < n; ++j) scenario.paths(i, j).rtt_ms = rtt(i, j);
    scenario.servers.push_back({.endpoints = static_cast<std::uint32_t>(number(in, "endpoints")),
                                .workers = static_cast<std::uint32_t>(number(in, "workers")),
                                .speed = 1 / in.at("slow").as_array().at(i).to_number<double>()});
    scenario.demand.push_back({.rps = in.at("rps").as_array().at(i).to_number<double>()});
  }
  const double spread = number(in, "spread");
  scenario.model.time = {.kind = Distribution::Kind::lognormal,
                         .mean = number(in, "service_ms"),
                         .cv = std::sqrt(std::exp(spread * spread) - 1)};
  scenario.model.queue_limit = static_cast<std::uint32_t>(number(in, "queue"));
  scenario.model.request_timeout_ms = 2000;
  const double objective = number(in, "objective_ms");
  scenario.objectives_ms = {objective, objective, objective};
  scenario.min_share = 0;
  scenario.max_step = 1;
  return scenario;
}

/// The same shares from the first moment to the last.
class Fixed final : public ServicePolicy {
 public:
  explicit Fixed(Grid<double> shares) : shares_(std::move(shares)) {}
  std::string_view name() const override { return "fixed"; }
  ServiceWish observe(const ServiceObservation&) override {
    return {.shares = shares_, .shed = {}, .why = {}, .expected_in_slo = {}};
  }

 private:
  const Grid<double> shares_;
};

int answer() {
  const std::string text(std::istreambuf_iterator<char>(std::cin), {});
  const json::value parsed = json::parse(text);
  const json::object& in = parsed.as_object();
  const Scenario scenario = scenario_of(in);
  if (const Status sound = check(scenario); !sound) {
    fmt::print(stderr, "weir-bench-fidelity: {}\n", sound.error().message());
    return 2;
  }
  const Grid<double> shares = table(in.at("shares"));
  Fixed policy(shares);
  const SimulationResult result =
      run(scenario, static_cast<std::uint64_t>(number(in, "seed")), policy,
          {.min_share = 0, .max_step = 1, .first_shares = shares});
  json::array rows;
  for (std::size_t i = 0; i < scenario.size(); ++i) {
    json::array row;
    for (std::size_t j = 0; j < scenario.size(); ++j) {
      const auto ms = [&](double share) {
        return static_cast<double>(result.pair_latency(i, j).quantile(share).count()) / 1e3;
      };
      row.push_back(json::object{{"ok", result.pairs(i, j).ok},
                                 {"p50_ms", ms(0.5)},
                                 {"p99_ms", ms(0.99)},
                                 {"in_objective", result.pairs(i, j).share_in(1)}});
    }
    rows.push_back(std::move(row));
  }
  fmt::print("{}\n", json::serialize(json::object{{"pairs", std::move(rows)}}));
  return 0;
}

}  // namespace
}  // namespace weir::controller

int main() {
  try {
    return weir::controller::answer();
  } catch (const std::exception& problem) {
    fmt::print(stderr, "weir-bench-fidelity: {}\n", problem.what());
    return 2;
  }
}
