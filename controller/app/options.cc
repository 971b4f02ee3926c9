#include "controller/app/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "common/base/text.h"
#include "common/model/revision.h"
#include "controller/registry/agent_record.h"

namespace weir::controller {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

void read_tunnel(ConfigSection& root, ControllerOptions& options) {
  ConfigSection tunnel = root.section("tunnel");
  options.tunnel = read_tunnel_settings(tunnel);
  options.public_endpoint = tunnel.endpoint("public_endpoint");
}

admin::v1::Role read_role(ConfigSection& section, const std::string& field) {
  return section.choice<admin::v1::Role>(field,
                                         {{"viewer", admin::v1::VIEWER},
                                          {"operator", admin::v1::OPERATOR},
                                          {"admin", admin::v1::ADMIN}},
                                         admin::v1::ADMIN);
}

void read_admin(ConfigSection& root, ControllerOptions& options) {
  ConfigSection admin = root.section("admin");
  options.admin_socket = admin.text("socket", "/run/weir/admin.sock");
  ConfigSection tcp = admin.section("tcp");
  if (!tcp.present()) return;
  ControllerOptions::Tcp made;
  made.listen = tcp.endpoint("listen");
  made.certificate = tcp.text("certificate");
  made.key = tcp.text("key");
  made.client_ca = tcp.text("client_ca");
  options.admin_tcp = std::move(made);
  options.certificate_roles.others = read_role(tcp, "role");
  ConfigSection roles = tcp.section("roles");
  for (const std::string& name : roles.keys()) {
    options.certificate_roles.by_name.emplace(name, read_role(roles, name));
  }
}

void read_regions(ConfigSection& root, ControllerOptions& options) {
  std::set<std::string> seen;
  for (const std::string& name : root.texts("regions", k_regions_max)) {
    if (!valid_name(name, false)) {
      root.complain("regions", in_quotes(name) + " must be 1 to 100 characters of a-z 0-9 - . _");
    } else if (name.size() > k_region_name_max) {
      root.complain("regions", in_quotes(name) + " has " + std::to_string(name.size()) +
                                   " characters; the limit is 100");
    } else if (!seen.insert(name).second) {
      root.complain("regions", in_quotes(name) + " stands twice");
    } else {
      options.regions.emplace_back(name);
    }
  }
  if (seen.empty()) root.complain("regions", "must name at least one region");
}

/// "LATITUDE, LONGITUDE", for the dashboard's map.
void read_locations(ConfigSection locations, ControllerOptions& options) {
  for (const std::string& region : locations.keys()) {
    if (std::ranges::find(options.regions, RegionName(region)) == options.regions.end()) {
      locations.complain(region, in_quotes(region) + " is none of the mesh's regions");
    }
    const std::string text = locations.text(region);
    ControllerOptions::Location place;
    const std::size_t comma = text.find(',');
    const auto number = [&text](std::size_t from, std::size_t to, double& out) {
      const std::string part(trim(std::string_view(text).substr(from, to - from)));
      const auto [end, problem] = std::from_chars(part.data(), part.data() + part.size(), out);
      return problem == std::errc() && end == part.data() + part.size();
    };
    const bool read = comma != std::string::npos && number(0, comma, place.latitude) &&
                      number(comma + 1, text.size(), place.longitude);
    if (!read || !(std::abs(place.latitude) <= 90) || !(std::abs(place.longitude) <= 180)) {
      locations.complain(region, in_quotes(text) + " must be LATITUDE, LONGITUDE in degrees");
    }
    options.locations.emplace(RegionName(region), place);
  }
}

/// Off this machine a password-like token and the cookie go over TLS or not at all, and nobody is
/// let in without signing in.
void read_web(ConfigSection web, ControllerOptions& options) {
  if (!web.present()) return;
  ControllerOptions::Web made;
  made.listen = web.endpoint("listen");
  made.certificate = web.text("certificate", "");
  made.key = web.text("key", "");
  made.hosts = web.texts("hosts", 32);
  made.role_without_sign_in = web.choice<std::string>(
      "without_sign_in",
      {{"nothing", ""}, {"viewer", "viewer"}, {"operator", "operator"}, {"admin", "admin"}}, "");
  const bool loopback = made.listen.address.is_loopback();
  if (made.certificate.empty() != made.key.empty()) {
    web.complain("certificate", "certificate and key come together");
  }
  if (!loopback && made.certificate.empty()) {
    web.complain("certificate", "is needed where the dashboard is served beyond this machine");
  }
  if (!loopback && !made.role_without_sign_in.empty()) {
    web.complain("without_sign_in", "must be nothing beyond this machine: people sign in there");
  }
  options.web = std::move(made);
}

/// What stands in the headers is a password: off this machine it goes over TLS or not at all.
void read_tracing(ConfigSection tracing, ControllerOptions& options) {
  if (!tracing.present()) return;
  ControllerOptions::Tracing made;
  const std::string url = tracing.text("endpoint");
  auto collector = parse_collector(url);
  if (collector) made.collector = *std::move(collector);
  if (!collector && !url.empty()) tracing.complain("endpoint", collector.error().message());
  made.sample = tracing.ratio("sample", 0.01);
  made.headers = tracing.text("headers", "");
  made.ca = tracing.text("ca", "");
  const Collector& to = made.collector;
  if (collector && !made.headers.empty() && !to.tls && !to.on_this_machine()) {
    tracing.complain("headers", "go to an endpoint with https://, or on this machine");
  }
  if (collector && !made.ca.empty() && !to.tls) {
    tracing.complain("ca", "is for an endpoint with https://");
  }
  options.tracing = std::move(made);
}

void read_rollout(ConfigSection rollout, RolloutTimes& times) {
  const auto stage = [&](const char* name, std::chrono::seconds fallback) {
    return std::chrono::duration_cast<std::chrono::seconds>(rollout.duration(
        name, {.min = std::chrono::seconds(1), .max = hours(24 * 7), .fallback = fallback}));
  };
  times.shadow = stage("shadow", times.shadow);
  times.canary = stage("canary", times.canary);
  times.everywhere = stage("everywhere", times.everywhere);
}

void read_prices(ConfigSection prices, ControllerOptions& options) {
  constexpr double k_price_max = 1000;
  const auto known = [&](ConfigSection& section, std::string_view field, const std::string& name) {
    if (std::ranges::find(options.regions, RegionName(name)) != options.regions.end()) return;
    section.complain(field, in_quotes(name) + " is none of the mesh's regions");
  };
  options.prices.per_gb =
      prices.number("egress_per_gb", {.min = 0, .max = k_price_max, .fallback = 0.0});
  ConfigSection leaving = prices.section("egress_from");
  for (const std::string& region : leaving.keys()) {
    known(leaving, region, region);
    options.prices.leaving.emplace(RegionName(region),
                                   leaving.number(region, {.min = 0, .max = k_price_max}));
  }
  for (ConfigSection& pair : prices.sections("pairs")) {
    TransferPrices::Pair row{.from = RegionName(pair.text("from")),
                             .to = RegionName(pair.text("to")),
                             .per_gb = pair.number("per_gb", {.min = 0, .max = k_price_max})};
    known(pair, "from", row.from.value());
    known(pair, "to", row.to.value());
    options.prices.pairs.push_back(std::move(row));
  }
}

}  // namespace

