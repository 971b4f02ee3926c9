#pragma once

// Only for the kernels of common/aead, which define WEIR_AEAD_TARGET first.

#include <cstdint>
#include <cstring>

#include "common/aead/kernel_target.h"
#include "common/aead/vector_batch.h"

namespace weir {
namespace {

/// "expand 32-byte k", RFC 8439 section 2.3.
constexpr std::uint32_t k_chacha_words[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

WEIR_AEAD_INLINE std::uint32_t key_word(const std::uint8_t* key, int number) {
  std::uint32_t word = 0;
  std::memcpy(&word, key + 4 * number, 4);
  return word;
}

/// A quarter of the quarter rounds of RFC 8439 section 2.1, for the four columns (or diagonals)
/// side by side, since each waits for its own last result: word b + (i + shift) % 4 goes with word
/// a + i.
template <class W, int Bits>
WEIR_AEAD_INLINE void add_turn(typename W::Vector (&x)[16], int a, int shift_a, int b, int shift_b,
                               int d, int shift_d) {
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) {
    typename W::Vector& sum = x[a + (i + shift_a) % 4];
    sum = W::add(sum, x[b + (i + shift_b) % 4]);
  }
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) {
    typename W::Vector& turned = x[d + (i + shift_d) % 4];
    turned = W::exclusive_or(turned, x[a + (i + shift_a) % 4]);
  }
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) {
    typename W::Vector& turned = x[d + (i + shift_d) % 4];
    turned = W::template rotate<Bits>(turned);
  }
}

/// Columns with `diagonal` 0, diagonals with 1; one block in each lane.
template <class W>
WEIR_AEAD_INLINE void chacha_round(typename W::Vector (&x)[16], int diagonal) {
  const int b = diagonal;
  const int c = 2 * diagonal;
  const int d = 3 * diagonal;
  add_turn<W, 16>(x, 0, 0, 4, b, 12, d);
  add_turn<W, 12>(x, 8, c, 12, d, 4, b);
  add_turn<W, 8>(x, 0, 0, 4, b, 12, d);
  add_turn<W, 7>(x, 8, c, 12, d, 4, b);
}

/// The input block of each lane, computed, with the input added; words not yet transposed.
template <class W>
WEIR_AEAD_INLINE void chacha_words(const std::uint8_t* key, const StreamLanes& lanes,
                                   typename W::Vector (&x)[16]) {
  const typename W::Vector counters[4] = {W::load(lanes.block), W::all(0),
                                          W::load(lanes.counter_low), W::load(lanes.counter_high)};
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) x[i] = W::all(k_chacha_words[i]);
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 8; ++i) x[4 + i] = W::all(key_word(key, i));
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) x[12 + i] = counters[i];
  for (int i = 0; i < 10; ++i) {
    chacha_round<W>(x, 0);
    chacha_round<W>(x, 1);
  }
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) x[i] = W::add(x[i], W::all(k_chacha_words[i]));
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 8; ++i) x[4 + i] = W::add(x[4 + i], W::all(key_word(key, i)));
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) x[12 + i] = W::add(x[12 + i], counters[i]);
}

}  // namespace
}  // namespace weir
