#include "halfwave/kernel/channel_sum.h"

#include <algorithm>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/chunk.h"
#include "halfwave/kernel/thread_sums.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/channel_sum.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/double-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = DoubleTag;
using V = DoubleVector;

constexpr std::size_t lanes() { return hn::MaxLanes(D()); }  // no target here has vectors of unknown size

// Calls body(vectors, first channel) for all channels: two vectors of them at a time, a whole line of the
// cache where vectors are longest.
template <class Body>
HWY_INLINE void over_columns(std::size_t channels, const Body& body) {
  std::size_t c = 0;
  for (; c + 2 * lanes() <= channels; c += 2 * lanes()) body(std::integral_constant<std::size_t, 2>(), c);
  for (; c < channels; c += lanes()) body(std::integral_constant<std::size_t, 1>(), c);
}

// The sums of `count` terms over all rows, for `vectors` vectors of channels: term(v, offset of row v's
// values) gives an array of them.
template <std::size_t vectors, std::size_t count>
struct Sums {
  V of[vectors][count];

  template <class Term>
  HWY_INLINE Sums(std::size_t rows, std::size_t channels, std::size_t c, const Term& term) {
    constexpr std::size_t side = 4 / vectors;  // rows side by side, to hide the latency of additions
    V sums[side][vectors][count];
    for (std::size_t s = 0; s < side; ++s) {
      for (std::size_t v = 0; v < vectors; ++v) {
        for (std::size_t i = 0; i < count; ++i) sums[s][v][i] = hn::Zero(D());
      }
    }
    std::size_t row = 0;
    for (; row + side <= rows; row += side) {
      for (std::size_t s = 0; s < side; ++s) {
        for (std::size_t v = 0; v < vectors; ++v) term(v, (row + s) * channels + c + v * lanes(), sums[s][v]);
      }
    }
    for (; row < rows; ++row) {
      for (std::size_t v = 0; v < vectors; ++v) term(v, row * channels + c + v * lanes(), sums[0][v]);
    }
    for (std::size_t v = 0; v < vectors; ++v) {
      for (std::size_t i = 0; i < count; ++i) {
        of[v][i] = sums[0][v][i];
        for (std::size_t s = 1; s < side; ++s) of[v][i] = hn::Add(of[v][i], sums[s][v][i]);
      }
    }
  }
};

// The sums' arrays have room for whole vectors.
HWY_INLINE void add_to(double* sum, V value) { hn::StoreU(hn::Add(hn::LoadU(D(), sum), value), D(), sum); }

// Whole vectors of values, or what is there of the last one.
template <std::size_t vectors>
HWY_INLINE V load(const float* from, std::size_t left) {
  return vectors > 1 ? load_double(from) : load_double(from, left);
}

// sum += the sum of x.
void add_sums(std::size_t rows, std::size_t channels, const float* x, double* sum) {
  over_columns(channels, [=](auto vectors, std::size_t c) HWY_ATTR {
    const Sums<vectors, 1> sums(rows, channels, c, [=](std::size_t, std::size_t at, V* total) HWY_ATTR {
      total[0] = hn::Add(total[0], load<vectors>(x + at, channels - c));
    });
    for (std::size_t v = 0; v < vectors; ++v) add_to(sum + c + v * lanes(), sums.of[v][0]);
  });
}

// Adds a chunk of rows to the mean and the sum of squared distances from it of `before` rows.
void add_moments(std::size_t rows, std::size_t channels, const float* x, double before, double* mean,
                 double* m2) {
  const auto n = static_cast<double>(rows);
  const V part = hn::Set(D(), 1 / n);
  const V weight = hn::Set(D(), n / (before + n));
  const V apart = hn::Set(D(), before * n / (before + n));
  over_columns(channels, [=](auto vectors, std::size_t c) HWY_ATTR {
    // The distances are from the chunk's first row. As that is one of the values, its own distance from the
    // mean is part of the variance, and the difference below loses at most a factor of rows + 1.
    V centre[vectors];
    for (std::size_t v = 0; v < vectors; ++v) centre[v] = load<vectors>(x + c + v * lanes(), channels - c);
    const Sums<vectors, 2> sums(rows, channels, c, [&](std::size_t v, std::size_t at, V* total) HWY_ATTR {
      const V distance = hn::Sub(load<vectors>(x + at, channels - c), centre[v]);
      total[0] = hn::Add(total[0], distance);
      total[1] = hn::MulAdd(distance, distance, total[1]);
    });
    for (std::size_t v = 0; v < vectors; ++v) {
      const V offset = hn::Mul(sums.of[v][0], part);
      const V squares = hn::NegMulAdd(offset, sums.of[v][0], sums.of[v][1]);
      double* to = mean + c + v * lanes();
      const V distance = hn::Sub(hn::Add(centre[v], offset), hn::LoadU(D(), to));
      add_to(to, hn::Mul(distance, weight));
      add_to(m2 + c + v * lanes(), hn::MulAdd(hn::Mul(distance, distance), apart, squares));
    }
  });
}

