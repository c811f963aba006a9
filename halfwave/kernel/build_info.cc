#include "halfwave/kernel/build_info.h"

#include <fmt/format.h>

#include "halfwave/base/simd_targets.h"

// After what says which there are.
#include <hwy/targets.h>

namespace halfwave::kernel {

std::string compiler() {
#ifdef __clang__
  return fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("GCC {}", __VERSION__);
#endif
}

std::string instruction_set() {
  return hwy::TargetName(hwy::SupportedAndGeneratedTargets().front());  // the best comes first
}

}  // namespace halfwave::kernel
