#include "common/aead/aead_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir {
namespace {

// CPUID leaf 1 ECX: OSXSAVE and AVX. Leaf 7 EBX: AVX2 and BMI2; AVX512 F, BW and VL; IFMA.
constexpr std::uint32_t k_leaf1 = 0x18000000;
constexpr std::uint32_t k_leaf7_avx2 = 0x00000120;
constexpr std::uint32_t k_leaf7_avx512 = 0xc0010120;
constexpr std::uint32_t k_leaf7_ifma = 0xc0210120;

struct CpuCase {
  const char* name;
  CpuAnswers cpu;
  AeadKernel best;
};

class AeadKernelChoice : public testing::TestWithParam<CpuCase> {};

TEST_P(AeadKernelChoice, NeedsInstructionsAndSavedRegisters) {
  AeadKernel best = AeadKernel::evp;
  for (const AeadKernel kernel :
       {AeadKernel::evp, AeadKernel::avx2, AeadKernel::avx512, AeadKernel::avx512_ifma}) {
    if (can_run(kernel, GetParam().cpu)) best = kernel;
  }
  EXPECT_EQ(name_of(best), name_of(GetParam().best));
}

INSTANTIATE_TEST_SUITE_P(
    Table, AeadKernelChoice,
    testing::Values(CpuCase{"Baseline", {0, 0, 0}, AeadKernel::evp},
                    CpuCase{"Avx2", {k_leaf1, k_leaf7_avx2, 0x07}, AeadKernel::avx2},
                    CpuCase{"NoAvx", {0x08000000, k_leaf7_avx2, 0x07}, AeadKernel::evp},
                    CpuCase{"NoXgetbv", {0x10000000, k_leaf7_ifma, 0}, AeadKernel::evp},
                    CpuCase{"YmmNotSaved", {k_leaf1, k_leaf7_ifma, 0x03}, AeadKernel::evp},
                    CpuCase{"ZmmNotSaved", {k_leaf1, k_leaf7_ifma, 0x07}, AeadKernel::avx2},
                    CpuCase{"MasksNotSaved", {k_leaf1, k_leaf7_ifma, 0xc7}, AeadKernel::avx2},
                    CpuCase{"NoVl", {k_leaf1, 0x40210120, 0xe7}, AeadKernel::avx2},
                    CpuCase{"NoBw", {k_leaf1, 0x80210120, 0xe7}, AeadKernel::avx2},
                    CpuCase{"Avx512", {k_leaf1, k_leaf7_avx512, 0xe7}, AeadKernel::avx512},
                    CpuCase{"Ifma", {k_leaf1, k_leaf7_ifma, 0x2e7}, AeadKernel::avx512_ifma}),
    [](const auto& row) { return row.param.name; });

TEST(AeadKernel, NamesAreReadBack) {
  for (const AeadKernel kernel :
       {AeadKernel::evp, AeadKernel::avx2, AeadKernel::avx512, AeadKernel::avx512_ifma}) {
    EXPECT_EQ(aead_kernel_named(name_of(kernel)), kernel);
  }
  EXPECT_FALSE(aead_kernel_named("sse2").has_value());
}

TEST(AeadKernel, TheMachineHasOneAtLeast) {
  EXPECT_EQ(aead_kernels().front(), AeadKernel::evp);
  EXPECT_EQ(best_aead_kernel(), aead_kernels().back());
}

}  // namespace
}  // namespace weir