// sum_dy += sum of dy, sum_dy_x += sum of dy * (x - mean). In float for so many rows, then in double: in
// double throughout it takes up to twice the time.
constexpr std::size_t float_rows = 8;
void add_gradient_sums(std::size_t rows, std::size_t channels, const float* x, const float* dy,
                       const float* mean, double* sum_dy, double* sum_dy_x) {
  const hn::ScalableTag<float> d;
  for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
    const std::size_t left = channels - c;
    const auto centre = load_first(d, mean + c, left);
    DoubleSum one;
    DoubleSum two;
    for (std::size_t row = 0; row < rows;) {
      auto gradients = hn::Zero(d);
      auto products = hn::Zero(d);
      for (const std::size_t end = std::min(row + float_rows, rows); row < end; ++row) {
        const std::size_t at = row * channels + c;
        const auto gradient = load_first(d, dy + at, left);
        gradients = hn::Add(gradients, gradient);
        products = hn::MulAdd(gradient, hn::Sub(load_first(d, x + at, left), centre), products);
      }
      one.add(gradients);
      two.add(products);
    }
    one.add_to(sum_dy + c);
    two.add_to(sum_dy_x + c);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(add_sums);
HWY_EXPORT(add_moments);
HWY_EXPORT(add_gradient_sums);

}  // namespace

void bias_gradient(std::size_t rows, std::size_t channels, float* dy, const Epilogue& slope, float* db,
                   Workspace& workspace) {
  if (slope.apply == nullptr && db == nullptr) return;
  const ThreadSums partial(1, channels, workspace);
  over_chunks(rows, channels, [&](std::size_t row, std::size_t count, int thread) {
    slope(dy + row * channels, count * channels);
    if (db == nullptr) return;
    HWY_DYNAMIC_DISPATCH(add_sums)
    (count, channels, dy + row * channels, partial.get(static_cast<std::size_t>(thread), 0));
  });
  if (db == nullptr) return;
  for (std::size_t c = 0; c < channels; ++c) db[c] += static_cast<float>(partial.sum(0, c));
}

void channel_statistics(std::size_t rows, std::size_t channels, const float* x, double* mean,
                        double* variance, Workspace& workspace) {
  // For each thread its mean, the sum of squared distances from it, and the number of rows.
  const ThreadSums partial(3, channels, workspace);
  over_chunks(rows, channels, [&](std::size_t row, std::size_t count, int thread) {
    const auto part = static_cast<std::size_t>(thread);
    double& before = *partial.get(part, 2);
    HWY_DYNAMIC_DISPATCH(add_moments)
    (count, channels, x + row * channels, before, partial.get(part, 0), partial.get(part, 1));
    before += static_cast<double>(count);
  });
  const double n = *partial.get(0, 2);
  for (std::size_t c = 0; c < channels; ++c) {
    double total = n;
    double m2 = partial.get(0, 1)[c];
    mean[c] = partial.get(0, 0)[c];
    for (std::size_t thread = 1; thread < partial.threads(); ++thread) {
      const double count = *partial.get(thread, 2);
      if (count == 0) continue;
      const double distance = partial.get(thread, 0)[c] - mean[c];
      m2 += partial.get(thread, 1)[c] + distance * distance * total * count / (total + count);
      total += count;
      mean[c] += distance * count / total;
    }
    variance[c] = m2 / total;
  }
}

void channel_gradient_sums(std::size_t rows, std::size_t channels, const float* x, float* dy,
                           const Epilogue& slope, const float* mean, double* sum_dy, double* sum_dy_x,
                           Workspace& workspace) {
  const ThreadSums partial(2, channels, workspace);
  over_chunks(rows, channels, [&](std::size_t row, std::size_t count, int thread) {
    const auto part = static_cast<std::size_t>(thread);
    slope(dy + row * channels, count * channels);
    HWY_DYNAMIC_DISPATCH(add_gradient_sums)
    (count, channels, x + row * channels, dy + row * channels, mean, partial.get(part, 0),
     partial.get(part, 1));
  });
  for (std::size_t c = 0; c < channels; ++c) {
    sum_dy[c] = partial.sum(0, c);
    sum_dy_x[c] = partial.sum(1, c);
  }
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
