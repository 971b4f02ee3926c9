#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/findings/findings.h"

namespace weir::cli {

/// What an agent or a controller needs of the machine it is to run on.
struct MachineNeeds {
  std::string state_dir = "/var/lib/weir-agent";
  std::uint16_t tunnel_port = 51820;
  std::string tun_device = "/dev/net/tun";
};

/// What is wrong with this machine, before anything of Weir runs on it. Asks the kernel; leaves
/// nothing behind.
std::vector<Finding> findings_of(const MachineNeeds& needs);

}  // namespace weir::cli
