#include "controller/simulate/world/fitted_world.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace weir::controller {
namespace {

namespace pb = admin::v1;

constexpr std::array<std::pair<Goal, std::string_view>, 4> k_goals = {{{Goal::goodput, "goodput"},
                                                                       {Goal::latency, "latency"},
                                                                       {Goal::tail, "tail"},
                                                                       {Goal::cost, "cost"}}};
constexpr std::size_t k_times_max = 10'000;

std::unexpected<Error> wrong(const std::string& what) {
  return fail(Code::invalid_argument, "this is no world: " + what);
}

template <typename Repeated>
bool sized(const Repeated& table, std::size_t size) {
  return static_cast<std::size_t>(table.size()) == size;
}

void take_paths(const pb::World& world, Scenario& scenario) {
  const std::size_t n = scenario.size();
  scenario.paths = Grid<PathSpec>(n, n);
  for (int i = 0; i < world.rtt_ms_size(); ++i) {
    PathSpec& path = scenario.paths.cells()[static_cast<std::size_t>(i)];
    path.rtt_ms = world.rtt_ms(i);
    path.loss = world.loss(i);
    path.cost_per_gb = world.cost_per_gb(i);
  }
  // How trips vary is in the times of requests already.
  scenario.jitter.shape = {.kind = Distribution::Kind::constant, .mean = 1};
}

void take_service(const pb::World& world, Scenario& scenario) {
  ServiceModel& model = scenario.model;
  model.service = ServiceName(world.service());
  model.time.kind = Distribution::Kind::empirical;
  model.time.values = {world.time_ms().begin(), world.time_ms().end()};
  model.time.mean = world.time_mean_ms();
  model.error_share = world.error_share();
  model.request_timeout_ms = world.request_timeout_ms();
  model.queue_limit = world.queue_limit();
  model.kb_per_request = world.kb_per_request();
  for (const auto& servers : world.servers()) {
    scenario.servers.push_back({.endpoints = servers.endpoints(),
                                .workers = servers.workers(),
                                .speed = servers.speed(),
                                .declared_rps = servers.declared_rps(),
                                .declares_concurrency = false});
  }
  for (const auto& demand : world.demand()) {
    SourceDemand& source = scenario.demand.emplace_back();
    source.rps = demand.rps();
    if (demand.factors_size() == 0) continue;
    source.shapes.push_back({.kind = DemandShape::Kind::trace,
                             .step_ms = scenario.interval_ms,
                             .values = {demand.factors().begin(), demand.factors().end()}});
  }
}

/// Sizes, and what `check` cannot look at because the tables' sizes are taken for granted there.
std::string flaw_of(const pb::World& world) {
  const auto n = static_cast<std::size_t>(world.regions_size());
  if (world.version() != 1) return "its version is not 1";
  if (n < 1 || n > k_world_regions_max) return "it has no regions, or more than 64";
  for (const auto* table : {&world.rtt_ms(), &world.loss(), &world.cost_per_gb()}) {
    if (!sized(*table, n * n)) return "a table has another size than regions x regions";
  }
  if (!sized(world.allowed(), n * n) || !sized(world.static_weights(), n * n)) {
    return "a table has another size than regions x regions";
  }
  if (!sized(world.servers(), n) || !sized(world.demand(), n)) {
    return "servers and demand are not one for each region";
  }
  if (world.time_ms_size() < 1 || static_cast<std::size_t>(world.time_ms_size()) > k_times_max) {
    return "time_ms has no values, or more than 10000";
  }
  std::size_t factors = 0;
  double rps = 0;
  for (const auto& demand : world.demand()) {
    factors += static_cast<std::size_t>(demand.factors_size());
    rps += demand.rps();
  }
  if (factors > k_world_factors_max) return "the recorded demand has more than 100000 values";
  if (!(rps <= k_world_rps_max)) return "it has more than 40000 requests a second";
  for (const auto& servers : world.servers()) {
    if (servers.endpoints() > 10'000) return "a region has more than 10000 endpoints";
  }
  return {};
}

}  // namespace

pb::World to_world(const Scenario& scenario) {
  pb::World world;
  world.set_version(1);
  world.set_service(scenario.model.service.value());
  for (const RegionName& region : scenario.regions) world.add_regions(region.value());
  world.set_interval_ms(scenario.interval_ms);
  for (const PathSpec& path : scenario.paths.cells()) {
    world.add_rtt_ms(path.rtt_ms);
    world.add_loss(path.loss);
    world.add_cost_per_gb(path.cost_per_gb);
  }
  world.set_kb_per_request(scenario.model.kb_per_request);
  for (const Servers& servers : scenario.servers) {
    auto& row = *world.add_servers();
    row.set_endpoints(servers.endpoints);
    row.set_workers(servers.workers);
    row.set_speed(servers.speed);
    row.set_declared_rps(servers.declared_rps);
  }
  for (const SourceDemand& source : scenario.demand) {
    auto& row = *world.add_demand();
    row.set_rps(source.rps);
    if (source.shapes.empty()) continue;
    for (const double factor : source.shapes.front().values) row.add_factors(factor);
  }
  for (const double value : scenario.model.time.values) world.add_time_ms(value);
  world.set_time_mean_ms(scenario.model.time.mean);
  world.set_error_share(scenario.model.error_share);
  world.set_request_timeout_ms(scenario.model.request_timeout_ms);
  world.set_queue_limit(scenario.model.queue_limit);
  world.set_objective_ms(scenario.objectives_ms[scenario.objective]);
  world.set_goal(std::string(
      std::ranges::find(k_goals, scenario.goal, &std::pair<Goal, std::string_view>::first)
          ->second));
  world.set_keep_in_objective(scenario.keep_in_slo);
  world.set_min_share(scenario.min_share);
  world.set_max_step(scenario.max_step);
  world.set_max_cost_per_hour(scenario.max_cost_per_hour);
  const ServiceSetting setting = setting_of(scenario);
  for (const char may : setting.allowed.cells()) world.add_allowed(may != 0 ? 1 : 0);
  for (const double weight : setting.static_weights.cells()) world.add_static_weights(weight);
  return world;
}

Result<Scenario> from_world(const pb::World& world) {
  if (const std::string flaw = flaw_of(world); !flaw.empty()) return wrong(flaw);
  Scenario scenario;
  scenario.name = world.service();
  for (const std::string& region : world.regions()) scenario.regions.emplace_back(region);
  scenario.interval_ms = world.interval_ms();
  take_paths(world, scenario);
  take_service(world, scenario);
  scenario.objectives_ms.fill(world.objective_ms());
  const auto* goal =
      std::ranges::find(k_goals, world.goal(), &std::pair<Goal, std::string_view>::second);
  if (goal == k_goals.end()) return wrong("its goal is none of goodput, latency, tail, cost");
  scenario.goal = goal->first;
  scenario.keep_in_slo = world.keep_in_objective();
  scenario.min_share = world.min_share();
  scenario.max_step = world.max_step();
  scenario.max_cost_per_hour = world.max_cost_per_hour();
  const std::size_t n = scenario.size();
  scenario.allowed = Grid<char>(n, n, 0);
  scenario.static_weights = Grid<double>(n, n, 0);
  for (std::size_t i = 0; i < n * n; ++i) {
    scenario.allowed.cells()[i] = world.allowed(static_cast<int>(i)) != 0 ? 1 : 0;
    scenario.static_weights.cells()[i] = world.static_weights(static_cast<int>(i));
  }
  if (const Status sound = check(scenario); !sound) return wrong(sound.error().message());
  return scenario;
}

Result<std::vector<Scenario>> read_worlds(std::string_view text) {
  std::vector<Scenario> worlds;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    pb::World world;
    const auto parsed = google::protobuf::util::JsonStringToMessage(
        google::protobuf::StringPiece(line.data(), line.size()), &world);
    const std::string place = "line " + std::to_string(number);
    if (!parsed.ok()) return fail(Code::invalid_argument, place + " is no world in JSON");
    auto scenario = from_world(world);
    if (!scenario) return fail(std::move(scenario).error().within(place));
    worlds.push_back(*std::move(scenario));
  }
  if (worlds.empty()) return fail(Code::invalid_argument, "there is no world in it");
  return worlds;
}

}  // namespace weir::controller
