#include "agent/state/identity.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/state/slot.h"
#include "common/model/codec.h"
#include "weir/state/v1/identity.pb.h"

namespace weir::agent {
namespace {

constexpr const char* k_file = "identity.pb";
constexpr std::size_t k_longest = 1U << 20U;

std::unexpected<Error> damaged(const std::string& what) {
  return fail(Code::data_loss,
              "the identity of this agent is damaged (" + what + "); join again with a new token");
}

}  // namespace

Result<Identity> load_identity(const StateDir& directory) {
  auto bytes = directory.read(k_file, k_longest);
  if (!bytes && bytes.error().code() == Code::not_found) {
    return fail(Code::not_found, "no identity in " + directory.path().string() +
                                     "; run: weir-agent join --token-file FILE --config FILE");
  }
  if (!bytes) return fail(std::move(bytes).error());
  const auto slot = decode_slot(*bytes);
  if (!slot) return damaged(slot.error().message());
  state::v1::Identity message;
  if (!message.ParseFromArray(slot->payload.data(), static_cast<int>(slot->payload.size()))) {
    return damaged("not an identity");
  }
  Identity identity;
  identity.mesh = message.mesh();
  const auto overlay = IpAddress::parse(message.self().overlay_address());
  const auto prefix = IpPrefix::parse(message.self().overlay_prefix());
  const auto controller = from_proto(message.controller());
  if (!overlay || !prefix || !controller) return damaged("an address does not parse");
  if (message.private_key().size() != PrivateKey::k_size) {
    return damaged("the WireGuard key is not 32 bytes");
  }
  identity.self = {AgentId(message.self().agent()), RegionName(message.self().region()),
                   ClusterName(message.self().cluster()), *overlay, *prefix};
  std::ranges::copy(as_bytes(message.private_key()), identity.private_key.writable().begin());
  identity.certificate_pem = message.certificate_pem();
  identity.certificate_key_pem = SecretText(message.certificate_key_pem());
  identity.ca_pem = message.ca_pem();
  identity.controller = *controller;
  wipe(*bytes);
  return identity;
}

Status save_identity(const StateDir& directory, const Identity& identity) {
  state::v1::Identity message;
  message.set_mesh(identity.mesh);
  message.mutable_self()->set_agent(identity.self.agent.value());
  message.mutable_self()->set_region(identity.self.region.value());
  message.mutable_self()->set_cluster(identity.self.cluster.value());
  message.mutable_self()->set_overlay_address(identity.self.overlay.to_string());
  message.mutable_self()->set_overlay_prefix(identity.self.overlay_prefix.to_string());
  message.set_private_key(identity.private_key.bytes().data(), PrivateKey::k_size);
  message.set_certificate_pem(identity.certificate_pem);
  message.set_certificate_key_pem(identity.certificate_key_pem.reveal());
  message.set_ca_pem(identity.ca_pem);
  *message.mutable_controller() = to_proto(identity.controller);
  std::string payload = message.SerializeAsString();
  ByteVector bytes = encode_slot(1, as_bytes(payload));
  const Status saved = directory.replace(k_file, bytes);
  wipe({reinterpret_cast<std::uint8_t*>(payload.data()), payload.size()});
  wipe(bytes);
  return saved;
}

}  // namespace weir::agent
