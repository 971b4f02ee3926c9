#include <algorithm>
#include <array>

#include "controller/simulate/yaml/scenario_files.h"
#include "controller/simulate/yaml/time_shape.h"

namespace weir::controller {
namespace {

constexpr std::size_t k_list_most = 64;

constexpr std::array<std::pair<std::string_view, Pick>, 7> k_picks = {{{"all", Pick::all},
                                                                       {"largest", Pick::largest},
                                                                       {"second", Pick::second},
                                                                       {"smallest", Pick::smallest},
                                                                       {"busiest", Pick::busiest},
                                                                       {"random", Pick::random},
                                                                       {"another", Pick::another}}};

std::vector<Pick> read_picks(ConfigSection& section, std::string_view name) {
  std::vector<Pick> picks;
  for (const std::string& word : section.texts(name, k_list_most)) {
    const auto found = std::ranges::find(k_picks, word, [](const auto& row) { return row.first; });
    if (found != k_picks.end()) {
      picks.push_back(found->second);
    } else {
      section.complain(name, in_quotes(word) +
                                 " must be one of all, largest, second, smallest, busiest, "
                                 "random, another");
    }
  }
  return picks;
}

double number(ConfigSection& section, std::string_view name, double least, double most,
              double fallback) {
  return section.number(name, {.min = least, .max = most, .fallback = fallback});
}

std::uint32_t whole(ConfigSection& section, std::string_view name, std::int64_t least,
                    std::int64_t most, std::int64_t fallback) {
  return static_cast<std::uint32_t>(
      section.integer(name, {.min = least, .max = most, .fallback = fallback}));
}

Family::Shape read_shape(ConfigSection& section) {
  using Kind = DemandShape::Kind;
  Family::Shape read;
  DemandShape& shape = read.shape;
  shape.kind = section.choice<Kind>("kind", {{"constant", Kind::constant},
                                             {"sine", Kind::sine},
                                             {"surge", Kind::surge},
                                             {"piecewise", Kind::piecewise},
                                             {"trace", Kind::trace}});
  read.sources = read_picks(section, "sources");
  if (shape.kind == Kind::constant || shape.kind == Kind::surge) {
    shape.level = section.number("level", {.min = 0, .max = 100});
  }
  if (shape.kind == Kind::sine) {
    shape.amplitude = section.ratio("amplitude");
    shape.period_ms = std::max(1.0, read_ms(section, "period", 60'000));
  }
  if (shape.kind == Kind::sine || shape.kind == Kind::trace) {
    shape.phase_ms = read_ms(section, "phase", 0);
    read.by_longitude = section.boolean("by_longitude", false);
  }
  if (shape.kind == Kind::surge) {
    shape.at_ms = read_ms(section, "at", 0);
    shape.rise_ms = read_ms(section, "rise", 0);
    shape.hold_ms = read_ms(section, "hold", 0);
    shape.fall_ms = read_ms(section, "fall", 0);
  }
  if (shape.kind == Kind::piecewise) {
    for (ConfigSection& point : section.sections("points", 10'000)) {
      const double t_ms = read_ms(point, "at", 0);
      shape.points.push_back({.t_ms = t_ms, .factor = number(point, "factor", 0, 100, 1)});
    }
    if (shape.points.empty()) section.complain("points", "at least one is needed");
    if (!std::ranges::is_sorted(shape.points, {}, &DemandShape::Point::t_ms)) {
      section.complain("points", "their times must not fall");
    }
  }
  if (shape.kind == Kind::trace) {
    shape.step_ms = std::max(1.0, read_ms(section, "step", 60'000));
    shape.values = section.numbers("values", {.min = 0, .max = 1000});
    if (shape.values.empty()) section.complain("values", "at least one is needed");
  }
  return read;
}

Incident::Kind read_incident_kind(ConfigSection& section) {
  using Kind = Incident::Kind;
  return section.choice<Kind>("kind", {{"brown_out", Kind::brown_out},
                                       {"noisy", Kind::noisy},
                                       {"hardware", Kind::hardware},
                                       {"crash", Kind::crash},
                                       {"region_cut", Kind::region_cut},
                                       {"path_change", Kind::path_change},
                                       {"path_loss", Kind::path_loss},
                                       {"path_cut", Kind::path_cut},
                                       {"deploy", Kind::deploy},
                                       {"errors", Kind::errors},
                                       {"late", Kind::late},
                                       {"missing", Kind::missing},
                                       {"wrong", Kind::wrong},
                                       {"rogue", Kind::rogue}});
}

Family::Event read_event(ConfigSection& section) {
  using Kind = Incident::Kind;
  Family::Event event;
  Incident& incident = event.incident;
  incident.kind = read_incident_kind(section);
  incident.at_ms = read_ms(section, "at", 0);
  incident.for_ms = read_ms(section, "for", 0);
  event.regions = read_picks(section, "regions");
  if (event.regions.empty()) section.complain("regions", "at least one is needed");
  const Kind kind = incident.kind;
  const auto is = [kind](std::initializer_list<Kind> kinds) {
    return std::ranges::find(kinds, kind) != kinds.end();
  };
  if (is({Kind::path_change, Kind::path_loss, Kind::path_cut})) {
    event.peers = read_picks(section, "peers");
  }
  if (is({Kind::brown_out, Kind::noisy, Kind::crash, Kind::path_loss, Kind::deploy, Kind::errors,
          Kind::rogue})) {
    incident.share = section.ratio("share", kind == Kind::deploy ? 0.125 : 1.0);
  }
  if (is({Kind::brown_out, Kind::noisy, Kind::hardware, Kind::path_change, Kind::wrong})) {
    incident.factor = section.number("factor", {.min = 0.001, .max = 1000});
  }
  if (is({Kind::errors, Kind::rogue}))
    incident.factor = number(section, "factor", 0.001, 1000, 0.1);
  if (kind == Kind::noisy) {
    incident.on_ms = std::max(1.0, read_ms(section, "on", 5000));
    incident.off_ms = std::max(1.0, read_ms(section, "off", 5000));
  }
  if (kind == Kind::crash) incident.silent = section.boolean("silent", false);
  if (kind == Kind::region_cut) incident.clients_move = section.boolean("clients_move", true);
  if (kind == Kind::rogue) {
    incident.lies_about_clients = section.boolean("lies_about_clients", false);
  }
  if (is({Kind::late, Kind::missing})) {
    using What = Incident::What;
    incident.what = section.choice<What>("what",
                                         {{"servers", What::servers},
                                          {"sources", What::sources},
                                          {"paths", What::paths},
                                          {"all", What::all}},
                                         What::servers);
  }
  if (kind == Kind::late) incident.intervals = whole(section, "intervals", 1, 60, 1);
  return event;
}

void read_service(ConfigSection section, ServiceModel& model) {
  model.time = read_distribution(section.section("time"), model.time);
  using Discipline = ServiceModel::Discipline;
  model.discipline = section.choice<Discipline>(
      "discipline", {{"fifo", Discipline::fifo}, {"sharing", Discipline::sharing}},
      model.discipline);
  model.queue_limit = whole(section, "queue_limit", 0, 1'000'000, model.queue_limit);
  model.error_share = section.ratio("error_share", model.error_share);
  model.request_timeout_ms =
      std::max(1.0, read_ms(section, "request_timeout", model.request_timeout_ms));
  model.drops_abandoned = section.boolean("drops_abandoned", model.drops_abandoned);
  model.kb_per_request = number(section, "kb_per_request", 0, 1e6, 10);
}

void read_arrivals(ConfigSection section, Arrivals& arrivals) {
  using Kind = Arrivals::Kind;
  arrivals.kind = section.choice<Kind>(
      "kind", {{"poisson", Kind::poisson}, {"gamma", Kind::gamma}, {"mmpp", Kind::mmpp}},
      Kind::poisson);
  if (arrivals.kind == Kind::gamma) arrivals.cv2 = number(section, "cv2", 0.1, 100, arrivals.cv2);
  if (arrivals.kind != Kind::mmpp) return;
  arrivals.burst = number(section, "burst", 1, 100, arrivals.burst);
  arrivals.burst_share = number(section, "burst_share", 0.001, 0.999, arrivals.burst_share);
  arrivals.burst_ms = std::max(1.0, read_ms(section, "burst_length", arrivals.burst_ms));
  if (arrivals.burst * arrivals.burst_share > 1) {
    section.complain("burst", "times burst_share must not be above 1");
  }
}

void read_agents(ConfigSection& root, Scenario& base) {
  ConfigSection retries = root.section("retries");
  base.retries.most = whole(retries, "most", 0, 10, base.retries.most);
  base.retries.on_errors = retries.boolean("on_errors", base.retries.on_errors);
  base.retries.budget = number(retries, "budget", 0, 10, base.retries.budget);
  base.retries.budget_most = number(retries, "budget_most", 0, 1e6, base.retries.budget_most);
  ConfigSection health = root.section("health");
  base.health.interval_ms = std::max(10.0, read_ms(health, "interval", base.health.interval_ms));
  base.health.timeout_ms = std::max(1.0, read_ms(health, "timeout", base.health.timeout_ms));
  base.health.rise = whole(health, "rise", 1, 100, base.health.rise);
  base.health.fall = whole(health, "fall", 1, 100, base.health.fall);
  base.health.path_detect_ms =
      std::max(1.0, read_ms(health, "path_detect", base.health.path_detect_ms));
  base.health.hold_ms = read_ms(health, "hold", base.health.hold_ms);
  base.health.ramp_ms = read_ms(health, "ramp", base.health.ramp_ms);
  base.health.spill_below = health.ratio("spill_below", base.health.spill_below);
}

void read_servers(ConfigSection& root, Scenario& base) {
  ConfigSection start = root.section("start");
  base.start.cold_ms = read_ms(start, "cold", base.start.cold_ms);
  base.start.warm_ms = read_ms(start, "warm", base.start.warm_ms);
  base.start.warm_speed = number(start, "warm_speed", 0.01, 1, base.start.warm_speed);
  ConfigSection scaling = root.section("autoscaling");
  Autoscaling& spec = base.autoscaling;
  spec.on = scaling.present();
  spec.target = number(scaling, "target", 0.05, 1, spec.target);
  spec.period_ms = std::max(100.0, read_ms(scaling, "period", spec.period_ms));
  spec.delay_ms = read_ms(scaling, "delay", spec.delay_ms);
  spec.calm_ms = read_ms(scaling, "calm", spec.calm_ms);
  spec.least = scaling.ratio("least", spec.least);
  spec.most = number(scaling, "most", 1, 8, spec.most);
}

void read_times(ConfigSection& root, Scenario& base) {
  base.duration_ms = read_ms(root, "duration", base.duration_ms);
  base.warm_up_ms = read_ms(root, "warm_up", base.warm_up_ms);
  base.interval_ms = read_ms(root, "interval", base.interval_ms);
  base.publish_ms = read_ms(root, "publish", base.publish_ms);
  if (base.duration_ms < 1000) root.complain("duration", "must be at least 1s");
  if (base.warm_up_ms > base.duration_ms) root.complain("warm_up", "is longer than the duration");
  if (base.interval_ms < 10) root.complain("interval", "must be at least 10ms");
  if (base.publish_ms > base.interval_ms) root.complain("publish", "is longer than the interval");
}

}  // namespace

Result<Family> read_family(Config& config) {
  ConfigSection root = config.root();
  Family family;
  Scenario& base = family.base;
  family.name = root.text("name");
  family.use = read_use(root);
  root.text("about", "");
  root.text("source", "");
  family.load_scale = number(root, "load_scale", 0, 10, 1);
  family.declared_scale = number(root, "declared_scale", 0, 100, 1);
  read_times(root, base);
  base.goal = root.choice<Goal>("goal",
                                {{"goodput", Goal::goodput},
                                 {"latency", Goal::latency},
                                 {"tail", Goal::tail},
                                 {"cost", Goal::cost}},
                                Goal::goodput);
  base.objective =
      root.choice<std::size_t>("objective", {{"tight", 0}, {"middle", 1}, {"wide", 2}}, 1);
  base.may_shed = root.boolean("may_shed", false);
  ConfigSection guards = root.section("guards");
  base.min_share = guards.ratio("min_share", base.min_share);
  base.max_step = guards.ratio("max_step", base.max_step);
  read_service(root.section("service"), base.model);
  read_arrivals(root.section("arrivals"), base.arrivals);
  read_agents(root, base);
  read_servers(root, base);
  for (ConfigSection& section : root.sections("demand", k_list_most)) {
    family.shapes.push_back(read_shape(section));
  }
  for (ConfigSection& section : root.sections("incidents", k_list_most)) {
    family.events.push_back(read_event(section));
  }
  WEIR_TRY(config.finish());
  return family;
}

}  // namespace weir::controller
