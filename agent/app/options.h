#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/net/ip.h"
#include "common/obs/log.h"
#include "common/tunnel_kernel/tunnel_settings.h"

namespace weir::agent {

/// The agent's configuration file, checked. `docs/configuration.md` lists every field.
struct AgentOptions {
  std::filesystem::path state_dir;

  TunnelSettings tunnel;
  std::optional<Endpoint> public_endpoint;  // where other agents reach us; none: they see it

  std::filesystem::path endpoints_file;
  std::filesystem::path exec_dir;  // of the programs health checks may run; empty: none
  IpAddress gateway_listen;
  unsigned gateway_workers = 1;
  std::optional<Endpoint> metrics;

  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
};

/// Reads everything and finishes `config`. Errors: as Config::finish, all complaints at once.
Result<AgentOptions> read_agent_options(Config& config);

/// Options and the text of `check-config`.
struct LoadedOptions {
  AgentOptions options;
  std::string effective;
};

/// Errors: as Config::load and Config::finish, all complaints at once.
Result<LoadedOptions> load_options(const std::filesystem::path& file);

}  // namespace weir::agent
