#include <algorithm>
#include <set>
#include <utility>

#include "common/model/revision.h"
#include "controller/app/options.h"
#include "controller/catalog/policies.h"

namespace weir::controller {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using Regions = std::vector<RegionName>;

bool known(const Regions& regions, const RegionName& region) {
  return std::ranges::find(regions, region) != regions.end();
}

/// Names of regions in `field`, each known and named once.
Regions known_regions(ConfigSection& section, std::string_view field,
                      const std::vector<std::string>& names, const Regions& regions) {
  Regions found;
  for (const std::string& name : names) {
    const RegionName region(name);
    if (!known(regions, region)) {
      section.complain(field, in_quotes(name) + " is none of the mesh's regions");
    } else if (known(found, region)) {
      section.complain(field, in_quotes(name) + " stands twice");
    } else {
      found.push_back(region);
    }
  }
  return found;
}

void check_region_key(ConfigSection& section, const std::string& name, const Regions& regions) {
  if (!known(regions, RegionName(name))) {
    section.complain(name, in_quotes(name) + " is none of the mesh's regions");
  }
}

std::uint32_t weight(ConfigSection& section, std::string_view name,
                     std::optional<std::int64_t> fallback) {
  return static_cast<std::uint32_t>(
      section.integer(name, {.min = 0, .max = k_weight_max, .fallback = fallback}));
}

StaticWeights read_weights(ConfigSection weights, const Regions& regions) {
  StaticWeights made;
  made.nearby = weight(weights, "nearby", k_weight_nearby);
  made.other = weight(weights, "other", k_weight_neutral);
  for (ConfigSection& pair : weights.sections("pairs")) {
    StaticWeights::Pair row{.from = RegionName(pair.text("from")),
                            .to = RegionName(pair.text("to")),
                            .weight = weight(pair, "weight", std::nullopt)};
    for (const auto& [field, region] : {std::pair("from", row.from), std::pair("to", row.to)}) {
      if (!known(regions, region)) {
        pair.complain(field, in_quotes(region.value()) + " is none of the mesh's regions");
      }
    }
    made.pairs.push_back(std::move(row));
  }
  if (made.nearby == 0 && made.other == 0 && made.pairs.empty()) {
    weights.complain("nearby", "some weight must be above 0");
  }
  return made;
}

void read_http_check(ConfigSection& health, HealthCheckSpec& check) {
  check.http_path = health.text("path", "/");
  check.http_host = health.text("host", "");
  check.http_body_contains = health.text("body_contains", "");
  check.http_header_name = health.text("header_name", "");
  check.http_header_value = health.text("header_value", "");
  if (!check.http_path.starts_with('/')) health.complain("path", "must begin with /");
  const auto status = health.texts("status", 2);
  if (status.empty()) return;
  const auto low = parse_number(status.front(), 599);
  const auto high = parse_number(status.back(), 599);
  if (status.size() != 2 || !low || !high || *low < 100 || *low > *high) {
    health.complain("status", "must be [lowest, highest] from 100 to 599");
    return;
  }
  check.http_status_min = static_cast<int>(*low);
  check.http_status_max = static_cast<int>(*high);
}

HealthCheckSpec read_health(ConfigSection health) {
  using Kind = HealthCheckSpec::Kind;
  HealthCheckSpec check;
  check.kind = health.choice<Kind>("kind",
                                   {{"none", Kind::none},
                                    {"tcp", Kind::tcp},
                                    {"http", Kind::http},
                                    {"grpc", Kind::grpc},
                                    {"exec", Kind::exec}},
                                   Kind::tcp);
  check.interval = health.duration(
      "interval", {.min = milliseconds(10), .max = minutes(10), .fallback = check.interval});
  check.timeout = health.duration(
      "timeout", {.min = milliseconds(1), .max = minutes(1), .fallback = check.timeout});
  check.rise =
      static_cast<int>(health.integer("rise", {.min = 1, .max = 100, .fallback = check.rise}));
  check.fall =
      static_cast<int>(health.integer("fall", {.min = 1, .max = 100, .fallback = check.fall}));
  check.jitter = Ratio(health.ratio("jitter", check.jitter.value()));
  if (check.kind == Kind::http) read_http_check(health, check);
  if (check.kind == Kind::grpc) check.grpc_service = health.text("service", "");
  if (check.kind == Kind::exec) {
    check.exec_argv = health.texts("command", 64);
    if (check.exec_argv.empty()) health.complain("command", "must name a program");
  }
  return check;
}

void read_guards(ConfigSection guards, const Regions& regions, ServiceConfig& service) {
  GuardSpec& spec = service.plan.guards;
  spec.min_share = Ratio(guards.ratio("min_share", spec.min_share.value()));
  spec.max_step = Ratio(guards.ratio("max_step", spec.max_step.value()));
  if (spec.max_step.value() <= 0) guards.complain("max_step", "must be above 0");
  if (spec.min_share > spec.max_step) {
    guards.complain("min_share", "must not be above max_step: a region could not be closed");
  }
  // Without a limit the key is not asked for: "no limit" is no number.
  if (guards.has("max_cost_per_hour")) {
    service.max_cost_per_hour = guards.number("max_cost_per_hour", {.min = 0, .max = 1e9});
  }
  ConfigSection residency = guards.section("residency");
  for (const std::string& from : residency.keys()) {
    check_region_key(residency, from, regions);
    Regions allowed = known_regions(residency, from, residency.texts(from, k_regions_max), regions);
    if (allowed.empty()) {
      residency.complain(from, "must permit at least one region");
      continue;
    }
    service.residency.emplace(RegionName(from), std::move(allowed));
  }
}

void read_failover(ConfigSection failover, const Regions& regions, ServiceConfig& service) {
  FailoverSpec& spec = service.plan.failover;
  spec.healthy_share_below =
      Ratio(failover.ratio("healthy_share_below", spec.healthy_share_below.value()));
  spec.spill_below = Ratio(failover.ratio("spill_below", spec.spill_below.value()));
  spec.error_share_above =
      Ratio(failover.ratio("error_share_above", spec.error_share_above.value()));
  spec.error_min_requests = static_cast<std::uint32_t>(failover.integer(
      "error_min_requests", {.min = 1, .max = 1'000'000, .fallback = spec.error_min_requests}));
  spec.error_window = failover.duration(
      "error_window",
      {.min = milliseconds(100), .max = minutes(10), .fallback = spec.error_window});
  spec.max_in_flight = static_cast<std::uint32_t>(failover.integer(
      "max_in_flight", {.min = 0, .max = 10'000'000, .fallback = spec.max_in_flight}));
  spec.hold = failover.duration(
      "hold", {.min = milliseconds(0), .max = std::chrono::hours(24), .fallback = spec.hold});
  spec.ramp = failover.duration(
      "ramp", {.min = milliseconds(0), .max = std::chrono::hours(24), .fallback = spec.ramp});
  ConfigSection tiers = failover.section("tiers");
  for (const std::string& from : tiers.keys()) {
    check_region_key(tiers, from, regions);
    std::vector<Regions> made;
    for (const auto& names : tiers.text_lists(from, k_regions_max)) {
      made.push_back(known_regions(tiers, from, names, regions));
    }
    service.tiers.emplace(RegionName(from), std::move(made));
  }
}

PolicyConfig read_policy(ConfigSection policy, const Regions& regions,
                         const PolicyCatalog& catalog) {
  PolicyConfig made;
  made.mode = policy.choice<PolicyMode>("mode",
                                        {{"static", PolicyMode::configured},
                                         {"shadow", PolicyMode::shadow},
                                         {"assist", PolicyMode::assist},
                                         {"auto", PolicyMode::automatic}},
                                        made.mode);
  made.name = policy.text("name", made.name);
  if (catalog.find(made.name) == nullptr) {
    policy.complain("name", in_quotes(made.name) +
                                " is no policy that sets weights; list them with: "
                                "weir-policy list");
  }
  made.goal = policy.choice<Goal>("goal",
                                  {{"goodput", Goal::goodput},
                                   {"latency", Goal::latency},
                                   {"tail", Goal::tail},
                                   {"cost", Goal::cost}},
                                  made.goal);
  made.keep_in_slo = policy.ratio("keep_in_objective", made.keep_in_slo);
  made.kb_per_request =
      policy.number("kb_per_request", {.min = 0, .max = 1e6, .fallback = made.kb_per_request});
  made.in_flight_limits = policy.boolean("in_flight_limits", made.in_flight_limits);
  made.ttl = std::chrono::duration_cast<std::chrono::seconds>(policy.duration(
      "ttl", {.min = milliseconds(0), .max = std::chrono::hours(24), .fallback = made.ttl}));
  ConfigSection capacity = policy.section("capacity");
  for (const std::string& region : capacity.keys()) {
    check_region_key(capacity, region, regions);
    made.capacity_rps.emplace(RegionName(region),
                              capacity.number(region, {.min = 0.001, .max = 1e6}));
  }
  return made;
}

ServiceConfig read_service(ConfigSection& section, const Regions& regions,
                           const PolicyCatalog& catalog) {
  ServiceConfig service;
  ServicePlan& plan = service.plan;
  plan.service = ServiceName(section.text("name"));
  if (!plan.service.empty() && !valid_name(plan.service.value(), true)) {
    section.complain("name",
                     in_quotes(plan.service.value()) + " must be namespace/name of a-z 0-9 - . _");
  }
  plan.protocol = section.choice<Protocol>(
      "protocol", {{"http", Protocol::http}, {"tcp", Protocol::tcp}}, Protocol::http);
  plan.listen_port =
      static_cast<std::uint16_t>(section.integer("listen_port", {.min = 1, .max = 65535}));
  plan.objective = section.duration(
      "objective", {.min = milliseconds(1), .max = minutes(10), .fallback = plan.objective});
  plan.connect_timeout = section.duration(
      "connect_timeout",
      {.min = milliseconds(1), .max = minutes(1), .fallback = plan.connect_timeout});
  plan.request_timeout = section.duration(
      "request_timeout",
      {.min = milliseconds(1), .max = minutes(60), .fallback = plan.request_timeout});
  plan.proxy_protocol = section.boolean("proxy_protocol", false);
  service.weights = read_weights(section.section("weights"), regions);
  service.policy = read_policy(section.section("policy"), regions, catalog);
  plan.health = read_health(section.section("health"));
  read_guards(section.section("guards"), regions, service);
  read_failover(section.section("failover"), regions, service);
  return service;
}

}  // namespace

std::vector<ServiceConfig> read_services(ConfigSection& root,
                                         const std::vector<RegionName>& regions) {
  std::vector<ServiceConfig> services;
  std::set<ServiceName> names;
  std::set<std::uint16_t> ports;
  const PolicyCatalog catalog = all_policies();
  for (ConfigSection& section : root.sections("services", k_services_max)) {
    ServiceConfig service = read_service(section, regions, catalog);
    if (!names.insert(service.plan.service).second) {
      section.complain("name", in_quotes(service.plan.service.value()) + " stands twice");
    }
    if (!ports.insert(service.plan.listen_port).second) {
      section.complain("listen_port", "another service listens on it");
    }
    services.push_back(std::move(service));
  }
  return services;
}

}  // namespace weir::controller
