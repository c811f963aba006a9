// Forward by oneDNN's inner product on packed weights (three times as fast as its sgemm with transposed
// ones); for very few rows in inference, where the weights are read once and memory decides, a product of our
// own, whose weights lie in the order in which it reads them.
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

// y = x w + b for a panel of V vectors of outputs, of which `count` outputs are there; w is inputs x outputs.
template <std::size_t V>
void panel(const float* x, const float* w, const float* b, float* y, std::size_t inputs, std::size_t count) {
  const hn::CappedTag<float, 16> d;
  const std::size_t lanes = hn::Lanes(d);
  hn::Vec<decltype(d)> sum[V];
  for (std::size_t v = 0; v < V; ++v) sum[v] = hn::Zero(d);
  for (std::size_t i = 0; i < inputs; ++i) {
    const auto value = hn::Set(d, x[i]);
    for (std::size_t v = 0; v < V; ++v) sum[v] = hn::MulAdd(value, hn::LoadU(d, w + v * lanes), sum[v]);
    w += V * lanes;
  }
  for (std::size_t v = 0; v < V && v * lanes < count; ++v) {
    const std::size_t rest = count - v * lanes;
    if (b != nullptr) sum[v] = hn::Add(sum[v], load_first(d, b + v * lanes, rest));
    store_first(sum[v], d, y + v * lanes, rest);
  }
}

void multiply_panel(const float* x, const float* w, const float* b, float* y, std::size_t inputs,
                    std::size_t width, std::size_t count) {
  const hn::CappedTag<float, 16> d;
  switch (width / hn::Lanes(d)) {
    case 1:
      return panel<1>(x, w, b, y, inputs, count);
    case 2:
      return panel<2>(x, w, b, y, inputs, count);
    case 4:
      return panel<4>(x, w, b, y, inputs, count);
    case 8:
      return panel<8>(x, w, b, y, inputs, count);
    case 16:
      return panel<16>(x, w, b, y, inputs, count);
    case 32:
      return panel<32>(x, w, b, y, inputs, count);
    default:
      return panel<64>(x, w, b, y, inputs, count);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(multiply_panel);

// Up to this many rows the panels are faster than oneDNN.
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

ProductForward::ProductForward(const ProductSize& size, bool training)
    : size_(size), training_(training), no_bias_(static_cast<std::size_t>(size.outputs)) {}

ProductForward::~ProductForward() = default;

void ProductForward::load(const float* w, const float* b) {
  w_ = w;
  b_ = b;
  ++version_;
}

// Panels of `width` outputs, input after input; as wide as leaves one for each thread.
void ProductForward::pack_panels() {
  if (panels_version_ == version_) return;
  const auto inputs = static_cast<std::size_t>(size_.inputs);
  const auto outputs = static_cast<std::size_t>(size_.outputs);
  const std::size_t share = outputs / static_cast<std::size_t>(thread_count());
  width_ = share > 32 ? 64 : share > 16 ? 32 : 16;
  panels_.assign((outputs + width_ - 1) / width_ * width_ * inputs, 0.0F);
  for (std::size_t o = 0; o < outputs; ++o) {
    float* to = panels_.data() + o / width_ * width_ * inputs + o % width_;
    for (std::size_t i = 0; i < inputs; ++i) to[i * width_] = w_[o * inputs + i];
  }
  panels_version_ = version_;
}

void ProductForward::run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
                         Workspace& workspace) {
  const auto inputs = static_cast<std::size_t>(size_.inputs);
  const auto outputs = static_cast<std::size_t>(size_.outputs);
  if (n <= few_rows && !training_) {
    pack_panels();
    const std::size_t panels = (outputs + width_ - 1) / width_;
    for (std::size_t image = 0; image < static_cast<std::size_t>(n); ++image) {
      float* to = y + image * outputs;
      parallel_for(panels, parallel_grain / (inputs * width_) + 1,
                   [&](std::size_t begin, std::size_t end, int) {
                     for (std::size_t o = begin * width_; o < std::min(end * width_, outputs); o += width_) {
                       const std::size_t count = std::min(width_, outputs - o);
                       HWY_DYNAMIC_DISPATCH(multiply_panel)
                       (x + image * inputs, panels_.data() + o * inputs, b_ != nullptr ? b_ + o : nullptr,
                        to + o, inputs, width_, count);
                       epilogue(to + o, count);
                     }
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
                              float* dw) {
  multiply('T', 'N', size.outputs, size.inputs, n, dy, size.outputs, x, size.inputs, 1.0F, dw, size.inputs);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
