#pragma once

// Only for the kernels of common/aead, which define WEIR_AEAD_TARGET first, and a field `F`:
// vectors of numbers modulo 2^130 - 5 in limbs, one number a lane.
//
// Poly1305 (RFC 8439 section 2.5) is a polynomial in r whose coefficients are the blocks of 16
// bytes, each with a bit of 2^128, and here always whole: the AEAD pads with zeros, and the lengths
// are one block more. Blocks lie over lanes, W a step, everything times r^W; at the end each lane
// is multiplied with its own power r^L..r^1 (Horner's rule with a stride; Goll and Gueron,
// "Vectorization of Poly1305 Message Authentication Code", 2015). The powers of up to L keys are
// computed side by side.
//
// The polynomial is aligned at its end: terms that are missing for a whole step are zero and come
// first, where they change nothing. So no text has a tail of its own.

#include <cstdint>
#include <cstring>

#include "common/aead/kernel_target.h"
#include "common/aead/vector_batch.h"

namespace weir {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr std::size_t k_mac_block = 16;
/// Blocks of the longest text that is done in 64-bit words even beside others.
constexpr std::size_t k_alone_blocks = 20;

WEIR_AEAD_INLINE std::uint64_t word_at(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, 8);
  return word;
}

/// RFC 8439 section 2.5: some bits of r are always zero.
WEIR_AEAD_INLINE void put_clamped(const std::uint8_t* key, std::uint8_t* r) {
  const std::uint64_t words[2] = {word_at(key) & 0x0ffffffc0fffffffULL,
                                  word_at(key + 8) & 0x0ffffffc0ffffffcULL};
  std::memcpy(r, words, sizeof(words));
}

/// What is left of a sum in 64-bit words w[0..2], modulo 2^130 - 5, plus s.
WEIR_AEAD_INLINE void finish_tag(std::uint64_t w0, std::uint64_t w1, std::uint64_t w2,
                                 const std::uint8_t* s, std::uint8_t* tag) {
  // 2^130 is 5: twice, since the first may carry over it again.
  for (int i = 0; i < 2; ++i) {
    Uint128 sum = Uint128{w0} + (w2 >> 2) * 5;
    w0 = static_cast<std::uint64_t>(sum);
    sum = Uint128{w1} + static_cast<std::uint64_t>(sum >> 64);
    w1 = static_cast<std::uint64_t>(sum);
    w2 = (w2 & 3) + static_cast<std::uint64_t>(sum >> 64);
  }
  // Less 2^130 - 5 when it is not below: adding 5 then carries into 2^130. A mask, not a branch.
  Uint128 sum = Uint128{w0} + 5;
  const auto less0 = static_cast<std::uint64_t>(sum);
  sum = Uint128{w1} + static_cast<std::uint64_t>(sum >> 64);
  const auto less1 = static_cast<std::uint64_t>(sum);
  const std::uint64_t over = (w2 + static_cast<std::uint64_t>(sum >> 64)) >> 2;
  const std::uint64_t mask = std::uint64_t{0} - (over & 1);
  w0 = (w0 & ~mask) | (less0 & mask);
  w1 = (w1 & ~mask) | (less1 & mask);
  sum = Uint128{w0} + word_at(s);
  const auto tag0 = static_cast<std::uint64_t>(sum);
  const std::uint64_t words[2] = {tag0,
                                  w1 + word_at(s + 8) + static_cast<std::uint64_t>(sum >> 64)};
  std::memcpy(tag, words, sizeof(words));
}

/// Clears a secret on the stack, in a way the compiler keeps.
WEIR_AEAD_INLINE void forget(void* secret, std::size_t size) {
  std::memset(secret, 0, size);
  asm volatile("" : : "r"(secret) : "memory");
}

WEIR_AEAD_INLINE std::size_t blocks_of(const MacJob& job) {
  return (job.size + k_mac_block - 1) / k_mac_block + 1;
}

