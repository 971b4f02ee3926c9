#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/model/service_config.h"
#include "common/model/transfer_prices.h"
#include "common/net/ip.h"
#include "common/obs/log.h"
#include "controller/api/caller.h"
#include "controller/steer/rollout.h"

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

  std::string mesh;
  std::string state_dir;
  StoreKind store = StoreKind::rocksdb;
  std::string interface;
  std::uint16_t listen_port = 0;
  std::uint32_t mtu = 1420;
  Endpoint public_endpoint;
  IpPrefix overlay;
  std::string admin_socket;
  std::optional<Tcp> admin_tcp;
  CertificateRoles certificate_roles;  // of admin_tcp
  std::optional<Endpoint> metrics;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  std::chrono::milliseconds certificate_lifetime{0};
  std::vector<RegionName> regions;
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
