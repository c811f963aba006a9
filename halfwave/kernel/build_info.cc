#include "halfwave/kernel/build_info.h"

#include <fmt/format.h>
#include <hwy/targets.h>

#include <dnnl.hpp>

namespace halfwave::kernel {

std::string library_versions() {
#ifdef __clang__
  const std::string compiler =
      fmt::format("Clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  const std::string compiler = fmt::format("GCC {}", __VERSION__);
#endif
  const dnnl_version_t& dnnl = *dnnl_version();
  return fmt::format("{}, oneDNN {}.{}.{}", compiler, dnnl.major, dnnl.minor, dnnl.patch);
}

std::string instruction_set() {
  // The lowest bit is the best.
  const auto targets = hwy::SupportedTargets();
  return hwy::TargetName(targets & -targets);
}

}  // namespace halfwave::kernel
