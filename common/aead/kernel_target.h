#pragma once

// Only for the kernels of common/aead. Each defines WEIR_AEAD_TARGET first, the instructions that
// its functions may use beyond the baseline: everything else of the program stays runnable
// anywhere.

#ifndef WEIR_AEAD_TARGET
#error "WEIR_AEAD_TARGET comes before this header"
#endif

#define WEIR_AEAD_FUNCTION __attribute__((noinline, target(WEIR_AEAD_TARGET)))
#define WEIR_AEAD_INLINE __attribute__((always_inline, target(WEIR_AEAD_TARGET))) inline
/// Before a loop over vectors in an array: unrolled, they live in registers.
#define WEIR_AEAD_UNROLL _Pragma("GCC unroll 16")
