#include "halfwave/kernel/normalisation.h"

#include <algorithm>
#include <cmath>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/chunk.h"

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

HWY_EXPORT(scale_shift_rows);
HWY_EXPORT(combine_rows);

}  // namespace

void scale_shift(std::size_t rows, std::size_t channels, const float* x, const float* scale,
                 const float* shift, float* y, const Epilogue& epilogue) {
  over_chunks(rows, channels, [&](std::size_t row, std::size_t count, int) {
    HWY_DYNAMIC_DISPATCH(scale_shift_rows)
    (x + row * channels, scale, shift, y + row * channels, count, channels);
    epilogue(y + row * channels, count * channels);
  });
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
  const ThreadMemory scratch =
      workspace.floats_by_thread(2 * channels, static_cast<std::size_t>(thread_count()));
  parallel_for(rows, parallel_grain / 8 / channels + 1, [&](std::size_t begin, std::size_t end, int thread) {
    float* squares = scratch.floats(thread);
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
  const ThreadMemory scratch =
      workspace.floats_by_thread(3 * channels, static_cast<std::size_t>(thread_count()));
  const float factor = 2 * options.alpha * options.beta / static_cast<float>(options.window);
  parallel_for(rows, parallel_grain / 8 / channels + 1, [&](std::size_t begin, std::size_t end, int thread) {
    float* terms = scratch.floats(thread);
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
