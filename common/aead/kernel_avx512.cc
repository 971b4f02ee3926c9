#include "common/aead/vector_batch.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define WEIR_AEAD_TARGET "avx512f,avx512bw,avx512vl,bmi2"
#include "common/aead/chacha20_lanes.h"

namespace weir {
namespace {

struct Words16 {
  using Vector = __m512i;
  static constexpr std::size_t k_lanes = 16;
  WEIR_AEAD_INLINE static __m512i load(const std::uint32_t* words) {
    return _mm512_load_si512(words);
  }
  WEIR_AEAD_INLINE static __m512i all(std::uint32_t word) {
    return _mm512_set1_epi32(static_cast<int>(word));
  }
  WEIR_AEAD_INLINE static __m512i add(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }
  WEIR_AEAD_INLINE static __m512i exclusive_or(__m512i a, __m512i b) {
    return _mm512_xor_si512(a, b);
  }
  template <int Bits>
  WEIR_AEAD_INLINE static __m512i rotate(__m512i a) {
    return _mm512_rol_epi32(a, Bits);
  }
};

/// Half as many lanes take half the time where 512 bits take two cycles, and no more elsewhere.
struct Words8 {
  using Vector = __m256i;
  static constexpr std::size_t k_lanes = 8;
  WEIR_AEAD_INLINE static __m256i load(const std::uint32_t* words) {
    return _mm256_load_si256(reinterpret_cast<const __m256i*>(words));
  }
  WEIR_AEAD_INLINE static __m256i all(std::uint32_t word) {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  WEIR_AEAD_INLINE static __m256i add(__m256i a, __m256i b) { return _mm256_add_epi32(a, b); }
  WEIR_AEAD_INLINE static __m256i exclusive_or(__m256i a, __m256i b) {
    return _mm256_xor_si256(a, b);
  }
  template <int Bits>
  WEIR_AEAD_INLINE static __m256i rotate(__m256i a) {
    return _mm256_rol_epi32(a, Bits);
  }
};

/// Four words of each lane of a quarter of the lanes: in, x[i] has word i of all; out, 128-bit
/// column c of x[i] has words 0..3 of lane 4c + i.
WEIR_AEAD_INLINE void turn_words(__m512i* x) {
  const __m512i t0 = _mm512_unpacklo_epi32(x[0], x[1]);
  const __m512i t1 = _mm512_unpackhi_epi32(x[0], x[1]);
  const __m512i t2 = _mm512_unpacklo_epi32(x[2], x[3]);
  const __m512i t3 = _mm512_unpackhi_epi32(x[2], x[3]);
  x[0] = _mm512_unpacklo_epi64(t0, t2);
  x[1] = _mm512_unpackhi_epi64(t0, t2);
  x[2] = _mm512_unpacklo_epi64(t1, t3);
  x[3] = _mm512_unpackhi_epi64(t1, t3);
}

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

WEIR_AEAD_INLINE void apply(std::uint8_t* text, std::size_t size, __m512i stream) {
  if (size == k_chacha_block) {
    _mm512_storeu_si512(text, _mm512_xor_si512(stream, _mm512_loadu_si512(text)));
    return;
  }
  const __mmask64 mask = _cvtu64_mask64(~std::uint64_t{0} >> (k_chacha_block - size));
  const __m512i plain = _mm512_maskz_loadu_epi8(mask, text);
  _mm512_mask_storeu_epi8(text, mask, _mm512_xor_si512(stream, plain));
}

WEIR_AEAD_INLINE void use(const StreamLanes& lanes, int i, __m512i stream) {
  if (lanes.use[i] == StreamLanes::Use::exclusive_or) {
    apply(lanes.to[i], lanes.size[i], stream);
  } else if (lanes.use[i] == StreamLanes::Use::store) {
    _mm512_storeu_si512(lanes.to[i], stream);
  }
}

WEIR_AEAD_FUNCTION void stream16(const std::uint8_t* key, const StreamLanes& lanes) {
  __m512i x[16];
  chacha_words<Words16>(key, lanes, x);
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 16; i += 4) turn_words(x + i);
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) {
    const __m512i a = _mm512_shuffle_i32x4(x[i], x[i + 4], 0x44);
    const __m512i b = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0x44);
    const __m512i c = _mm512_shuffle_i32x4(x[i], x[i + 4], 0xee);
    const __m512i d = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0xee);
    use(lanes, i, _mm512_shuffle_i32x4(a, b, 0x88));
    use(lanes, i + 4, _mm512_shuffle_i32x4(a, b, 0xdd));
    use(lanes, i + 8, _mm512_shuffle_i32x4(c, d, 0x88));
    use(lanes, i + 12, _mm512_shuffle_i32x4(c, d, 0xdd));
  }
}

WEIR_AEAD_INLINE __m512i join(__m256i low, __m256i high) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

WEIR_AEAD_FUNCTION void stream8(const std::uint8_t* key, const StreamLanes& lanes) {
  __m256i x[16];
  chacha_words<Words8>(key, lanes, x);
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 16; i += 4) turn_words(x + i);
  WEIR_AEAD_UNROLL
  for (int i = 0; i < 4; ++i) {
    use(lanes, i,
        join(_mm256_permute2x128_si256(x[i], x[i + 4], 0x20),
             _mm256_permute2x128_si256(x[i + 8], x[i + 12], 0x20)));
    use(lanes, i + 4,
        join(_mm256_permute2x128_si256(x[i], x[i + 4], 0x31),
             _mm256_permute2x128_si256(x[i + 8], x[i + 12], 0x31)));
  }
}

void stream(const std::uint8_t* key, const StreamLanes& lanes, std::size_t used) {
  if (used > Words8::k_lanes) {
    stream16(key, lanes);
  } else {
    stream8(key, lanes);
  }
}

WEIR_AEAD_FUNCTION void exclusive_or(std::uint8_t* text, std::size_t size,
                                     const std::uint8_t* keystream) {
  apply(text, size, _mm512_loadu_si512(keystream));
}

}  // namespace

const VectorKernel* avx512_kernel() {
  static const VectorKernel k_kernel{Words16::k_lanes, stream, avx2_kernel()->mac, exclusive_or};
  return &k_kernel;
}

}  // namespace weir

#else

namespace weir {
const VectorKernel* avx512_kernel() { return nullptr; }
}  // namespace weir

#endif
