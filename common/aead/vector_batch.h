#pragma once

// Only for sources of common/aead: how a batch of packets becomes passes of a vector kernel.

#include <cstdint>
#include <span>

#include "common/aead/packet_keys.h"

namespace weir {

inline constexpr std::size_t k_chacha_block = 64;

/// The blocks of keystream of one pass, and what becomes of each. Words 12, 14 and 15 of a block
/// lie as vectors take them (RFC 8439 section 2.3; word 13 is 0).
struct StreamLanes {
  static constexpr std::size_t k_max = 16;
  enum class Use : std::uint8_t { none, store, exclusive_or };

  alignas(64) std::uint32_t block[k_max];
  alignas(64) std::uint32_t counter_low[k_max];
  alignas(64) std::uint32_t counter_high[k_max];
  std::uint8_t* to[k_max];
  std::uint8_t size[k_max];  ///< of the text at `to`, 1..64; `store` writes 64
  Use use[k_max];            ///< `none` behind the used lanes
};

/// One text to authenticate: Poly1305 over it, zeros to a multiple of 16, and its length.
struct MacJob {
  const std::uint8_t* text;
  std::size_t size;
  const std::uint8_t* key;  ///< 32 bytes: r, not yet clamped, and s
  std::uint8_t* tag;        ///< 16 bytes
};

/// For arrays of which only what was written is read: the hardened build would clear them.
#define WEIR_AEAD_UNINITIALIZED __attribute__((uninitialized))

/// The two computations of a kernel.
struct VectorKernel {
  std::size_t lanes;  ///< in a pass of `stream`
  /// The first `used` lanes; `key` has 32 bytes.
  void (*stream)(const std::uint8_t* key, const StreamLanes& lanes, std::size_t used);
  void (*mac)(const MacJob* jobs, std::size_t count);
  /// XORs up to 64 bytes of `keystream` into `text`.
  void (*exclusive_or)(std::uint8_t* text, std::size_t size, const std::uint8_t* keystream);
};

/// Null where the compiler's target has no such instructions.
const VectorKernel* avx2_kernel();
const VectorKernel* avx512_kernel();
const VectorKernel* ifma_kernel();

void vector_seal(const VectorKernel& kernel, const SecretKey& key,
                 std::span<const PacketToSeal> packets);
void vector_open(const VectorKernel& kernel, const SecretKey& key, std::span<PacketToOpen> packets);

}  // namespace weir
