#pragma once

#include "common/base/bytes.h"
#include "common/crypto/blake2s.h"
#include "common/crypto/x25519.h"

namespace weir {

/// What both ends of a Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s handshake agree on so far: the
/// chaining key, the hash of the transcript and the key for the next encryption.
///
///     <- s                       both know the responder's static key
///     -> e, es, s, ss, {payload}   initiation
///     <- e, ee, se, psk, {payload} response
///
/// A plain value, 96 secret bytes, wiped when destroyed. Every key encrypts once, with nonce 0.
class NoiseState {
 public:
  /// `prologue` is what both ends must have agreed on beforehand.
  explicit NoiseState(ByteView prologue);
  /// WireGuard's own prologue.
  static NoiseState wireguard();

  void mix_hash(ByteView data);
  void mix_key(ByteView secret);
  void mix_ephemeral(const PublicKey& key);
  void mix_psk(const PresharedKey& key);
  /// Encrypts `plain` to plain.size() + 16 bytes at `out`, and mixes those into the transcript.
  void seal(ByteView plain, std::uint8_t* out);
  /// The reverse: writes sealed.size() - 16 bytes. False when not authentic.
  [[nodiscard]] bool open(ByteView sealed, std::uint8_t* out);

  /// The transport keys: what the initiator seals with, and what the responder seals with.
  struct Keys {
    SecretKey initiator;
    SecretKey responder;
  };
  Keys split() const;
  const SecretKey& transcript() const { return hash_; }

 private:
  SecretKey chaining_;
  SecretKey hash_;
  SecretKey key_;
};

/// Sizes of the two messages around their payloads.
inline constexpr std::size_t k_noise_first_size = 32 + 48 + 16;
inline constexpr std::size_t k_noise_second_size = 32 + 16;

/// The initiator's first message, k_noise_first_size + payload bytes, at `out`. `state` is fresh;
/// `static_static` is agree(own static, theirs). False when `theirs` is a low-order point.
[[nodiscard]] bool noise_write_first(NoiseState& state, const X25519KeyPair& ephemeral,
                                     const PublicKey& own, const PublicKey& theirs,
                                     const SecretKey& static_static, ByteView payload,
                                     std::uint8_t* out);

/// Who speaks in a first message; filled by the first half of reading it.
struct NoiseInitiator {
  PublicKey identity{};
  PublicKey ephemeral{};
};

/// The responder reads the first message in two halves, because what comes between is the look-up
/// of the initiator. False when not authentic; `state` is then of no use.
[[nodiscard]] bool noise_read_identity(NoiseState& state, const X25519KeyPair& own,
                                       ByteView message, NoiseInitiator& from);
[[nodiscard]] bool noise_read_payload(NoiseState& state, const SecretKey& static_static,
                                      ByteView message, std::uint8_t* payload);

/// The responder's message, k_noise_second_size + payload bytes, at `out`. False when one of the
/// initiator's keys is a low-order point.
[[nodiscard]] bool noise_write_second(NoiseState& state, const X25519KeyPair& ephemeral,
                                      const NoiseInitiator& to, const PresharedKey& psk,
                                      ByteView payload, std::uint8_t* out);
/// The initiator reads it: writes the payload. False when not authentic.
[[nodiscard]] bool noise_read_second(NoiseState& state, const X25519KeyPair& ephemeral,
                                     const X25519KeyPair& own, const PresharedKey& psk,
                                     ByteView message, std::uint8_t* payload);

}  // namespace weir
