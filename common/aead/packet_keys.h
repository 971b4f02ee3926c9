#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "common/aead/aead_kernel.h"
#include "common/crypto/aead.h"
#include "common/crypto/keys.h"

namespace weir {

struct VectorKernel;

/// A packet that lies where it is to be sealed: `size` bytes of text at `text`, and behind them
/// room for the tag. Any alignment.
struct PacketToSeal {
  std::uint64_t counter = 0;  ///< never twice under one key
  std::uint8_t* text = nullptr;
  std::size_t size = 0;  ///< without the tag
};

/// A sealed packet, opened where it lies.
struct PacketToOpen {
  std::uint64_t counter = 0;
  std::uint8_t* text = nullptr;
  std::size_t size = 0;  ///< without the tag, which lies behind
  bool genuine = false;  ///< the answer; when false, the text holds nothing of use
};

/// ChaCha20-Poly1305 (RFC 8439) of the tunnel's packets, one key, sealing: the nonce is 32 zero
/// bits and the counter in little-endian, there is no associated data.
///
///   cost     construction copies the key; no allocation per packet. A batch shares vector passes:
///            eight packets of 64 bytes cost less than three alone. docs/tunnel-performance.md
///   thread   one at a time
class PacketSealKey {
 public:
  /// `kernel` is one of `aead_kernels()`.
  explicit PacketSealKey(const SecretKey& key, AeadKernel kernel = best_aead_kernel());

  /// Any number of packets of at most 65535 bytes, which do not overlap.
  void seal_many(std::span<const PacketToSeal> packets);
  void seal(const PacketToSeal& packet) { seal_many({&packet, 1}); }

 private:
  const VectorKernel* const kernel_;  ///< none for evp
  SecretKey key_;
  std::optional<SealKey> evp_;
};

/// The other direction. Same costs. Time depends on counters, sizes and verdicts alone.
class PacketOpenKey {
 public:
  explicit PacketOpenKey(const SecretKey& key, AeadKernel kernel = best_aead_kernel());

  /// Fills in `genuine` of each.
  void open_many(std::span<PacketToOpen> packets);
  [[nodiscard]] bool open(PacketToOpen packet) {
    open_many({&packet, 1});
    return packet.genuine;
  }

 private:
  const VectorKernel* const kernel_;
  SecretKey key_;
  std::optional<OpenKey> evp_;
};

}  // namespace weir
