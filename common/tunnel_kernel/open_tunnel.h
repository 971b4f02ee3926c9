#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/tunnel/backend.h"

namespace weir {

/// Who is to do WireGuard's work.
enum class TunnelChoice {
  automatic,  ///< the kernel where it can, else the engine in this process
  kernel,
  embedded,
};

enum class TunnelKind { kernel, embedded };

/// "kernel" or "embedded", as in the configuration.
std::string_view tunnel_kind_name(TunnelKind kind);

/// Which one it is, and why: for the log, metrics and whoever asks.
struct TunnelDecision {
  TunnelKind kind = TunnelKind::embedded;
  std::string reason;
};

/// Decides by trying: makes a WireGuard interface in the kernel and takes it away again. With
/// `filtering` the kernel has to be able to drop packets by source as well, which the controller
/// needs for peers with `only_destination`. Blocks for some milliseconds; a first try may load
/// the kernel's module.
TunnelDecision decide_tunnel(TunnelChoice choice, bool filtering);

/// Opens the tunnel decided on. Errors: those of TunnelDevice::create and KernelTunnel::create.
Result<std::unique_ptr<TunnelBackend>> open_tunnel(const TunnelDecision& decision,
                                                   TunnelOptions options, bool filtering);

}  // namespace weir
