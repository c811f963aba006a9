// Forward in inference by oneDNN's inner product on weights packed once; for very few rows, where the weights
// are read once and memory decides, by panels, whose weights lie in the order in which they are read, without
// those that a 0 would meet (sparse_product.cc). In training, where packing every step would cost more than
// the product, by one that takes x and weights as they lie, inputs innermost: dot products of some rows with
// some outputs at a time. Backward by oneDNN's sgemm on the weights as they are.
#include "halfwave/kernel/product.h"

#include <dnnl.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/onednn.h"
#include "halfwave/kernel/parts.h"
#include "halfwave/kernel/sum_registers.h"
#include "halfwave/kernel/zero_share.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/product.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Rows and outputs of a tile, whose sums stay in registers: 24 of 32, or 12 of 16.
constexpr std::size_t tile_rows = 4;
constexpr std::size_t tile_outputs = sum_registers(hn::MaxLanes(D())) >= 24 ? 6 : 3;
// Inputs at a time, so that what a tile reads comes from the near caches: x again for every tile of outputs.
constexpr std::size_t block_inputs = 1024;

template <std::size_t output, std::size_t... row>
HWY_INLINE void add_products(V* sum, const V* x, V w, std::index_sequence<row...>) {
  ((sum[output * tile_rows + row] = hn::MulAdd(x[row], w, sum[output * tile_rows + row])), ...);
}

// One vector of inputs. load(from) takes it from a row or an output.
template <class Load, std::size_t... row, std::size_t... output>
HWY_INLINE void add_vector(V* sum, const float* const* x, const float* const* w, Load&& load,
                           std::index_sequence<row...> rows, std::index_sequence<output...>) {
  const V values[] = {load(x[row])...};
  (add_products<output>(sum, values, load(w[output]), rows), ...);
}

template <std::size_t... i>
HWY_INLINE void clear(V* sum, std::index_sequence<i...>) {
  ((sum[i] = hn::Zero(D())), ...);
}

template <std::size_t... i>
HWY_INLINE void store_totals(const V* sum, float* to, std::index_sequence<i...>) {
  ((to[i] = hn::GetLane(hn::SumOfLanes(D(), sum[i]))), ...);
}

// totals[output][row] = x[row] . w[output]
void dot_tile(const float* const* x, const float* const* w, std::size_t inputs, float* totals) {
  const D d;
  constexpr auto rows = std::make_index_sequence<tile_rows>();
  constexpr auto outputs = std::make_index_sequence<tile_outputs>();
  constexpr auto all = std::make_index_sequence<tile_rows * tile_outputs>();
  V sum[tile_rows * tile_outputs];
  clear(sum, all);
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= inputs; i += hn::Lanes(d)) {
    add_vector(
        sum, x, w, [&](const float* from) HWY_ATTR { return hn::LoadU(d, from + i); }, rows, outputs);
  }
  if (i < inputs) {
    add_vector(
        sum, x, w, [&](const float* from) HWY_ATTR { return load_first(d, from + i, inputs - i); }, rows,
        outputs);
  }
  store_totals(sum, totals, all);
}

// y += x w^T for the outputs [begin, end).
void add_dot_products(std::size_t n, std::size_t inputs, std::size_t outputs, std::size_t begin,
                      std::size_t end, const float* x, const float* w, float* y) {
  // Copied: rows a multiple of 4096 bytes apart would push each other out of the first-level cache.
  constexpr std::size_t stride = block_inputs + 16;
  alignas(64) float weights[tile_outputs * stride];
  for (std::size_t first = 0; first < inputs; first += block_inputs) {
    const std::size_t count = std::min(block_inputs, inputs - first);
    for (std::size_t o = begin; o < end; o += tile_outputs) {
      const float* from[tile_outputs];
      for (std::size_t i = 0; i < tile_outputs; ++i) {
        from[i] = weights + i * stride;
        std::copy_n(w + std::min(o + i, end - 1) * inputs + first, count, weights + i * stride);
      }
      for (std::size_t r = 0; r < n; r += tile_rows) {
        const float* row[tile_rows];
        for (std::size_t i = 0; i < tile_rows; ++i) row[i] = x + std::min(r + i, n - 1) * inputs + first;
        float totals[tile_rows * tile_outputs];
        dot_tile(row, from, count, totals);
        for (std::size_t i = 0; i < std::min(tile_outputs, end - o); ++i) {
          for (std::size_t j = 0; j < std::min(tile_rows, n - r); ++j)
            y[(r + j) * outputs + o + i] += totals[i * tile_rows + j];
        }
      }
    }
  }
}

