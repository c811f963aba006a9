#include "halfwave/kernel/multiply_add_limit.h"

#include <algorithm>

#include "halfwave/base/clock.h"
#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/multiply_add_limit.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// `rounds` times `chains` independent multiply-adds of a vector; returns operations done.
double multiply_add(std::size_t rounds, float* result) {
  const hn::ScalableTag<float> d;
  constexpr std::size_t chains = 12;
  const auto factor = hn::Set(d, 0.999F + *result);
  const auto term = hn::Set(d, 0.001F);
  hn::Vec<decltype(d)> sum[chains];
  for (std::size_t i = 0; i < chains; ++i) sum[i] = hn::Set(d, static_cast<float>(i));
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < chains; ++i) sum[i] = hn::MulAdd(sum[i], factor, term);
  }
  for (std::size_t i = 1; i < chains; ++i) sum[0] = hn::Add(sum[0], sum[i]);
  *result = hn::GetLane(sum[0]);
  return 2.0 * static_cast<double>(rounds * chains * hn::Lanes(d));
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {

HWY_EXPORT(multiply_add);

double measure_multiply_add_limit() {
  constexpr std::size_t rounds = 1 << 17;
  double best = 0;
  // Long enough for the system to give each thread a core of its own.
  for (const double end = seconds_now() + 0.3; seconds_now() < end;) {
    const auto threads = static_cast<std::size_t>(thread_count());
    double operations = 0;
    const double start = seconds_now();
    parallel_for(threads, 1, [&](std::size_t, std::size_t, int thread) {
      float result = 0;
      const double done = HWY_DYNAMIC_DISPATCH(multiply_add)(rounds, &result);
      if (thread == 0 && result >= 0) operations = done * static_cast<double>(threads);
    });
    best = std::max(best, operations / (seconds_now() - start));
  }
  return best;
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
