#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "common/base/text.h"
#include "policy/step_codec.h"
#include "policy/step_fields.h"

namespace weir::policy {
namespace {

constexpr std::size_t k_regions_max = 256;
constexpr std::size_t k_services_max = 1000;
/// Pairs of regions over all services: what one process keeps tables for.
constexpr std::size_t k_pairs_max = 2'000'000;
constexpr std::size_t k_name_bytes_max = 256;
constexpr double k_rtt_inside_ms = 1;

struct Place {
  double lat = k_unknown;
  double lon = k_unknown;
};

/// A path nobody told of, from the great circle: 200 km a millisecond in glass there and back, half
/// as far again for the way cables take, and two milliseconds for what stands between.
double rtt_by_distance(const Place& a, const Place& b) {
  constexpr double k_earth_km = 6371;
  constexpr double k_radians = std::numbers::pi / 180;
  const double north = std::sin((b.lat - a.lat) * k_radians / 2);
  const double east = std::sin((b.lon - a.lon) * k_radians / 2);
  const double chord =
      north * north + std::cos(a.lat * k_radians) * std::cos(b.lat * k_radians) * east * east;
  const double km = 2 * k_earth_km * std::asin(std::sqrt(std::clamp(chord, 0.0, 1.0)));
  return std::round((2 + km * 2 * 1.5 / 200) * 10) / 10;  // NaN stays NaN: unknown
}

std::optional<std::string> named(const Fields& fields, std::string_view name) {
  auto text = fields.text(name);
  if (!text || text->empty()) {
    fields.complain(fields.place(name) + " is missing");
    return std::nullopt;
  }
  if (text->size() > k_name_bytes_max) {
    fields.complain(fields.place(name) + " has more than 256 bytes");
    return std::nullopt;
  }
  return text;
}

std::vector<Place> read_regions(const Fields& line, StepInit& init) {
  std::vector<Place> places;
  line.objects("regions", [&](const Fields& fields) {
    const auto name = named(fields, "name");
    if (!name) return;
    if (!init.region_index.emplace(*name, init.regions.size()).second) {
      fields.complain("region " + in_quotes(*name) + " is named twice");
    }
    init.regions.emplace_back(*name);
    places.push_back({fields.measured("lat", -90, 90), fields.measured("lon", -180, 180)});
  });
  if (init.regions.empty()) line.complain("regions is missing or empty");
  if (init.regions.size() > k_regions_max) line.complain("more than 256 regions");
  return places;
}

struct Links {
  Grid<double> rtt_ms;
  Grid<double> cost_per_gb;
};

/// What one direction does not say, the other one says for it.
Links read_links(const Fields& line, const StepInit& init, const std::vector<Place>& places) {
  const std::size_t n = init.regions.size();
  Links links{Grid<double>(n, n, k_unknown), Grid<double>(n, n, k_unknown)};
  Grid<char> named_already(n, n, 0);
  line.objects("paths", [&](const Fields& fields) {
    const auto from = read_region(fields, "from", init);
    const auto to = read_region(fields, "to", init);
    if (!from || !to) return;
    if (std::exchange(named_already(*from, *to), 1)) {
      fields.complain(fields.place("to") + ": the path is named twice");
    }
    links.rtt_ms(*from, *to) = fields.configured("rtt_ms", k_unknown, 0, k_latency_ms_max);
    links.cost_per_gb(*from, *to) = fields.configured("cost_per_gb", k_unknown, 0, 1e6);
  });
  for (std::size_t from = 0; from < n; ++from) {
    for (std::size_t to = 0; to < n; ++to) {
      double& rtt = links.rtt_ms(from, to);
      double& cost = links.cost_per_gb(from, to);
      if (!known(rtt)) rtt = links.rtt_ms(to, from);
      if (!known(cost)) cost = links.cost_per_gb(to, from);
      if (from == to && !known(rtt)) rtt = k_rtt_inside_ms;
    }
  }
  for (std::size_t from = 0; from < n; ++from) {
    for (std::size_t to = 0; to < n; ++to) {
      double& rtt = links.rtt_ms(from, to);
      if (!known(rtt)) rtt = rtt_by_distance(places[from], places[to]);
      if (!known(links.cost_per_gb(from, to))) links.cost_per_gb(from, to) = 0;
    }
  }
  return links;
}

void read_served_in(const Fields& fields, const StepInit& init, ServiceSetting& setting) {
  setting.served_in.resize(init.regions.size());
  std::vector<char> named_already(init.regions.size(), 0);
  fields.objects("served_in", [&](const Fields& place) {
    const auto region = read_region(place, "region", init);
    if (!region) return;
    if (std::exchange(named_already[*region], 1)) place.complain(place.place("region") + " again");
    setting.served_in[*region] = {
        .endpoints = place.configured("endpoints", 1, 0, k_count_max),
        .declared_rps = place.configured("declared_rps", k_unknown, 0, k_count_max),
        .concurrency = place.configured("concurrency", k_unknown, 0, k_count_max)};
  });
}

void read_residency(const Fields& fields, const StepInit& init, StepService& service) {
  const std::size_t n = init.regions.size();
  ServiceSetting& setting = service.setting;
  setting.allowed = Grid<char>(n, n, 1);
  if (const auto residency = fields.object("residency")) {
    fields.members("residency", [&](std::string_view source, const boost::json::value& list) {
      if (list.is_null()) return;
      const auto from = init.region_index.find(source);
      if (from == init.region_index.end()) {
        return fields.complain("residency names " + in_quotes(source) + ", no region");
      }
      for (char& cell : setting.allowed.row(from->second)) cell = 0;
      residency->texts(source, [&](std::string_view name) {
        const auto to = init.region_index.find(name);
        if (to == init.region_index.end()) {
          return fields.complain("residency names " + in_quotes(name) + ", no region");
        }
        setting.allowed(from->second, to->second) = 1;
      });
    });
  }
  for (std::size_t from = 0; from < n; ++from) {
    GuardSpec guards{.residency = {},
                     .min_share = Ratio(setting.min_share),
                     .max_step = Ratio(setting.max_step)};
    for (std::size_t to = 0; to < n; ++to) {
      if (setting.served_in[to].endpoints <= 0) setting.allowed(from, to) = 0;
      if (setting.allowed(from, to)) guards.residency.push_back(init.regions[to]);
    }
    if (guards.residency.empty()) {
      fields.complain("requests from " + in_quotes(init.regions[from].value()) +
                      " may go nowhere the service is served");
    }
    service.guards.push_back(std::move(guards));
  }
}

void read_static_weights(const Fields& fields, const StepInit& init, ServiceSetting& setting) {
  const std::size_t n = init.regions.size();
  setting.static_weights = Grid<double>(n, n, k_weight_neutral);
  for (std::size_t i = 0; i < n; ++i) setting.static_weights(i, i) = k_weight_nearby;
  const auto weights = fields.object("static_weights");
  if (!weights) return;
  fields.members("static_weights", [&](std::string_view source,
                                       const boost::json::value& row_value) {
    if (row_value.is_null()) return;
    const auto from = init.region_index.find(source);
    if (from == init.region_index.end()) {
      return fields.complain("static_weights names " + in_quotes(source) + ", no region");
    }
    const auto row = setting.static_weights.row(from->second);
    std::ranges::fill(row, 0);
    double permitted = 0;
    weights->members(source, [&](std::string_view name, const boost::json::value& value) {
      const auto to = init.region_index.find(name);
      const auto weight = as_number(value);
      if (to == init.region_index.end() || !weight || !(*weight >= 0 && *weight <= k_weight_max)) {
        return fields.complain("static_weights of " + in_quotes(source) +
                               ": a weight is a number from 0 to 10000 for a region");
      }
      row[to->second] = *weight;
      if (setting.allowed(from->second, to->second)) permitted += *weight;
    });
    if (permitted <= 0) {
      fields.complain("static_weights of " + in_quotes(source) +
                      " give nothing to a region that may serve it");
    }
  });
}

std::optional<Goal> goal_of(std::string_view name) {
  if (name == "goodput") return Goal::goodput;
  if (name == "latency") return Goal::latency;
  if (name == "tail") return Goal::tail;
  if (name == "cost") return Goal::cost;
  return std::nullopt;
}

StepService read_service(const Fields& fields, const StepInit& init, const ServiceSetting& common) {
  StepService service{.setting = common, .guards = {}};
  ServiceSetting& setting = service.setting;
  setting.service = ServiceName(named(fields, "name").value_or(""));
  setting.slo_ms = fields.configured("slo_ms", setting.slo_ms, 0.001, k_latency_ms_max);
  setting.kb_per_request = fields.configured("kb_per_request", 0, 0, 1e9);
  const std::string objective = fields.text("objective").value_or("goodput");
  if (const auto goal = goal_of(objective)) {
    setting.goal = *goal;
  } else {
    fields.complain(fields.place("objective") + " is " + in_quotes(objective) +
                    "; there are goodput, latency, tail, cost");
  }
  if (const auto guards = fields.object("guards")) {
    setting.min_share = guards->configured("min_share", setting.min_share, 0, 1);
    setting.max_step = guards->configured("max_step", setting.max_step, 0, 1);
    setting.max_cost_per_hour = guards->configured("max_cost_per_hour", k_unknown, 0, 1e12);
  }
  read_served_in(fields, init, setting);
  read_residency(fields, init, service);
  read_static_weights(fields, init, setting);
  return service;
}

}  // namespace

std::optional<std::size_t> read_region(const Fields& fields, std::string_view name,
                                       const StepInit& init) {
  const auto text = fields.text(name);
  if (!text) {
    fields.complain(fields.place(name) + " is missing");
    return std::nullopt;
  }
  const auto found = init.region_index.find(*text);
  if (found != init.region_index.end()) return found->second;
  fields.complain(fields.place(name) + " is " + in_quotes(*text) + ", no region of the first line");
  return std::nullopt;
}

StepInit read_init(const Fields& line) {
  StepInit init;
  const auto protocol = line.number("protocol");
  if (protocol != k_step_protocol) line.complain("protocol is not 1, the only one there is");
  const std::vector<Place> places = read_regions(line, init);
  ServiceSetting common;
  common.regions = init.regions;
  common.interval_ms = line.configured("interval_ms", common.interval_ms, 1, 3.6e6);
  common.may_shed = line.flag("may_shed").value_or(false);
  if (init.regions.size() > k_regions_max || places.size() != init.regions.size()) return init;
  Links links = read_links(line, init, places);
  common.rtt_ms = std::move(links.rtt_ms);
  common.cost_per_gb = std::move(links.cost_per_gb);
  const std::size_t pairs = init.regions.size() * init.regions.size();
  line.objects("services", [&](const Fields& fields) {
    if (init.services.size() >= k_services_max ||
        (init.services.size() + 1) * pairs > k_pairs_max) {
      return line.complain("too many services: " + std::to_string(init.services.size()) +
                           " of this many regions fit");
    }
    StepService service = read_service(fields, init, common);
    const std::string& name = service.setting.service.value();
    if (!init.service_index.emplace(name, init.services.size()).second) {
      fields.complain("service " + in_quotes(name) + " is named twice");
    }
    init.services.push_back(std::move(service));
  });
  if (init.services.empty()) line.complain("services is missing or empty");
  return init;
}

}  // namespace weir::policy
