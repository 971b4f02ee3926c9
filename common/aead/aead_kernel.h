#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace weir {

/// What computes ChaCha20-Poly1305 for packets. All give the same bytes.
enum class AeadKernel : std::uint8_t {
  evp,          ///< OpenSSL, one packet after the other: everywhere
  avx2,         ///< 8 ChaCha20 blocks at once, Poly1305 in 4 lanes of 26-bit limbs
  avx512,       ///< 16 blocks at once, Poly1305 as avx2
  avx512_ifma,  ///< 16 blocks at once, Poly1305 in 8 lanes of 44-bit limbs
};

/// "evp", "avx2", "avx512", "avx512-ifma".
std::string_view name_of(AeadKernel kernel);
std::optional<AeadKernel> aead_kernel_named(std::string_view name);

/// What CPUID and XGETBV answered: which instructions there are, and which registers the operating
/// system saves.
struct CpuAnswers {
  std::uint32_t leaf1_ecx = 0;
  std::uint32_t leaf7_ebx = 0;
  std::uint64_t xcr0 = 0;  ///< 0 when the operating system has not enabled XGETBV
};
bool can_run(AeadKernel kernel, const CpuAnswers& cpu);

/// The kernels this machine runs, slowest first; `evp` always. Asked once.
std::span<const AeadKernel> aead_kernels();
/// The last of them: what keys use unless told otherwise.
AeadKernel best_aead_kernel();

}  // namespace weir
