#include "agent/state/join_keys.h"

#include <algorithm>
#include <optional>
#include <string>

#include "agent/state/identity.h"
#include "agent/state/slot.h"
#include "common/crypto/p256.h"
#include "common/crypto/x25519.h"

namespace weir::agent {
namespace {

// One slot: token id, WireGuard key, PEM of the certificate's key.
constexpr const char* k_pending = "join.pending";
constexpr std::size_t k_pending_max = 65536;

std::optional<JoinKeys> load(const StateDir& directory) {
  auto bytes = directory.read(k_pending, k_pending_max);
  if (!bytes) return std::nullopt;
  const auto slot = decode_slot(*bytes);
  constexpr std::size_t fixed = sizeof(TokenId) + PrivateKey::k_size;
  if (!slot || slot->payload.size() <= fixed) return std::nullopt;
  JoinKeys keys;
  std::ranges::copy(slot->payload.subspan(sizeof(TokenId), PrivateKey::k_size),
                    keys.tunnel.writable().begin());
  keys.certificate_pem = SecretText(std::string(as_text(slot->payload.subspan(fixed))));
  wipe(*bytes);
  return keys;
}

Status save(const StateDir& directory, const TokenId& token, const JoinKeys& keys) {
  ByteVector payload(token.begin(), token.end());
  payload.insert(payload.end(), keys.tunnel.bytes().begin(), keys.tunnel.bytes().end());
  const auto pem = as_bytes(keys.certificate_pem.reveal());
  payload.insert(payload.end(), pem.begin(), pem.end());
  ByteVector bytes = encode_slot(1, payload);
  const Status saved = directory.replace(k_pending, bytes);
  wipe(payload);
  wipe(bytes);
  return saved;
}

JoinKeys make(const StateDir& directory, KeySource& source) {
  JoinKeys keys;
  if (const auto identity = load_identity(directory)) {
    keys.tunnel = identity->private_key;
  } else {
    source.fill(keys.tunnel.writable());
    clamp(keys.tunnel);
  }
  keys.certificate_pem = P256Key::generate().to_pem();
  return keys;
}

}  // namespace

Result<JoinKeys> begin_join(const StateDir& directory, const TokenId& token, KeySource& source) {
  auto begun = load(directory);
  const JoinKeys keys = begun ? *std::move(begun) : make(directory, source);
  WEIR_TRY(save(directory, token, keys));
  return keys;
}

Status end_join(const StateDir& directory) { return directory.remove(k_pending); }

}  // namespace weir::agent
