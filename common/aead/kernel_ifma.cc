#include "common/aead/vector_batch.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WEIR_AEAD_TARGET "avx512f,avx512bw,avx512vl,avx512ifma,bmi2"
#include "common/aead/poly1305_lanes.h"

namespace weir {
namespace {

/// Numbers modulo 2^130 - 5 as l0 + 2^44 l1 + 2^88 l2, eight side by side. The limbs of a product
/// are below 2^45 (2^43 the last), those of a sum with a block below 2^46.
struct Field44 {
  static constexpr std::size_t k_lanes = 8;
  static constexpr std::size_t k_limbs = 3;
  static constexpr std::size_t k_chains = 2;  ///< one waits for the multiplier longer than two need

  struct Element {
    __m512i l0, l1, l2;
  };
  struct Factor {
    __m512i r0, r1, r2, s1, s2;  ///< s = 20 r: 2^132 is 4 * 5
  };

  /// Where block `block` of a vector is after `load` has parted even from odd words.
  static constexpr std::size_t position(std::size_t block) { return block % 4 * 2 + block / 4; }

  WEIR_AEAD_INLINE static __m512i no_high() { return _mm512_setzero_si512(); }
  WEIR_AEAD_INLINE static __m512i all_high() { return _mm512_set1_epi64(1LL << 40); }
  /// For the blocks with numbers from `absent` on; the vector's first has the number `first`.
  WEIR_AEAD_INLINE static __m512i high_from(std::size_t absent, std::size_t first) {
    const __m512i blocks = _mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0);
    const __m512i numbers =
        _mm512_add_epi64(blocks, _mm512_set1_epi64(static_cast<long long>(first)));
    const __m512i from = _mm512_set1_epi64(static_cast<long long>(absent));
    return _mm512_maskz_mov_epi64(_mm512_cmpge_epu64_mask(numbers, from), all_high());
  }

  WEIR_AEAD_INLINE static Element load(const std::uint8_t* blocks, __m512i high_bit) {
    const __m512i a = _mm512_loadu_si512(blocks);
    const __m512i b = _mm512_loadu_si512(blocks + 64);
    const __m512i low = _mm512_unpacklo_epi64(a, b);
    const __m512i high = _mm512_unpackhi_epi64(a, b);
    const __m512i mask = _mm512_set1_epi64((1LL << 44) - 1);
    return {_mm512_and_si512(low, mask),
            _mm512_and_si512(
                _mm512_or_si512(_mm512_srli_epi64(low, 44), _mm512_slli_epi64(high, 20)), mask),
            _mm512_or_si512(_mm512_srli_epi64(high, 24), high_bit)};
  }
  WEIR_AEAD_INLINE static Element read(const std::uint64_t (&limbs)[k_limbs][k_lanes]) {
    return {_mm512_load_si512(limbs[0]), _mm512_load_si512(limbs[1]), _mm512_load_si512(limbs[2])};
  }
  WEIR_AEAD_INLINE static void store(const Element& e, std::uint64_t (&limbs)[k_limbs][k_lanes]) {
    _mm512_store_si512(limbs[0], e.l0);
    _mm512_store_si512(limbs[1], e.l1);
    _mm512_store_si512(limbs[2], e.l2);
  }
  /// The number of one lane, in all.
  WEIR_AEAD_INLINE static Element all(const std::uint64_t (&limbs)[k_limbs][k_lanes],
                                      std::size_t lane) {
    return {_mm512_set1_epi64(static_cast<long long>(limbs[0][lane])),
            _mm512_set1_epi64(static_cast<long long>(limbs[1][lane])),
            _mm512_set1_epi64(static_cast<long long>(limbs[2][lane]))};
  }
  WEIR_AEAD_INLINE static Factor factor(const Element& e) {
    return {e.l0, e.l1, e.l2, times_five(_mm512_slli_epi64(e.l1, 2)),
            times_five(_mm512_slli_epi64(e.l2, 2))};
  }
  WEIR_AEAD_INLINE static __m512i times_five(__m512i x) {
    return _mm512_add_epi64(x, _mm512_slli_epi64(x, 2));
  }
  WEIR_AEAD_INLINE static Element add(const Element& a, const Element& b) {
    return {_mm512_add_epi64(a.l0, b.l0), _mm512_add_epi64(a.l1, b.l1),
            _mm512_add_epi64(a.l2, b.l2)};
  }

