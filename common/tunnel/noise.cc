#include "common/tunnel/noise.h"

#include <algorithm>

#include "common/crypto/aead.h"

namespace weir {
namespace {

constexpr std::string_view k_protocol = "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s";
constexpr std::string_view k_wireguard = "WireGuard v1 zx2c4 Jason@zx2c4.com";

constexpr std::size_t k_key = 32;
constexpr std::size_t k_sealed_key = k_key + k_aead_tag_size;

PublicKey take_key(ByteView bytes) {
  PublicKey key{};
  std::copy_n(bytes.begin(), key.size(), key.begin());
  return key;
}

}  // namespace

NoiseState::NoiseState(ByteView prologue)
    : chaining_(blake2s({as_bytes(k_protocol)})), hash_(blake2s({chaining_.bytes(), prologue})) {}

NoiseState NoiseState::wireguard() { return NoiseState(as_bytes(k_wireguard)); }

void NoiseState::mix_hash(ByteView data) { hash_ = blake2s({hash_.bytes(), data}); }

void NoiseState::mix_key(ByteView secret) { blake2s_kdf(chaining_, secret, {&chaining_, &key_}); }

void NoiseState::mix_ephemeral(const PublicKey& key) {
  mix_hash(key);
  mix_key(key);  // the psk modifier has the ephemeral key in both
}

void NoiseState::mix_psk(const PresharedKey& key) {
  SecretKey hashed;
  blake2s_kdf(chaining_, key.bytes(), {&chaining_, &hashed, &key_});
  mix_hash(hashed.bytes());
}

void NoiseState::seal(ByteView plain, std::uint8_t* out) {
  const std::size_t size = plain.size() + k_aead_tag_size;
  SealKey(key_).seal(0, hash_.bytes(), plain, out);
  mix_hash({out, size});
}

bool NoiseState::open(ByteView sealed, std::uint8_t* out) {
  const SecretKey before = hash_;
  mix_hash(sealed);
  return OpenKey(key_).open(0, before.bytes(), sealed, out);
}

NoiseState::Keys NoiseState::split() const {
  Keys keys;
  blake2s_kdf(chaining_, {}, {&keys.initiator, &keys.responder});
  return keys;
}

bool noise_write_first(NoiseState& state, const X25519KeyPair& ephemeral, const PublicKey& own,
                       const PublicKey& theirs, const SecretKey& static_static, ByteView payload,
                       std::uint8_t* out) {
  const SharedSecret es = ephemeral.agree(theirs);
  if (!es) return false;
  state.mix_hash(theirs);
  state.mix_ephemeral(ephemeral.public_key());
  std::ranges::copy(ephemeral.public_key(), out);
  state.mix_key(es->bytes());
  state.seal(own, out + k_key);
  state.mix_key(static_static.bytes());
  state.seal(payload, out + k_key + k_sealed_key);
  return true;
}

bool noise_read_identity(NoiseState& state, const X25519KeyPair& own, ByteView message,
                         NoiseInitiator& from) {
  if (message.size() < k_noise_first_size) return false;
  from.ephemeral = take_key(message);
  const SharedSecret es = own.agree(from.ephemeral);
  if (!es) return false;
  state.mix_hash(own.public_key());
  state.mix_ephemeral(from.ephemeral);
  state.mix_key(es->bytes());
  return state.open(message.subspan(k_key, k_sealed_key), from.identity.data());
}

bool noise_read_payload(NoiseState& state, const SecretKey& static_static, ByteView message,
                        std::uint8_t* payload) {
  state.mix_key(static_static.bytes());
  return state.open(message.subspan(k_key + k_sealed_key), payload);
}

bool noise_write_second(NoiseState& state, const X25519KeyPair& ephemeral, const NoiseInitiator& to,
                        const PresharedKey& psk, ByteView payload, std::uint8_t* out) {
  const SharedSecret ee = ephemeral.agree(to.ephemeral);
  const SharedSecret se = ephemeral.agree(to.identity);
  if (!ee || !se) return false;
  state.mix_ephemeral(ephemeral.public_key());
  std::ranges::copy(ephemeral.public_key(), out);
  state.mix_key(ee->bytes());
  state.mix_key(se->bytes());
  state.mix_psk(psk);
  state.seal(payload, out + k_key);
  return true;
}

bool noise_read_second(NoiseState& state, const X25519KeyPair& ephemeral, const X25519KeyPair& own,
                       const PresharedKey& psk, ByteView message, std::uint8_t* payload) {
  if (message.size() < k_noise_second_size) return false;
  const PublicKey theirs = take_key(message);
  const SharedSecret ee = ephemeral.agree(theirs);
  const SharedSecret se = own.agree(theirs);
  if (!ee || !se) return false;
  state.mix_ephemeral(theirs);
  state.mix_key(ee->bytes());
  state.mix_key(se->bytes());
  state.mix_psk(psk);
  return state.open(message.subspan(k_key), payload);
}

}  // namespace weir
