#pragma once

#include <cstdint>
#include <string>

#include "common/config/config.h"
#include "common/tunnel_kernel/open_tunnel.h"

namespace weir {

/// The section `tunnel` of a configuration file, as agent and controller both have it.
struct TunnelSettings {
  std::string interface = "weir0";
  TunnelChoice backend = TunnelChoice::automatic;
  std::uint16_t listen_port = 51820;
  std::uint32_t mtu = 1420;
  std::uint32_t tx_queue_length = TunnelOptions().tx_queue_length;
  Duration busy_poll = TunnelOptions().busy_poll;

  TunnelOptions options() const;
};

/// Complaints stay with the configuration (Config::finish).
TunnelSettings read_tunnel_settings(ConfigSection& tunnel);

}  // namespace weir
