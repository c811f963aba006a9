#include "halfwave/kernel/prelu.h"

#include <algorithm>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/thread_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/prelu.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

void forward_rows(std::size_t rows, std::size_t channels, const float* x, const float* slope, float* y) {
  const hn::CappedTag<float, 16> d;
  for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
    const std::size_t count = channels - c;
    const auto w = load_first(d, slope + c, count);
    for (std::size_t at = c; at < rows * channels; at += channels) {
      const auto value = load_first(d, x + at, count);
      store_first(hn::IfThenElse(hn::Gt(value, hn::Zero(d)), value, hn::Mul(value, w)), d, y + at, count);
    }
  }
}

// At most 16 rows; the sums are added to `sum`.
void backward_rows(std::size_t rows, std::size_t channels, const float* x, const float* slope,
                   const float* dy, float* dx, double* sum) {
  const hn::CappedTag<float, 16> d;
  const auto zero = hn::Zero(d);
  for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
    const std::size_t count = channels - c;
    const auto w = load_first(d, slope + c, count);
    auto total = zero;
    for (std::size_t at = c; at < rows * channels; at += channels) {
      const auto value = load_first(d, x + at, count);
      const auto gradient = load_first(d, dy + at, count);
      const auto passes = hn::Gt(value, zero);
      total = hn::Add(total, hn::IfThenZeroElse(passes, hn::Mul(gradient, value)));
      // Where x is NaN, so is the factor.
      const auto factor =
          hn::IfThenElse(hn::Le(value, zero), w, hn::IfThenElse(passes, hn::Set(d, 1), value));
      if (dx != nullptr) store_first(hn::Mul(gradient, factor), d, dx + at, count);
    }
    HWY_ALIGN float lanes[hn::MaxLanes(d)];
    hn::Store(total, d, lanes);
    for (std::size_t i = 0; i < std::min(count, hn::Lanes(d)); ++i)
      sum[c + i] += static_cast<double>(lanes[i]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(forward_rows);
HWY_EXPORT(backward_rows);

constexpr std::size_t summed_rows = 16;

}  // namespace

void prelu_forward(std::size_t rows, std::size_t channels, const float* x, const float* slope, float* y) {
  parallel_for(rows, parallel_grain / channels + 1, [&](std::size_t begin, std::size_t end, int) {
    HWY_DYNAMIC_DISPATCH(forward_rows)
    (end - begin, channels, x + begin * channels, slope, y + begin * channels);
  });
}

void prelu_backward(std::size_t rows, std::size_t channels, const float* x, const float* slope,
                    const float* dy, float* dx, float* dslope, Workspace& workspace) {
  const ThreadSums sums(1, channels, workspace);
  const std::size_t grain = (parallel_grain / channels / summed_rows + 1) * summed_rows;
  parallel_for(rows, grain, [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t row = begin; row < end; row += summed_rows) {
      const std::size_t at = row * channels;
      HWY_DYNAMIC_DISPATCH(backward_rows)
      (std::min(summed_rows, end - row), channels, x + at, slope, dy + at, dx != nullptr ? dx + at : nullptr,
       sums.get(static_cast<std::size_t>(thread), 0));
    }
  });
  for (std::size_t c = 0; c < channels; ++c) dslope[c] += static_cast<float>(sums.sum(0, c));
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
