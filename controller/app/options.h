#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/model/service_config.h"
#include "common/model/transfer_prices.h"
#include "common/net/ip.h"
#include "common/obs/log.h"
#include "common/tunnel_kernel/tunnel_settings.h"
#include "controller/api/caller.h"
#include "controller/steer/rollout.h"
#include "controller/trace/collector.h"

namespace weir::controller {

/// controller.yaml, checked.
struct ControllerOptions {
  enum class StoreKind { rocksdb, memory };
  struct Tcp {
    Endpoint listen;
    std::string certificate;  // files, PEM
    std::string key;
    std::string client_ca;
  };

  /// Where a region is, in degrees.
  struct Location {
    double latitude = 0;
    double longitude = 0;
  };
  /// The dashboard.
  struct Web {
    Endpoint listen;
    std::string certificate;  // files, PEM; empty: without TLS
    std::string key;
    std::vector<std::string> hosts;         // further names browsers may use, with port
    std::string role_without_sign_in = {};  // empty: none
  };

  /// Traces of decisions.
  struct Tracing {
    Collector collector;
    double sample = 0;    // of decisions that change nothing
    std::string headers;  // files; empty: none
    std::string ca;       // PEM; empty: the system's
  };

  std::string mesh;
  std::string state_dir;
  StoreKind store = StoreKind::rocksdb;
  TunnelSettings tunnel;
  Endpoint public_endpoint;
  IpPrefix overlay;
  std::string admin_socket;
  std::optional<Tcp> admin_tcp;
  CertificateRoles certificate_roles;  // of admin_tcp
  std::optional<Endpoint> metrics;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  std::chrono::milliseconds certificate_lifetime{0};
  std::optional<Web> web;
  std::optional<Tracing> tracing;
  std::vector<RegionName> regions;
  std::map<RegionName, Location> locations;
  TransferPrices prices;
  RolloutTimes rollout;
  std::vector<ServiceConfig> services;
};

/// Reads and checks everything. Errors: invalid_argument with every complaint, a line each.
Result<ControllerOptions> read_controller_options(Config& config);

/// The services' part, by the names of the mesh's regions; complaints go to the sections.
std::vector<ServiceConfig> read_services(ConfigSection& root,
                                         const std::vector<RegionName>& regions);

}  // namespace weir::controller
