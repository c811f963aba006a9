// oneDNN's sgemm on the weights as they are; for very few rows, where the weights are read once and memory
// decides, a product of our own.
#include "halfwave/kernel/product.h"

#include <dnnl.h>

#include <algorithm>
#include <cassert>
#include <cstddef>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/product.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/load_first-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// y[o] = x . w[o] + b[o] for outputs [begin, end).
void dot_rows(const float* x, const float* w, const float* b, float* y, std::size_t inputs, std::size_t begin,
              std::size_t end) {
  const hn::ScalableTag<float> d;
  constexpr std::size_t rows = 4;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t whole = inputs / lanes * lanes;
  for (std::size_t o = begin; o < end; o += rows) {
    const std::size_t count = std::min(rows, end - o);
    const float* row[rows];
    hn::Vec<decltype(d)> sum[rows];
    for (std::size_t r = 0; r < rows; ++r) {
      row[r] = w + (o + std::min(r, count - 1)) * inputs;
      sum[r] = hn::Zero(d);
    }
    for (std::size_t i = 0; i < whole; i += lanes) {
      const auto value = hn::LoadU(d, x + i);
      for (std::size_t r = 0; r < rows; ++r) sum[r] = hn::MulAdd(value, hn::LoadU(d, row[r] + i), sum[r]);
    }
    if (whole < inputs) {
      const auto value = load_first(d, x + whole, inputs - whole);
      for (std::size_t r = 0; r < rows; ++r) {
        sum[r] = hn::MulAdd(value, load_first(d, row[r] + whole, inputs - whole), sum[r]);
      }
    }
    for (std::size_t r = 0; r < count; ++r) {
      y[o + r] = hn::GetLane(hn::SumOfLanes(d, sum[r])) + (b != nullptr ? b[o + r] : 0.0F);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(dot_rows);

// Up to this many rows sgemm packs the weights for little.
constexpr std::int64_t few_rows = 2;

// Values below which a second thread costs more than it brings.
constexpr std::size_t parallel_grain = 1 << 15;

void multiply(char transpose_a, char transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
              const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c,
              std::int64_t ldc) {
  [[maybe_unused]] const dnnl_status_t status =
      dnnl_sgemm(transpose_a, transpose_b, m, n, k, 1.0F, a, lda, b, ldb, beta, c, ldc);
  assert(status == dnnl_success);
}

}  // namespace

void product_forward(const ProductSize& size, std::int64_t n, const float* x, const float* w, const float* b,
                     float* y, const Epilogue& epilogue) {
  const auto inputs = static_cast<std::size_t>(size.inputs);
  const auto outputs = static_cast<std::size_t>(size.outputs);
  if (n <= few_rows) {
    for (std::size_t image = 0; image < static_cast<std::size_t>(n); ++image) {
      float* to = y + image * outputs;
      parallel_for(outputs, std::max<std::size_t>(parallel_grain / inputs, 4),
                   [&](std::size_t begin, std::size_t end, int) {
                     HWY_DYNAMIC_DISPATCH(dot_rows)(x + image * inputs, w, b, to, inputs, begin, end);
                     epilogue(to + begin, end - begin);
                   });
    }
    return;
  }
  multiply('N', 'T', n, size.outputs, size.inputs, x, size.inputs, w, size.inputs, 0.0F, y, size.outputs);
  parallel_for(static_cast<std::size_t>(n), std::max<std::size_t>(parallel_grain / outputs, 1),
               [&](std::size_t begin, std::size_t end, int) {
                 for (std::size_t image = begin; b != nullptr && image < end; ++image) {
                   for (std::size_t o = 0; o < outputs; ++o) y[image * outputs + o] += b[o];
                 }
                 epilogue(y + begin * outputs, (end - begin) * outputs);
               });
}

void product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                           float* dx) {
  multiply('N', 'N', n, size.inputs, size.outputs, dy, size.outputs, w, size.inputs, 0.0F, dx, size.inputs);
}

void product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                              float* dw, float* db) {
  multiply('T', 'N', size.outputs, size.inputs, n, dy, size.outputs, x, size.inputs, 1.0F, dw, size.inputs);
  if (db == nullptr) return;
  for (std::int64_t image = 0; image < n; ++image) {
    for (std::int64_t o = 0; o < size.outputs; ++o) db[o] += dy[image * size.outputs + o];
  }
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
