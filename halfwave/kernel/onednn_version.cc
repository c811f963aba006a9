#include <fmt/format.h>

#include <dnnl.hpp>

#include "halfwave/kernel/build_info.h"

namespace halfwave::kernel {

std::string onednn_version() {
  const dnnl_version_t& version = *dnnl_version();
  return fmt::format("{}.{}.{}", version.major, version.minor, version.patch);
}

}  // namespace halfwave::kernel
