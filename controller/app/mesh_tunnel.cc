#include "controller/app/mesh_tunnel.h"

#include <utility>

#include "common/join/join_token.h"
#include "common/tunnel/link_config.h"

namespace weir::controller {
namespace {

PeerConfig config_of(const MeshPeer& agent) {
  PeerConfig peer;
  peer.public_key = agent.public_key;
  peer.endpoint = agent.endpoint;
  // Of a controller that starts again this is the first sign: agents wait up to 15 s for an answer
  // within their old session before they try another.
  peer.persistent_keepalive = agent.keepalive;
  peer.allowed_ips = {IpPrefix::host(agent.overlay)};
  return peer;
}

PeerConfig config_of(const BootstrapPeer& token) {
  PeerConfig peer;
  peer.public_key = token.public_key;
  peer.allowed_ips = {IpPrefix::host(token.address)};
  peer.only_destination = bootstrap_controller_address();
  return peer;
}

}  // namespace

Result<std::unique_ptr<MeshTunnel>> MeshTunnel::create(Options options) {
  const std::uint16_t port = options.tunnel.listen_port;
  const std::string interface = options.tunnel.interface;
  // Holders of tokens may send to one address only.
  WEIR_ASSIGN(device, open_tunnel(options.decision, std::move(options.tunnel), true));
  std::unique_ptr<MeshTunnel> tunnel(new MeshTunnel(options.key, port, std::move(device)));
  WEIR_TRY(tunnel->apply({}, {}));

  WEIR_ASSIGN(link, LinkConfig::open(interface));
  WEIR_TRY(link.apply(
      {{.address = options.overlay, .prefix_length = 32},
       {.address = bootstrap_controller_address(), .prefix_length = bootstrap_prefix().length()}},
      {options.overlay_prefix}));
  return tunnel;
}

Status MeshTunnel::apply(const std::vector<MeshPeer>& agents,
                         const std::vector<BootstrapPeer>& tokens) {
  DeviceConfig config;
  config.private_key = key_;
  config.listen_port = port_;
  for (const MeshPeer& agent : agents) config.peers.push_back(config_of(agent));
  for (const BootstrapPeer& token : tokens) config.peers.push_back(config_of(token));
  return device_->apply(config);
}

Result<std::map<PublicKey, Endpoint>> MeshTunnel::seen() const {
  WEIR_ASSIGN(state, device_->state());
  std::map<PublicKey, Endpoint> endpoints;
  for (const PeerState& peer : state.device.peers) {
    if (peer.endpoint && peer.last_handshake) endpoints.emplace(peer.public_key, *peer.endpoint);
  }
  return endpoints;
}

}  // namespace weir::controller
