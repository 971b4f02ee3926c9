#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/revision.h"
#include "common/net/ip.h"
#include "common/tunnel_kernel/open_tunnel.h"
#include "controller/enrol/values.h"

namespace weir::controller {

/// The controller's end of the mesh: a tunnel with its overlay and bootstrap addresses, and who may
/// come through it. Each call blocks for the tunnel's worker or the kernel, well under a
/// millisecond as a rule; one thread at a time.
class MeshTunnel {
 public:
  struct Options {
    TunnelDecision decision;
    TunnelOptions tunnel;
    PrivateKey key;
    IpAddress overlay;
    IpPrefix overlay_prefix;
  };

  /// When it returns, both addresses can be bound. Errors: as open_tunnel and LinkConfig.
  static Result<std::unique_ptr<MeshTunnel>> create(Options options);

  /// An agent may send from its overlay address, the holder of an open token from its bootstrap
  /// address and to the controller's alone, nobody from anything else. Nothing happens when nothing
  /// changed.
  Status apply(const std::vector<MeshPeer>& agents, const std::vector<BootstrapPeer>& tokens);

  /// Where each peer's last authenticated packet came from.
  Result<std::map<PublicKey, Endpoint>> seen() const;

  TunnelCounters counters() const { return device_->counters(); }

 private:
  MeshTunnel(PrivateKey key, std::uint16_t port, std::unique_ptr<TunnelBackend> device)
      : key_(key), port_(port), device_(std::move(device)) {}

  const PrivateKey key_;
  const std::uint16_t port_;
  const std::unique_ptr<TunnelBackend> device_;
};

}  // namespace weir::controller
