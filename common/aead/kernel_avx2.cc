#include "common/aead/vector_batch.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WEIR_AEAD_TARGET "avx2,bmi2"
#include "common/aead/chacha20_lanes.h"
#include "common/aead/poly1305_lanes.h"

namespace weir {
namespace {

WEIR_AEAD_INLINE __m256i load256(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
WEIR_AEAD_INLINE void store256(void* to, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), value);
}

struct Words8 {
  using Vector = __m256i;
  static constexpr std::size_t k_lanes = 8;
  WEIR_AEAD_INLINE static __m256i load(const std::uint32_t* words) { return load256(words); }
  WEIR_AEAD_INLINE static __m256i all(std::uint32_t word) {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  WEIR_AEAD_INLINE static __m256i add(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }
  WEIR_AEAD_INLINE static __m256i exclusive_or(__m256i a, __m256i b) {
    return _mm256_xor_si256(a, b);
  }
  /// Whole bytes are moved in one instruction.
  template <int Bits>
  WEIR_AEAD_INLINE static __m256i rotate(__m256i a) {
    if constexpr (Bits == 16) {
      return _mm256_shuffle_epi8(
          a, _mm256_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,  //
                              2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
    } else if constexpr (Bits == 8) {
      return _mm256_shuffle_epi8(
          a, _mm256_setr_epi8(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14,  //
                              3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));
    } else {
      return _mm256_or_si256(_mm256_slli_epi32(a, Bits), _mm256_srli_epi32(a, 32 - Bits));
    }
  }
};

/// In, x[i] has word i of all lanes; out, 128-bit column c of x[i] has words 0..3 of lane 4c + i.
WEIR_AEAD_INLINE void turn_words(__m256i* x) {
  const __m256i t0 = _mm256_unpacklo_epi32(x[0], x[1]);
  const __m256i t1 = _mm256_unpackhi_epi32(x[0], x[1]);
  const __m256i t2 = _mm256_unpacklo_epi32(x[2], x[3]);
  const __m256i t3 = _mm256_unpackhi_epi32(x[2], x[3]);
  x[0] = _mm256_unpacklo_epi64(t0, t2);
  x[1] = _mm256_unpackhi_epi64(t0, t2);
  x[2] = _mm256_unpacklo_epi64(t1, t3);
  x[3] = _mm256_unpackhi_epi64(t1, t3);
}

WEIR_AEAD_INLINE void apply(std::uint8_t* text, std::size_t size, __m256i low, __m256i high) {
  if (size == k_chacha_block) {
    store256(text, _mm256_xor_si256(low, load256(text)));
    store256(text + 32, _mm256_xor_si256(high, load256(text + 32)));
    return;
  }
  alignas(32) std::uint8_t padded[k_chacha_block];
  std::memcpy(padded, text, size);
  store256(padded, _mm256_xor_si256(low, load256(padded)));
  store256(padded + 32, _mm256_xor_si256(high, load256(padded + 32)));
  std::memcpy(text, padded, size);
}

WEIR_AEAD_INLINE void use(const StreamLanes& lanes, int i, __m256i low, __m256i high) {
  if (lanes.use[i] == StreamLanes::Use::exclusive_or) {
    apply(lanes.to[i], lanes.size[i], low, high);
  } else if (lanes.use[i] == StreamLanes::Use::store) {
    store256(lanes.to[i], low);
    store256(lanes.to[i] + 32, high);
  }
}

WEIR_AEAD_FUNCTION void stream(const std::uint8_t* key, const StreamLanes& lanes,
                               std::size_t /*used*/) {
  __m256i x[16];
  chacha_words<Words8>(key, lanes, x);
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 16; i += 4) turn_words(x + i);
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) {
    use(lanes, i, _mm256_permute2x128_si256(x[i], x[i + 4], 0x20),
        _mm256_permute2x128_si256(x[i + 8], x[i + 12], 0x20));
    use(lanes, i + 4, _mm256_permute2x128_si256(x[i], x[i + 4], 0x31),
        _mm256_permute2x128_si256(x[i + 8], x[i + 12], 0x31));
  }
}

WEIR_AEAD_FUNCTION void exclusive_or(std::uint8_t* text, std::size_t size,
                                     const std::uint8_t* keystream) {
  apply(text, size, load256(keystream), load256(keystream + 32));
}

/// Numbers modulo 2^130 - 5 in five limbs of 26 bits, four side by side. The limbs of a product are
/// below 2^27, those of a sum with a block below 2^28.
struct Field26 {
  static constexpr std::size_t k_lanes = 4;
  static constexpr std::size_t k_limbs = 5;
  static constexpr std::size_t k_chains = 1;

