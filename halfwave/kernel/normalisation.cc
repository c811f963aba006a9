#include "halfwave/kernel/normalisation.h"

#include <algorithm>
#include <cmath>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/normalisation.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

HWY_INLINE V load(const float* from, std::size_t count) { return load_first(D(), from, count); }

HWY_INLINE void store(V value, float* to, std::size_t count) { store_first(value, D(), to, count); }

// Independent sums, to hide the latency of additions.
constexpr std::size_t sums = 4;

// term(row, offset of the first channel, channels left) summed over rows; two results a row.
template <class Term>
HWY_INLINE void sum_rows(std::size_t rows, std::size_t channels, float* first, float* second,
                         const Term& term) {
  const D d;
  for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
    V one[sums];
    V two[sums];
    for (std::size_t i = 0; i < sums; ++i) one[i] = two[i] = hn::Zero(d);
    std::size_t row = 0;
    for (; row + sums <= rows; row += sums) {
      for (std::size_t i = 0; i < sums; ++i) term((row + i) * channels + c, c, channels - c, one[i], two[i]);
    }
    for (; row < rows; ++row) term(row * channels + c, c, channels - c, one[0], two[0]);
    store(hn::Add(hn::Add(one[0], one[1]), hn::Add(one[2], one[3])), first + c, channels - c);
    store(hn::Add(hn::Add(two[0], two[1]), hn::Add(two[2], two[3])), second + c, channels - c);
  }
}

// Mean and sum of squared distances from it, of one chunk.
void chunk_moments(const float* x, std::size_t rows, std::size_t channels, float* mean, float* m2) {
  sum_rows(rows, channels, mean, m2, [x](std::size_t at, std::size_t, std::size_t count, V& one, V&) {
    one = hn::Add(one, load(x + at, count));
  });
  const float factor = 1.0F / static_cast<float>(rows);
  for (std::size_t c = 0; c < channels; ++c) mean[c] *= factor;
  const D d;
  for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
    const V centre = load(mean + c, channels - c);
    V sum[sums];
    for (std::size_t i = 0; i < sums; ++i) sum[i] = hn::Zero(d);
    for (std::size_t row = 0; row < rows; ++row) {
      const V distance = hn::Sub(load(x + row * channels + c, channels - c), centre);
      sum[row % sums] = hn::MulAdd(distance, distance, sum[row % sums]);
    }
    store(hn::Add(hn::Add(sum[0], sum[1]), hn::Add(sum[2], sum[3])), m2 + c, channels - c);
  }
}

void chunk_gradient_sums(const float* x, const float* dy, const float* mean, std::size_t rows,
                         std::size_t channels, float* sum_dy, float* sum_dy_x) {
  sum_rows(rows, channels, sum_dy, sum_dy_x,
           [=](std::size_t at, std::size_t c, std::size_t count, V& one, V& two) {
             const V gradient = load(dy + at, count);
             one = hn::Add(one, gradient);
             two = hn::MulAdd(gradient, hn::Sub(load(x + at, count), load(mean + c, count)), two);
           });
}

void scale_shift_rows(const float* x, const float* scale, const float* shift, float* y, std::size_t rows,
                      std::size_t channels) {
  const D d;
  for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
    const std::size_t count = channels - c;
    const V a = load(scale + c, count);
    const V b = load(shift + c, count);
    for (std::size_t at = c; at < rows * channels; at += channels) {
      store(hn::MulAdd(load(x + at, count), a, b), y + at, count);
    }
  }
}

