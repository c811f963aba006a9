// Forward by oneDNN's inner product on packed weights (three times as fast as its sgemm with transposed
// ones); for very few rows, where the weights are read once and memory decides, a product of our own.
// Backward by oneDNN's sgemm on the weights as they are.
#include "halfwave/kernel/product.h"

#include <dnnl.h>

#include <algorithm>
#include <cstddef>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/onednn.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/product.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"

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

// Up to this many rows packed weights bring nothing: each is read once a row.
constexpr std::int64_t few_rows = 2;

void multiply(char transpose_a, char transpose_b, std::int64_t m, std::int64_t n, std::int64_t k,
              const float* a, std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c,
              std::int64_t ldc) {
  dnnl::error::wrap_c_api(dnnl_sgemm(transpose_a, transpose_b, m, n, k, 1.0F, a, lda, b, ldb, beta, c, ldc),
                          "oneDNN could not multiply");
}

}  // namespace

struct ProductForward::Bound {
  Bound(const ProductSize& size, std::int64_t rows) : Bound(size, rows, description(size, rows)) {}
  Bound(const ProductSize& size, std::int64_t rows, const dnnl::inner_product_forward::primitive_desc& desc)
      : n(rows),
        primitive(desc),
        weights({{size.outputs, size.inputs}, onednn::f32, onednn::Tag::oi}, desc.weights_desc()),
        x(onednn::empty_memory(desc.src_desc())),
        b(onednn::empty_memory(desc.bias_desc())),
        y(onednn::empty_memory(desc.dst_desc())),
        scratch(onednn::empty_memory(desc.scratchpad_desc())) {}

  static dnnl::inner_product_forward::primitive_desc description(const ProductSize& size, std::int64_t rows) {
    const dnnl::memory::desc source({rows, size.inputs}, onednn::f32, onednn::Tag::nc);
    const dnnl::memory::desc any({size.outputs, size.inputs}, onednn::f32, onednn::Tag::any);
    const dnnl::memory::desc bias({size.outputs}, onednn::f32, onednn::Tag::x);
    const dnnl::memory::desc target({rows, size.outputs}, onednn::f32, onednn::Tag::nc);
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    const auto kind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
    return {onednn::engine(), kind, source, any, bias, target, attributes};
#else
    return {{kind, source, any, bias, target}, attributes, onednn::engine()};
#endif
  }

  std::int64_t n;
  int threads = thread_count();
  dnnl::inner_product_forward primitive;
  onednn::PackedWeights weights;
  dnnl::memory x, b, y, scratch;
  dnnl::stream stream{onednn::engine()};
};

ProductForward::ProductForward(const ProductSize& size)
    : size_(size), no_bias_(static_cast<std::size_t>(size.outputs)) {}

ProductForward::~ProductForward() = default;

void ProductForward::load(const float* w, const float* b) {
  w_ = w;
  b_ = b;
  ++version_;
}

void ProductForward::run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
                         Workspace& workspace) {
  const auto inputs = static_cast<std::size_t>(size_.inputs);
  const auto outputs = static_cast<std::size_t>(size_.outputs);
  if (n <= few_rows) {
    for (std::size_t image = 0; image < static_cast<std::size_t>(n); ++image) {
      float* to = y + image * outputs;
      parallel_for(outputs, std::max<std::size_t>(parallel_grain / inputs, 4),
                   [&](std::size_t begin, std::size_t end, int) {
                     HWY_DYNAMIC_DISPATCH(dot_rows)(x + image * inputs, w_, b_, to, inputs, begin, end);
                     epilogue(to + begin, end - begin);
                   });
    }
    return;
  }
  Bound& bound = onednn::bound_to(bounds_, size_, n);
  bound.weights.update(bound.stream, w_, version_);
  onednn::set(bound.x, x);
  onednn::set(bound.b, b_ != nullptr ? b_ : no_bias_.data());
  onednn::set(bound.y, y);
  bound.scratch.set_data_handle(workspace.get(bound.scratch.get_desc().get_size()));
  onednn::execute(bound.primitive, bound.stream,
                  {{DNNL_ARG_SRC, bound.x},
                   {DNNL_ARG_WEIGHTS, bound.weights.packed},
                   {DNNL_ARG_BIAS, bound.b},
                   {DNNL_ARG_DST, bound.y},
                   {DNNL_ARG_SCRATCHPAD, bound.scratch}});
  if (epilogue.apply == nullptr) return;
  parallel_for(static_cast<std::size_t>(n) * outputs, parallel_grain,
               [&](std::size_t begin, std::size_t end, int) { epilogue(y + begin, end - begin); });
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
