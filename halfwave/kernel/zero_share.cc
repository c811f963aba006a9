#include "halfwave/kernel/zero_share.h"

#include <algorithm>

namespace halfwave::kernel {

double zero_share(const float* x, std::size_t count) {
  if (count == 0) return 0;
  constexpr std::size_t runs = 16;
  constexpr std::size_t run = 256;
  std::ptrdiff_t zeros = 0;
  if (count <= runs * run) {
    zeros = std::count(x, x + count, 0.0F);
    return static_cast<double>(zeros) / static_cast<double>(count);
  }
  // Each run lies elsewhere in its part (by the golden ratio), or all would meet the same channels of the
  // same corner of an image.
  const std::size_t part = count / runs;
  double place = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    const float* from = x + i * part + static_cast<std::size_t>(place * static_cast<double>(part - run));
    zeros += std::count(from, from + run, 0.0F);
    place += 0.6180339887498949;
    if (place >= 1) place -= 1;
  }
  return static_cast<double>(zeros) / static_cast<double>(runs * run);
}

}  // namespace halfwave::kernel