  struct Element {
    __m256i l0, l1, l2, l3, l4;
  };
  struct Factor {
    __m256i r0, r1, r2, r3, r4, s1, s2, s3, s4;  ///< s = 5 r
  };

  static constexpr std::size_t position(std::size_t block) { return block % 2 * 2 + block / 2; }

  WEIR_AEAD_INLINE static __m256i no_high() { return _mm256_setzero_si256(); }
  WEIR_AEAD_INLINE static __m256i all_high() { return _mm256_set1_epi64x(1LL << 24); }
  WEIR_AEAD_INLINE static __m256i high_from(std::size_t absent, std::size_t first) {
    const __m256i numbers = _mm256_set_epi64x(3, 1, 2, 0);
    const auto missing = static_cast<long long>(absent) - static_cast<long long>(first);
    return _mm256_andnot_si256(_mm256_cmpgt_epi64(_mm256_set1_epi64x(missing), numbers),
                               all_high());
  }

  WEIR_AEAD_INLINE static Element load(const std::uint8_t* blocks, __m256i high_bit) {
    const __m256i a = load256(blocks);
    const __m256i b = load256(blocks + 32);
    const __m256i low = _mm256_unpacklo_epi64(a, b);
    const __m256i high = _mm256_unpackhi_epi64(a, b);
    const __m256i mask = _mm256_set1_epi64x((1LL << 26) - 1);
    return {_mm256_and_si256(low, mask), _mm256_and_si256(_mm256_srli_epi64(low, 26), mask),
            _mm256_and_si256(
                _mm256_or_si256(_mm256_srli_epi64(low, 52), _mm256_slli_epi64(high, 12)), mask),
            _mm256_and_si256(_mm256_srli_epi64(high, 14), mask),
            _mm256_or_si256(_mm256_srli_epi64(high, 40), high_bit)};
  }
  WEIR_AEAD_INLINE static Element read(const std::uint64_t (&limbs)[k_limbs][k_lanes]) {
    return {load256(limbs[0]), load256(limbs[1]), load256(limbs[2]), load256(limbs[3]),
            load256(limbs[4])};
  }
  WEIR_AEAD_INLINE static void store(const Element& e, std::uint64_t (&limbs)[k_limbs][k_lanes]) {
    store256(limbs[0], e.l0);
    store256(limbs[1], e.l1);
    store256(limbs[2], e.l2);
    store256(limbs[3], e.l3);
    store256(limbs[4], e.l4);
  }
  WEIR_AEAD_INLINE static Element all(const std::uint64_t (&limbs)[k_limbs][k_lanes],
                                      std::size_t lane) {
    return {_mm256_set1_epi64x(static_cast<long long>(limbs[0][lane])),
            _mm256_set1_epi64x(static_cast<long long>(limbs[1][lane])),
            _mm256_set1_epi64x(static_cast<long long>(limbs[2][lane])),
            _mm256_set1_epi64x(static_cast<long long>(limbs[3][lane])),
            _mm256_set1_epi64x(static_cast<long long>(limbs[4][lane]))};
  }
  WEIR_AEAD_INLINE static __m256i times_five(__m256i x) {
    return _mm256_add_epi64(x, _mm256_slli_epi64(x, 2));
  }
  /// The compiler is not to know where a limb comes from. Clang sees that the upper halves are
  /// zero, drops what says so, forgets it over the next block of code and multiplies 64 by 64 bits.
  WEIR_AEAD_INLINE static void forget_origin(__m256i& limb) { asm("" : "+x"(limb)); }

