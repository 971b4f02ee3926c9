#include "common/aead/aead_kernel.h"

#include <algorithm>
#include <array>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace weir {
namespace {

struct Named {
  AeadKernel kernel;
  std::string_view name;
};
constexpr std::array k_names{
    Named{AeadKernel::evp, "evp"},
    Named{AeadKernel::avx2, "avx2"},
    Named{AeadKernel::avx512, "avx512"},
    Named{AeadKernel::avx512_ifma, "avx512-ifma"},
};

// CPUID leaf 1, ECX.
constexpr std::uint32_t k_osxsave = 1U << 27;
constexpr std::uint32_t k_avx = 1U << 28;
// CPUID leaf 7, EBX.
constexpr std::uint32_t k_avx2 = 1U << 5;
constexpr std::uint32_t k_bmi2 = 1U << 8;
constexpr std::uint32_t k_avx512f = 1U << 16;
constexpr std::uint32_t k_ifma = 1U << 21;
constexpr std::uint32_t k_avx512bw = 1U << 30;
constexpr std::uint32_t k_avx512vl = 1U << 31;
// XCR0: the registers that survive a change of the running thread.
constexpr std::uint64_t k_saves_ymm = 0x06;  // XMM and the upper halves of YMM
constexpr std::uint64_t k_saves_zmm = 0xe6;  // and mask registers, upper ZMM halves, ZMM16..31

template <typename Word>
bool has_all(Word answer, Word bits) {
  return (answer & bits) == bits;
}

CpuAnswers ask_cpu() {
  CpuAnswers cpu;
#if defined(__x86_64__)
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0) cpu.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) cpu.leaf7_ebx = ebx;
  if (has_all(cpu.leaf1_ecx, k_osxsave)) {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    cpu.xcr0 = std::uint64_t{high} << 32 | low;
  }
#endif
  return cpu;
}

}  // namespace

std::string_view name_of(AeadKernel kernel) {
  return std::ranges::find(k_names, kernel, &Named::kernel)->name;
}

std::optional<AeadKernel> aead_kernel_named(std::string_view name) {
  const auto* const found = std::ranges::find(k_names, name, &Named::name);
  if (found == k_names.end()) return std::nullopt;
  return found->kernel;
}

bool can_run(AeadKernel kernel, const CpuAnswers& cpu) {
  if (kernel == AeadKernel::evp) return true;
  const bool avx2 = has_all(cpu.leaf1_ecx, k_osxsave | k_avx) &&
                    has_all(cpu.leaf7_ebx, k_avx2 | k_bmi2) && has_all(cpu.xcr0, k_saves_ymm);
  if (kernel == AeadKernel::avx2) return avx2;
  const bool avx512 = avx2 && has_all(cpu.leaf7_ebx, k_avx512f | k_avx512bw | k_avx512vl) &&
                      has_all(cpu.xcr0, k_saves_zmm);
  return avx512 && (kernel == AeadKernel::avx512 || has_all(cpu.leaf7_ebx, k_ifma));
}

std::span<const AeadKernel> aead_kernels() {
  static const std::vector<AeadKernel> k_found = [] {
    const CpuAnswers cpu = ask_cpu();
    std::vector<AeadKernel> found;
    for (const Named& named : k_names) {
      if (can_run(named.kernel, cpu)) found.push_back(named.kernel);
    }
    return found;
  }();
  return k_found;
}

AeadKernel best_aead_kernel() { return aead_kernels().back(); }

}  // namespace weir