/// One short text, in words of 64 bits: shorter than filling and emptying vectors, and the
/// processor overlaps it with the next one. r has at most 60 bits in each word and the low two of
/// the second are zero, so what is beyond 2^130 comes in as h1 * (r1 / 4 * 5), and products fit
/// into 128 bits with room for their sums.
WEIR_AEAD_FUNCTION inline void mac_alone(const MacJob& job) {
  std::uint64_t r[2];
  put_clamped(job.key, reinterpret_cast<std::uint8_t*>(r));
  const std::uint64_t s1 = r[1] + (r[1] >> 2);
  std::uint64_t h[3] = {0, 0, 0};
  const std::size_t blocks = blocks_of(job);
  for (std::size_t i = 0; i < blocks; ++i) {
    std::uint64_t block[2] = {0, job.size};
    const std::size_t at = i * k_mac_block;
    if (at + k_mac_block <= job.size) {
      std::memcpy(block, job.text + at, k_mac_block);
    } else if (at < job.size) {
      block[1] = 0;
      std::memcpy(block, job.text + at, job.size - at);
    }
    Uint128 sum = Uint128{h[0]} + block[0];
    h[0] = static_cast<std::uint64_t>(sum);
    sum = Uint128{h[1]} + block[1] + static_cast<std::uint64_t>(sum >> 64);
    h[1] = static_cast<std::uint64_t>(sum);
    h[2] += 1 + static_cast<std::uint64_t>(sum >> 64);

    const Uint128 low = Uint128{h[0]} * r[0] + Uint128{h[1]} * s1;
    const Uint128 high = Uint128{h[0]} * r[1] + Uint128{h[1]} * r[0] + Uint128{h[2] * s1} +
                         static_cast<std::uint64_t>(low >> 64);
    const std::uint64_t top = h[2] * r[0] + static_cast<std::uint64_t>(high >> 64);
    sum = Uint128{static_cast<std::uint64_t>(low)} + (top & ~std::uint64_t{3}) + (top >> 2);
    h[0] = static_cast<std::uint64_t>(sum);
    sum = Uint128{static_cast<std::uint64_t>(high)} + static_cast<std::uint64_t>(sum >> 64);
    h[1] = static_cast<std::uint64_t>(sum);
    h[2] = (top & 3) + static_cast<std::uint64_t>(sum >> 64);
  }
  finish_tag(h[0], h[1], h[2], job.key + 16, job.tag);
}

/// The powers that `mac_over_lanes` needs, of one r a lane: r^1 to r^L and r^W.
template <class F>
struct Powers {
  static constexpr std::size_t k_wide = F::k_lanes * F::k_chains;
  alignas(64) std::uint64_t of[F::k_lanes + 1][F::k_limbs][F::k_lanes];
};

/// `r` holds the 16 bytes of each lane.
template <class F>
WEIR_AEAD_FUNCTION void make_powers(const std::uint8_t* r, Powers<F>& powers) {
  const typename F::Element one = F::load(r, F::no_high());
  const typename F::Factor factor = F::factor(one);
  typename F::Element last = one;
  F::store(one, powers.of[0]);
  // Up to half by r, the rest by the half: so half of them do not wait for each other.
  WEIR_AEAD_UNROLL
  for (std::size_t k = 1; k < F::k_lanes / 2; ++k) {
    last = F::mul(last, factor);
    F::store(last, powers.of[k]);
  }
  const typename F::Factor half = F::factor(last);
  WEIR_AEAD_UNROLL
  for (std::size_t k = 0; k < F::k_lanes / 2; ++k) {
    last = F::mul(F::read(powers.of[k]), half);
    F::store(last, powers.of[F::k_lanes / 2 + k]);
  }
  if constexpr (F::k_chains == 2) last = F::mul(last, F::factor(last));
  F::store(last, powers.of[F::k_lanes]);
}

