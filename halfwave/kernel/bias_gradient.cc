#include "halfwave/kernel/bias_gradient.h"

#include <algorithm>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/bias_gradient.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sum += the sums of the channels over at most 48 rows: four chains of at most 16 terms.
void add_sums(const float* dy, std::size_t rows, std::size_t channels, double* sum) {
  const hn::CappedTag<float, 16> d;
  for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
    const std::size_t count = channels - c;
    const float* at = dy + c;
    auto a = hn::Zero(d);
    auto b = a;
    auto e = a;
    auto f = a;
    std::size_t row = 0;
    for (; row + 4 <= rows; row += 4, at += 4 * channels) {
      a = hn::Add(a, load_first(d, at, count));
      b = hn::Add(b, load_first(d, at + channels, count));
      e = hn::Add(e, load_first(d, at + 2 * channels, count));
      f = hn::Add(f, load_first(d, at + 3 * channels, count));
    }
    for (; row < rows; ++row, at += channels) a = hn::Add(a, load_first(d, at, count));
    HWY_ALIGN float total[hn::MaxLanes(d)];
    hn::Store(hn::Add(hn::Add(a, b), hn::Add(e, f)), d, total);
    for (std::size_t i = 0; i < std::min(count, hn::Lanes(d)); ++i)
      sum[c + i] += static_cast<double>(total[i]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(add_sums);

constexpr std::size_t summed_rows = 48;

}  // namespace

void bias_gradient(std::size_t rows, std::size_t channels, float* dy, const Epilogue& slope, float* db,
                   Workspace& workspace) {
  if (slope.apply == nullptr && db == nullptr) return;
  // A block stays in the first-level cache between the slope and the sums.
  const std::size_t block = std::max<std::size_t>(4096 / channels / summed_rows, 1) * summed_rows;
  const std::size_t grain = (parallel_grain / channels / block + 1) * block;
  const auto threads = static_cast<std::size_t>(thread_count());
  auto* sums = reinterpret_cast<double*>(workspace.get(threads * channels * sizeof(double)));
  std::fill_n(sums, threads * channels, 0.0);
  parallel_for(rows, grain, [&](std::size_t begin, std::size_t end, int thread) {
    double* sum = sums + static_cast<std::size_t>(thread) * channels;
    while (begin < end) {
      const std::size_t stop = std::min(begin + block, end);
      slope(dy + begin * channels, (stop - begin) * channels);
      for (; db != nullptr && begin < stop; begin += std::min(summed_rows, stop - begin)) {
        HWY_DYNAMIC_DISPATCH(add_sums)
        (dy + begin * channels, std::min(summed_rows, stop - begin), channels, sum);
      }
      begin = stop;
    }
  });
  if (db == nullptr) return;
  for (std::size_t c = 0; c < channels; ++c) {
    double total = 0;
    for (std::size_t thread = 0; thread < threads; ++thread) total += sums[thread * channels + c];
    db[c] += static_cast<float>(total);
  }
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