std::size_t outputs_of_a_tile() { return tile_outputs; }

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(add_dot_products);
HWY_EXPORT(outputs_of_a_tile);

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

ProductForward::ProductForward(const ProductSize& size, bool training, KernelChoice kernels)
    : size_(size), training_(training), kernels_(kernels), no_bias_(static_cast<std::size_t>(size.outputs)) {}

ProductForward::~ProductForward() = default;

void ProductForward::load(const float* w, const float* b) {
  w_ = w;
  b_ = b;
  ++version_;
}

bool ProductForward::takes_panels(std::int64_t n) const { return !training_ && n <= few_rows; }

bool ProductForward::skips(std::int64_t n, const float* x) {
  zeros_ = -1;
  if (!takes_panels(n) || kernels_ == KernelChoice::dense || kernels_ == KernelChoice::winograd) return false;
  zeros_ = zero_share(x, static_cast<std::size_t>(n * size_.inputs),
                      static_cast<double>(n * size_.inputs * size_.outputs));
  // Beyond the caches memory gives pieces of weights more slowly than all of them.
  const double enough = size_.inputs * size_.outputs < 1 << 22 ? 0.3 : 0.6;
  return kernels_ == KernelChoice::sparse || zeros_ > enough;
}

void ProductForward::run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
                         Workspace& workspace) {
  const auto outputs = static_cast<std::size_t>(size_.outputs);
  skips_ = skips(n, x);
  if (takes_panels(n)) {
    if (panels_version_ != version_) panels_.pack(size_, w_);
    panels_version_ = version_;
    product_by_panels(size_, n, x, panels_, b_, skips_, y, workspace);
  } else if (training_) {
    multiply_rows(static_cast<std::size_t>(n), x, y);
  } else {
    run_onednn(n, x, y, workspace);
  }
  if (epilogue.apply == nullptr) return;
  parallel_for(static_cast<std::size_t>(n) * outputs, parallel_grain,
               [&](std::size_t begin, std::size_t end, int) { epilogue(y + begin, end - begin); });
}

void ProductForward::multiply_rows(std::size_t n, const float* x, float* y) const {
  const auto inputs = static_cast<std::size_t>(size_.inputs);
  const auto outputs = static_cast<std::size_t>(size_.outputs);
  const float* b = b_ != nullptr ? b_ : no_bias_.data();
  const std::size_t tile = HWY_DYNAMIC_DISPATCH(outputs_of_a_tile)();
  const std::size_t work = n * inputs * tile;  // of a tile of outputs
  parallel_for(parts_of(outputs, tile), parallel_grain / work + 1,
               [&](std::size_t begin, std::size_t end, int) {
                 const std::size_t first = begin * tile;
                 const std::size_t last = std::min(end * tile, outputs);
                 for (std::size_t row = 0; row < n; ++row)
                   std::copy(b + first, b + last, y + row * outputs + first);
                 HWY_DYNAMIC_DISPATCH(add_dot_products)(n, inputs, outputs, first, last, x, w_, y);
               });
}

void ProductForward::run_onednn(std::int64_t n, const float* x, float* y, Workspace& workspace) {
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
}

void product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                           float* dx) {
  multiply('N', 'N', n, size.inputs, size.outputs, dy, size.outputs, w, size.inputs, 0.0F, dx, size.inputs);
}

void product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                              float* dw) {
  multiply('T', 'N', size.outputs, size.inputs, n, dy, size.outputs, x, size.inputs, 1.0F, dw, size.inputs);
}

bool skipping_pays(const ProductSize& size, std::int64_t n, double zeros) {
  // Small ones are done before the lists are made; beyond the caches the memory of w or dw decides, and
  // oneDNN reads it in longer pieces.
  const std::int64_t weights = size.inputs * size.outputs;
  if (weights < 1 << 18 || weights > 1 << 22) return false;
  // By oneDNN's time: copying and lists, the weights' share of each row, and the products.
  return 0.35 + 8 / static_cast<double>(n) + 1.3 * (1 - zeros) < 1;
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
