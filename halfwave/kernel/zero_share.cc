#include "halfwave/kernel/zero_share.h"

#include <algorithm>

#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/zero_share.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

std::size_t zeros_among(const float* x, std::size_t count) {
  const hn::ScalableTag<float> d;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t zeros = 0;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) zeros += hn::CountTrue(d, hn::Eq(hn::LoadU(d, x + i), hn::Zero(d)));
  return zeros + static_cast<std::size_t>(std::count(x + i, x + count, 0.0F));
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {
HWY_EXPORT(zeros_among);
}  // namespace

double zero_share(const float* x, std::size_t count, double cost) {
  if (count == 0) return 0;
  const auto zeros_among = HWY_DYNAMIC_DISPATCH(zeros_among);
  constexpr std::size_t runs = 16;
  const auto run = static_cast<std::size_t>(std::clamp<double>(cost / (4096 * runs), 32, 256));
  if (count <= runs * run) return static_cast<double>(zeros_among(x, count)) / static_cast<double>(count);
  // Each run lies elsewhere in its part (by the golden ratio), or all would meet the same channels of the
  // same corner of an image.
  const std::size_t part = count / runs;
  std::size_t zeros = 0;
  double place = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    zeros +=
        zeros_among(x + i * part + static_cast<std::size_t>(place * static_cast<double>(part - run)), run);
    place += 0.6180339887498949;
    if (place >= 1) place -= 1;
  }
  return static_cast<double>(zeros) / static_cast<double>(runs * run);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
