#include "common/tunnel_kernel/open_tunnel.h"

#include <utility>

#include "common/tunnel/device.h"
#include "common/tunnel_kernel/kernel_tunnel.h"

namespace weir {

std::string_view tunnel_kind_name(TunnelKind kind) {
  return kind == TunnelKind::kernel ? "kernel" : "embedded";
}

TunnelDecision decide_tunnel(TunnelChoice choice, bool filtering) {
  if (choice == TunnelChoice::kernel) return {TunnelKind::kernel, "tunnel.backend is kernel"};
  if (choice == TunnelChoice::embedded) return {TunnelKind::embedded, "tunnel.backend is embedded"};
  const Status can = probe_kernel_wireguard(filtering);
  if (can) return {TunnelKind::kernel, "the kernel made a WireGuard interface when tried"};
  return {TunnelKind::embedded, can.error().message()};
}

Result<std::unique_ptr<TunnelBackend>> open_tunnel(const TunnelDecision& decision,
                                                   TunnelOptions options, bool filtering) {
  if (decision.kind == TunnelKind::kernel) {
    WEIR_ASSIGN(made, KernelTunnel::create(std::move(options), filtering));
    return std::unique_ptr<TunnelBackend>(std::move(made));
  }
  WEIR_TRY(remove_left_behind(options.interface));
  WEIR_ASSIGN(made, TunnelDevice::create(std::move(options)));
  return std::unique_ptr<TunnelBackend>(std::move(made));
}

}  // namespace weir
