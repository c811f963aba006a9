// Which instruction sets vector code is compiled for; the best one is chosen at run time. Include before any
// of Highway. Left out: sets that would only repeat the code, and vectors without a fixed size, which cannot
// be kept in arrays. A build with sanitizers, which takes long, leaves out SSE4, too: AVX2, AVX-512 and plain
// x86-64 are compiled from the same text.
#pragma once

#ifdef HALFWAVE_SANITIZE
#define HWY_DISABLED_TARGETS \
  (HWY_SSSE3 | HWY_SSE4 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#else
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#endif