  /// Schoolbook with the multiplier's two halves: bits 0..51 of a product belong to its limb, bits
  /// 52 and up to the next one, 8 bits further up (10 behind the last, whose width is 42).
  WEIR_AEAD_INLINE static Element mul(const Element& h, const Factor& f) {
    const __m512i zero = _mm512_setzero_si512();
    __m512i d0 = _mm512_madd52lo_epu64(zero, h.l0, f.r0);
    __m512i d1 = _mm512_madd52lo_epu64(zero, h.l0, f.r1);
    __m512i d2 = _mm512_madd52lo_epu64(zero, h.l0, f.r2);
    __m512i e0 = _mm512_madd52hi_epu64(zero, h.l0, f.r0);
    __m512i e1 = _mm512_madd52hi_epu64(zero, h.l0, f.r1);
    __m512i e2 = _mm512_madd52hi_epu64(zero, h.l0, f.r2);
    d0 = _mm512_madd52lo_epu64(d0, h.l1, f.s2);
    d1 = _mm512_madd52lo_epu64(d1, h.l1, f.r0);
    d2 = _mm512_madd52lo_epu64(d2, h.l1, f.r1);
    e0 = _mm512_madd52hi_epu64(e0, h.l1, f.s2);
    e1 = _mm512_madd52hi_epu64(e1, h.l1, f.r0);
    e2 = _mm512_madd52hi_epu64(e2, h.l1, f.r1);
    d0 = _mm512_madd52lo_epu64(d0, h.l2, f.s1);
    d1 = _mm512_madd52lo_epu64(d1, h.l2, f.s2);
    d2 = _mm512_madd52lo_epu64(d2, h.l2, f.r0);
    e0 = _mm512_madd52hi_epu64(e0, h.l2, f.s1);
    e1 = _mm512_madd52hi_epu64(e1, h.l2, f.s2);
    e2 = _mm512_madd52hi_epu64(e2, h.l2, f.r0);

    const __m512i mask44 = _mm512_set1_epi64((1LL << 44) - 1);
    const __m512i mask42 = _mm512_set1_epi64((1LL << 42) - 1);
    d1 = _mm512_add_epi64(d1, _mm512_slli_epi64(e0, 8));
    d2 = _mm512_add_epi64(d2, _mm512_slli_epi64(e1, 8));
    d1 = _mm512_add_epi64(d1, _mm512_srli_epi64(d0, 44));
    d0 = _mm512_and_si512(d0, mask44);
    d2 = _mm512_add_epi64(d2, _mm512_srli_epi64(d1, 44));
    d1 = _mm512_and_si512(d1, mask44);
    const __m512i over = _mm512_add_epi64(_mm512_slli_epi64(e2, 10), _mm512_srli_epi64(d2, 42));
    d2 = _mm512_and_si512(d2, mask42);
    d0 = _mm512_add_epi64(d0, times_five(over));
    d1 = _mm512_add_epi64(d1, _mm512_srli_epi64(d0, 44));
    d0 = _mm512_and_si512(d0, mask44);
    return {d0, d1, d2};
  }

  /// `limbs` are sums of at most eight products.
  WEIR_AEAD_INLINE static void finish(const std::uint64_t (&limbs)[k_limbs], const std::uint8_t* s,
                                      std::uint8_t* tag) {
    Uint128 sum = Uint128{limbs[0]} + (Uint128{limbs[1]} << 44);
    const auto w0 = static_cast<std::uint64_t>(sum);
    sum = (sum >> 64) + (Uint128{limbs[2]} << 24);
    finish_tag(w0, static_cast<std::uint64_t>(sum), static_cast<std::uint64_t>(sum >> 64), s, tag);
  }
};

}  // namespace

const VectorKernel* ifma_kernel() {
  static const VectorKernel k_kernel{avx512_kernel()->lanes, avx512_kernel()->stream,
                                     mac_all<Field44>, avx512_kernel()->exclusive_or};
  return &k_kernel;
}

}  // namespace weir

#else

namespace weir {
const VectorKernel* ifma_kernel() { return nullptr; }
}  // namespace weir

#endif