void combine_rows(const float* x, const float* dy, const float* a, const float* b, const float* c, float* dx,
                  std::size_t rows, std::size_t channels) {
  const D d;
  for (std::size_t i = 0; i < channels; i += hn::Lanes(d)) {
    const std::size_t count = channels - i;
    const V va = load(a + i, count);
    const V vb = load(b + i, count);
    const V vc = load(c + i, count);
    for (std::size_t at = i; at < rows * channels; at += channels) {
      const V rest = hn::MulAdd(load(x + at, count), vb, vc);
      store(hn::MulAdd(load(dy + at, count), va, rest), dx + at, count);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(chunk_moments);
HWY_EXPORT(chunk_gradient_sums);
HWY_EXPORT(scale_shift_rows);
HWY_EXPORT(combine_rows);

// Rows that stay in the first-level cache between the passes over them.
std::size_t chunk_rows(std::size_t channels) { return std::max<std::size_t>(4096 / channels, 8); }

template <class Body>
void over_chunks(std::size_t rows, std::size_t channels, Body&& body) {
  const std::size_t chunk = chunk_rows(channels);
  const std::size_t grain = (parallel_grain / channels / chunk + 1) * chunk;
  parallel_for(rows, grain, [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t row = begin; row < end; row += chunk) body(row, std::min(chunk, end - row), thread);
  });
}

// One thread's part of the statistics.
struct Moments {
  double* count;
  double* mean;
  double* m2;
};

void join(const Moments& sum, double count, std::size_t channels, const auto* mean, const auto* m2) {
  const double total = *sum.count + count;
  for (std::size_t c = 0; c < channels; ++c) {
    const double distance = static_cast<double>(mean[c]) - sum.mean[c];
    sum.mean[c] += distance * count / total;
    sum.m2[c] += static_cast<double>(m2[c]) + distance * distance * *sum.count * count / total;
  }
  *sum.count = total;
}

}  // namespace

void channel_statistics(std::size_t rows, std::size_t channels, const float* x, double* mean,
                        double* variance, Workspace& workspace) {
  const auto threads = static_cast<std::size_t>(thread_count());
  // A thread's part: double count, mean, m2, then the floats of a chunk.
  const std::size_t each = 8 + 3 * channels;
  auto* scratch = reinterpret_cast<double*>(workspace.get(threads * each * sizeof(double)));
  std::fill_n(scratch, threads * each, 0.0);
  const auto part = [&](std::size_t thread) {
    double* at = scratch + thread * each;
    return Moments{at, at + 8, at + 8 + channels};
  };
  over_chunks(rows, channels, [&](std::size_t row, std::size_t count, int thread) {
    const Moments moments = part(static_cast<std::size_t>(thread));
    auto* chunk_mean = reinterpret_cast<float*>(moments.m2 + channels);
    HWY_DYNAMIC_DISPATCH(chunk_moments)
    (x + row * channels, count, channels, chunk_mean, chunk_mean + channels);
    join(moments, static_cast<double>(count), channels, chunk_mean, chunk_mean + channels);
  });
  const Moments all = part(0);
  for (std::size_t thread = 1; thread < threads; ++thread) {
    const Moments other = part(thread);
    if (*other.count > 0) join(all, *other.count, channels, other.mean, other.m2);
  }
  for (std::size_t c = 0; c < channels; ++c) {
    mean[c] = all.mean[c];
    variance[c] = all.m2[c] / static_cast<double>(rows);
  }
}

void scale_shift(std::size_t rows, std::size_t channels, const float* x, const float* scale,
                 const float* shift, float* y, const Epilogue& epilogue) {
  over_chunks(rows, channels, [&](std::size_t row, std::size_t count, int) {
    HWY_DYNAMIC_DISPATCH(scale_shift_rows)
    (x + row * channels, scale, shift, y + row * channels, count, channels);
    epilogue(y + row * channels, count * channels);
  });
}

void channel_gradient_sums(std::size_t rows, std::size_t channels, const float* x, float* dy,
                           const Epilogue& slope, const float* mean, double* sum_dy, double* sum_dy_x,
                           Workspace& workspace) {
  const auto threads = static_cast<std::size_t>(thread_count());
  const std::size_t each = 3 * channels;  // two sums in double, two of a chunk in float
  auto* scratch = reinterpret_cast<double*>(workspace.get(threads * each * sizeof(double)));
  std::fill_n(scratch, threads * each, 0.0);
  over_chunks(rows, channels, [&](std::size_t row, std::size_t count, int thread) {
    double* sum = scratch + static_cast<std::size_t>(thread) * each;
    auto* chunk = reinterpret_cast<float*>(sum + 2 * channels);
    slope(dy + row * channels, count * channels);
    HWY_DYNAMIC_DISPATCH(chunk_gradient_sums)
    (x + row * channels, dy + row * channels, mean, count, channels, chunk, chunk + channels);
    for (std::size_t c = 0; c < 2 * channels; ++c) sum[c] += static_cast<double>(chunk[c]);
  });
  std::fill_n(sum_dy, channels, 0.0);
  std::fill_n(sum_dy_x, channels, 0.0);
  for (std::size_t thread = 0; thread < threads; ++thread) {
    for (std::size_t c = 0; c < channels; ++c) {
      sum_dy[c] += scratch[thread * each + c];
      sum_dy_x[c] += scratch[thread * each + channels + c];
    }
  }
}

void combine_gradient(std::size_t rows, std::size_t channels, const float* x, const float* dy, const float* a,
                      const float* b, const float* c, float* dx) {
  over_chunks(rows, channels, [&](std::size_t row, std::size_t count, int) {
    HWY_DYNAMIC_DISPATCH(combine_rows)
    (x + row * channels, dy + row * channels, a, b, c, dx + row * channels, count, channels);
  });
}

namespace {

// s^-beta; the paper's beta of 3/4 without pow.
float falling_power(float s, float beta) {
  if (beta == 0.75F) {
    const float root = std::sqrt(s);
    return 1.0F / (root * std::sqrt(root));
  }
  return std::pow(s, -beta);
}

struct ResponseNorm {
  std::size_t channels;
  ResponseNormOptions options;

  // The sum of values[j] over the window around c; `mirrored` for the windows that c lies in.
  float window_sum(const float* values, std::size_t c, bool mirrored) const {
    const auto below = static_cast<std::size_t>(mirrored ? (options.window - 1) / 2 : options.window / 2);
    const auto above = static_cast<std::size_t>(options.window - 1) - below;
    float sum = 0;
    for (std::size_t j = c - std::min(c, below); j <= std::min(channels - 1, c + above); ++j)
      sum += values[j];
    return sum;
  }

  // scale[c] = k + alpha / window * sum of squares; squares is scratch.
  void scales(const float* x, float* squares, float* scale) const {
    for (std::size_t c = 0; c < channels; ++c) squares[c] = x[c] * x[c];
    const float factor = options.alpha / static_cast<float>(options.window);
    for (std::size_t c = 0; c < channels; ++c) scale[c] = options.k + factor * window_sum(squares, c, false);
  }
};

}  // namespace

void response_norm_forward(std::size_t rows, std::size_t channels, const ResponseNormOptions& options,
                           const float* x, float* y, Workspace& workspace) {
  const ResponseNorm norm{channels, options};
  float* scratch = workspace.floats(2 * channels * static_cast<std::size_t>(thread_count()));
  parallel_for(rows, parallel_grain / 8 / channels + 1, [&](std::size_t begin, std::size_t end, int thread) {
    float* squares = scratch + 2 * channels * static_cast<std::size_t>(thread);
    float* scale = squares + channels;
    for (std::size_t at = begin * channels; at < end * channels; at += channels) {
      norm.scales(x + at, squares, scale);
      for (std::size_t c = 0; c < channels; ++c)
        y[at + c] = x[at + c] * falling_power(scale[c], options.beta);
    }
  });
}

void response_norm_backward(std::size_t rows, std::size_t channels, const ResponseNormOptions& options,
                            const float* x, const float* dy, float* dx, Workspace& workspace) {
  const ResponseNorm norm{channels, options};
  float* scratch = workspace.floats(3 * channels * static_cast<std::size_t>(thread_count()));
  const float factor = 2 * options.alpha * options.beta / static_cast<float>(options.window);
  parallel_for(rows, parallel_grain / 8 / channels + 1, [&](std::size_t begin, std::size_t end, int thread) {
    float* terms = scratch + 3 * channels * static_cast<std::size_t>(thread);
    float* scale = terms + channels;
    float* power = scale + channels;
    for (std::size_t row = begin; row < end; ++row) {
      const float* in = x + row * channels;
      const float* gradient = dy + row * channels;
      norm.scales(in, terms, scale);
      for (std::size_t c = 0; c < channels; ++c) {
        power[c] = falling_power(scale[c], options.beta);
        terms[c] = gradient[c] * in[c] * power[c] / scale[c];
      }
      for (std::size_t c = 0; c < channels; ++c) {
        dx[row * channels + c] = gradient[c] * power[c] - factor * in[c] * norm.window_sum(terms, c, true);
      }
    }
  });
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