Result<ControllerOptions> read_controller_options(Config& config) {
  ConfigSection root = config.root();
  ControllerOptions options;
  options.mesh = root.text("mesh");
  if (!options.mesh.empty() && !valid_name(options.mesh, false)) {
    root.complain("mesh", "must be 1 to 200 characters of a-z 0-9 - . _");
  }
  options.state_dir = root.text("state_dir", "/var/lib/weir-controller");
  options.store =
      root.choice<ControllerOptions::StoreKind>("store",
                                                {{"rocksdb", ControllerOptions::StoreKind::rocksdb},
                                                 {"memory", ControllerOptions::StoreKind::memory}},
                                                ControllerOptions::StoreKind::rocksdb);
  read_tunnel(root, options);
  options.overlay = root.prefix("overlay", *IpPrefix::parse("10.90.0.0/16"));
  if (!options.overlay.address().is_v4() || options.overlay.length() < 8 ||
      options.overlay.length() > 29) {
    root.complain("overlay", "must be an IPv4 prefix with a length from 8 to 29");
  }
  read_admin(root, options);
  options.metrics = root.section("metrics").optional_endpoint("listen");
  ConfigSection log = root.section("log");
  options.log_level = log.choice<LogLevel>("level",
                                           {{"debug", LogLevel::debug},
                                            {"info", LogLevel::info},
                                            {"warn", LogLevel::warn},
                                            {"error", LogLevel::error}},
                                           LogLevel::info);
  options.log_format = log.choice<LogFormat>(
      "format", {{"text", LogFormat::text}, {"json", LogFormat::json}}, LogFormat::text);
  options.certificate_lifetime =
      root.section("certificates")
          .duration("lifetime", {.min = minutes(1), .max = hours(24 * 365), .fallback = hours(24)});
  read_regions(root, options);
  read_locations(root.section("locations"), options);
  read_web(root.section("web"), options);
  read_tracing(root.section("tracing"), options);
  read_prices(root.section("prices"), options);
  read_rollout(root.section("rollout"), options.rollout);
  options.services = read_services(root, options.regions);
  WEIR_TRY(config.finish());
  return options;
}

}  // namespace weir::controller