/// One text, its blocks over the lanes. `lane` is where its r was in `make_powers`.
template <class F>
WEIR_AEAD_FUNCTION void mac_over_lanes(const MacJob& job, const Powers<F>& powers,
                                       std::size_t lane) {
  using Element = typename F::Element;
  constexpr std::size_t k_wide = Powers<F>::k_wide;
  constexpr std::size_t k_vector = F::k_lanes * k_mac_block;
  const std::size_t blocks = blocks_of(job);
  const std::size_t steps = (blocks + k_wide - 1) / k_wide;
  const std::size_t absent = steps * k_wide - blocks;

  // The first and the last step are assembled; all between lies in the text.
  static_assert(k_alone_blocks >= k_wide, "the first step must not be the last");
  alignas(64) WEIR_AEAD_UNINITIALIZED std::uint8_t edge[k_wide * k_mac_block];
  WEIR_AEAD_UNINITIALIZED Element sum[F::k_chains];
  std::size_t at = sizeof(edge) - absent * k_mac_block;
  std::memset(edge, 0, sizeof(edge));
  std::memcpy(edge + absent * k_mac_block, job.text, at);
  WEIR_AEAD_UNROLL
  for (std::size_t c = 0; c < F::k_chains; ++c) {
    sum[c] = F::load(edge + c * k_vector, F::high_from(absent, c * F::k_lanes));
  }
  const typename F::Factor stride = F::factor(F::all(powers.of[F::k_lanes], lane));
  for (std::size_t i = 2; i < steps; ++i) {
    WEIR_AEAD_UNROLL
    for (std::size_t c = 0; c < F::k_chains; ++c) {
      sum[c] = F::add(F::mul(sum[c], stride), F::load(job.text + at + c * k_vector, F::all_high()));
    }
    at += k_wide * k_mac_block;
  }
  const std::uint64_t length = job.size;
  std::memset(edge, 0, sizeof(edge));
  std::memcpy(edge, job.text + at, job.size - at);
  std::memcpy(edge + sizeof(edge) - 8, &length, 8);
  WEIR_AEAD_UNROLL
  for (std::size_t c = 0; c < F::k_chains; ++c) {
    sum[c] = F::add(F::mul(sum[c], stride), F::load(edge + c * k_vector, F::all_high()));
  }
  if constexpr (F::k_chains == 2) {
    const typename F::Factor r_lanes = F::factor(F::all(powers.of[F::k_lanes - 1], lane));
    sum[0] = F::add(F::mul(sum[0], r_lanes), sum[1]);
  }

  alignas(64) WEIR_AEAD_UNINITIALIZED std::uint64_t limbs[F::k_limbs][F::k_lanes];
  WEIR_AEAD_UNROLL
  for (std::size_t limb = 0; limb < F::k_limbs; ++limb) {
    WEIR_AEAD_UNROLL
    for (std::size_t block = 0; block < F::k_lanes; ++block) {
      limbs[limb][F::position(block)] = powers.of[F::k_lanes - 1 - block][limb][lane];
    }
  }
  F::store(F::mul(sum[0], F::factor(F::read(limbs))), limbs);
  WEIR_AEAD_UNINITIALIZED std::uint64_t total[F::k_limbs];
  WEIR_AEAD_UNROLL
  for (std::size_t limb = 0; limb < F::k_limbs; ++limb) {
    total[limb] = 0;
    WEIR_AEAD_UNROLL
    for (std::size_t i = 0; i < F::k_lanes; ++i) total[limb] += limbs[limb][i];
  }
  F::finish(total, job.key + 16, job.tag);
  forget(limbs, sizeof(limbs));
}

/// Up to k_lanes texts with their blocks over the lanes.
template <class F>
WEIR_AEAD_FUNCTION void mac_one_by_one(const MacJob* const* jobs, std::size_t count) {
  alignas(64) std::uint8_t r[F::k_lanes][k_mac_block] = {};
  for (std::size_t i = 0; i < count; ++i) put_clamped(jobs[i]->key, r[i]);
  WEIR_AEAD_UNINITIALIZED Powers<F> powers;
  make_powers<F>(r[0], powers);
  for (std::size_t i = 0; i < count; ++i) mac_over_lanes<F>(*jobs[i], powers, F::position(i));
  forget(r, sizeof(r));
  forget(&powers, sizeof(powers));
}

template <class F>
WEIR_AEAD_FUNCTION void mac_all(const MacJob* jobs, std::size_t count) {
  // Powers for one text cost as much as for all lanes.
  const std::size_t alone_max = count == 1 ? 2 * k_alone_blocks : k_alone_blocks;
  WEIR_AEAD_UNINITIALIZED const MacJob* over_lanes[F::k_lanes];
  std::size_t over = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (blocks_of(jobs[i]) <= alone_max) {
      mac_alone(jobs[i]);
      continue;
    }
    over_lanes[over++] = &jobs[i];
    if (over == F::k_lanes) {
      mac_one_by_one<F>(over_lanes, over);
      over = 0;
    }
  }
  if (over > 0) mac_one_by_one<F>(over_lanes, over);
}

}  // namespace
}  // namespace weir