  WEIR_AEAD_INLINE static Factor factor(const Element& e) {
    Factor f{e.l0,
             e.l1,
             e.l2,
             e.l3,
             e.l4,
             times_five(e.l1),
             times_five(e.l2),
             times_five(e.l3),
             times_five(e.l4)};
    forget_origin(f.r0);
    forget_origin(f.r1);
    forget_origin(f.r2);
    forget_origin(f.r3);
    forget_origin(f.r4);
    forget_origin(f.s1);
    forget_origin(f.s2);
    forget_origin(f.s3);
    forget_origin(f.s4);
    return f;
  }
  WEIR_AEAD_INLINE static Element add(const Element& a, const Element& b) {
    return {_mm256_add_epi64(a.l0, b.l0), _mm256_add_epi64(a.l1, b.l1),
            _mm256_add_epi64(a.l2, b.l2), _mm256_add_epi64(a.l3, b.l3),
            _mm256_add_epi64(a.l4, b.l4)};
  }
  WEIR_AEAD_INLINE static __m256i dot(const Element& h, __m256i a, __m256i b, __m256i c, __m256i d,
                                      __m256i e) {
    return _mm256_add_epi64(
        _mm256_add_epi64(_mm256_add_epi64(_mm256_mul_epu32(h.l0, a), _mm256_mul_epu32(h.l1, b)),
                         _mm256_add_epi64(_mm256_mul_epu32(h.l2, c), _mm256_mul_epu32(h.l3, d))),
        _mm256_mul_epu32(h.l4, e));
  }

  /// Schoolbook; what is beyond 2^130 comes in times 5. Two chains of carries side by side.
  WEIR_AEAD_INLINE static Element mul(Element h, const Factor& f) {
    forget_origin(h.l0);
    forget_origin(h.l1);
    forget_origin(h.l2);
    forget_origin(h.l3);
    forget_origin(h.l4);
    __m256i d0 = dot(h, f.r0, f.s4, f.s3, f.s2, f.s1);
    __m256i d1 = dot(h, f.r1, f.r0, f.s4, f.s3, f.s2);
    __m256i d2 = dot(h, f.r2, f.r1, f.r0, f.s4, f.s3);
    __m256i d3 = dot(h, f.r3, f.r2, f.r1, f.r0, f.s4);
    __m256i d4 = dot(h, f.r4, f.r3, f.r2, f.r1, f.r0);
    const __m256i mask = _mm256_set1_epi64x((1LL << 26) - 1);
    d4 = _mm256_add_epi64(d4, _mm256_srli_epi64(d3, 26));
    d3 = _mm256_and_si256(d3, mask);
    d1 = _mm256_add_epi64(d1, _mm256_srli_epi64(d0, 26));
    d0 = _mm256_and_si256(d0, mask);
    d0 = _mm256_add_epi64(d0, times_five(_mm256_srli_epi64(d4, 26)));
    d4 = _mm256_and_si256(d4, mask);
    d2 = _mm256_add_epi64(d2, _mm256_srli_epi64(d1, 26));
    d1 = _mm256_and_si256(d1, mask);
    d1 = _mm256_add_epi64(d1, _mm256_srli_epi64(d0, 26));
    d0 = _mm256_and_si256(d0, mask);
    d3 = _mm256_add_epi64(d3, _mm256_srli_epi64(d2, 26));
    d2 = _mm256_and_si256(d2, mask);
    d4 = _mm256_add_epi64(d4, _mm256_srli_epi64(d3, 26));
    d3 = _mm256_and_si256(d3, mask);
    return {d0, d1, d2, d3, d4};
  }

  /// `limbs` are sums of at most four products.
  WEIR_AEAD_INLINE static void finish(const std::uint64_t (&limbs)[k_limbs], const std::uint8_t* s,
                                      std::uint8_t* tag) {
    Uint128 sum = Uint128{limbs[0]} + (Uint128{limbs[1]} << 26) + (Uint128{limbs[2]} << 52);
    const auto w0 = static_cast<std::uint64_t>(sum);
    sum = (sum >> 64) + (Uint128{limbs[3]} << 14) + (Uint128{limbs[4]} << 40);
    finish_tag(w0, static_cast<std::uint64_t>(sum), static_cast<std::uint64_t>(sum >> 64), s, tag);
  }
};

}  // namespace

const VectorKernel* avx2_kernel() {
  static const VectorKernel k_kernel{Words8::k_lanes, stream, mac_all<Field26>, exclusive_or};
  return &k_kernel;
}

}  // namespace weir

#else

namespace weir {
const VectorKernel* avx2_kernel() { return nullptr; }
}  // namespace weir

#endif
