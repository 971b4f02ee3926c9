#include "agent/app/options.h"

#include "common/config/config.h"

namespace weir::agent {
namespace {

void read_tunnel(ConfigSection tunnel, AgentOptions& options) {
  options.tunnel = read_tunnel_settings(tunnel);
  options.public_endpoint = tunnel.optional_endpoint("public_endpoint");
}

void read_log(ConfigSection log, AgentOptions& options) {
  options.log_level = log.choice<LogLevel>("level",
                                           {{"debug", LogLevel::debug},
                                            {"info", LogLevel::info},
                                            {"warn", LogLevel::warn},
                                            {"error", LogLevel::error}},
                                           LogLevel::info);
  options.log_format = log.choice<LogFormat>(
      "format", {{"text", LogFormat::text}, {"json", LogFormat::json}}, LogFormat::text);
}

}  // namespace

Result<AgentOptions> read_agent_options(Config& config) {
  AgentOptions options;
  ConfigSection root = config.root();
  options.state_dir = root.text("state_dir", "/var/lib/weir-agent");
  read_tunnel(root.section("tunnel"), options);
  options.endpoints_file = root.section("discovery").text("file");
  ConfigSection health = root.section("health");
  options.exec_dir = health.text("exec_dir", "");
  if (!options.exec_dir.empty() && !options.exec_dir.is_absolute()) {
    health.complain("exec_dir", in_quotes(options.exec_dir.string()) +
                                    " must be an absolute path, of the folder with the programs of "
                                    "health checks");
  }
  ConfigSection gateway = root.section("gateway");
  options.gateway_listen = gateway.address("listen", IpAddress::v4(0x7f000001));
  options.gateway_workers =
      static_cast<unsigned>(gateway.integer("workers", {.min = 1, .max = 64, .fallback = 1}));
  options.metrics = root.section("metrics").optional_endpoint("listen");
  read_log(root.section("log"), options);
  WEIR_TRY(config.finish());
  return options;
}

Result<LoadedOptions> load_options(const std::filesystem::path& file) {
  WEIR_ASSIGN(config, Config::load(file));
  WEIR_ASSIGN(options, read_agent_options(config));
  return LoadedOptions{std::move(options), config.effective()};
}

}  // namespace weir::agent
