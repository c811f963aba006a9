// Forward in inference by oneDNN's inner product on weights packed once; for very few rows, where the weights
// are read once and memory decides, by panels, whose weights lie in the order in which they are read, without
// those that a 0 would meet (sparse_product.cc). In training, where packing every step would cost more than
// the product, by one that turns the weights of some outputs and inputs around as it comes to them. Backward
// by oneDNN's sgemm on the weights as they are.
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
#include "halfwave/kernel/vector_lanes.h"
#include "halfwave/kernel/zero_share.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/product.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/transpose-inl.h"

#ifndef HALFWAVE_PRODUCT_COMMON
#define HALFWAVE_PRODUCT_COMMON
namespace halfwave::kernel {
struct Range {
  std::size_t begin, end;
};
}  // namespace halfwave::kernel
#endif

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// Outputs of a panel, and rows of a tile, whose sums stay in registers.
constexpr std::size_t panel_vectors = 2;
constexpr std::size_t tile_rows = sum_registers(hn::MaxLanes(D())) / panel_vectors;
// Inputs and panels at a time, so that a tile's x stays in the first-level cache, and w in the second.
constexpr std::size_t block_inputs = 256;
constexpr std::size_t panels_together = 4;
// Of the copy of a tile's x: rows a multiple of 4096 bytes apart would push each other out of the cache.
constexpr std::size_t x_stride = block_inputs + 16;

// Weights as they lie: so many from output to output.
struct Rows {
  const float* first;
  std::size_t distance;
};

// y += x w^T for some rows and a panel: each input of w is so many vectors of outputs, of which `outputs` are
// there. next: 16 rows of weights that are wanted soon, fetched meanwhile; may be past the end. i: sums,
// Vectors to a row; GCC keeps them in registers where no loop runs over them.
template <std::size_t Vectors, std::size_t... i>
HWY_INLINE void add_tile(const float* x, const float* w, std::size_t inputs, std::size_t outputs, float* y,
                         std::size_t y_row, Rows next, std::index_sequence<i...>) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  constexpr std::size_t line = 16;
  V sum[] = {(static_cast<void>(i), hn::Zero(d))...};
  for (std::size_t first = 0; first < inputs; first += line, next.first += next.distance) {
    for (std::size_t c = first; c < std::min(first + line, inputs); ++c, w += Vectors * lanes) {
      __builtin_prefetch(next.first + (c - first) * line);
      ((sum[i] = hn::MulAdd(hn::Set(d, x[i / Vectors * x_stride + c]), hn::Load(d, w + i % Vectors * lanes),
                            sum[i])),
       ...);
    }
  }
  const auto add = [&](std::size_t vector, float* to, V more) HWY_ATTR {
    const std::size_t count = std::min(outputs - vector * lanes, lanes);
    store_first(hn::Add(load_first(d, to, count), more), d, to, count);
  };
  (add(i % Vectors, y + i / Vectors * y_row + i % Vectors * lanes, sum[i]), ...);
}

using AddTile = void (*)(const float*, const float*, std::size_t, std::size_t, float*, std::size_t, Rows);

template <std::size_t Vectors, std::size_t Tile>
void add_tile(const float* x, const float* w, std::size_t inputs, std::size_t outputs, float* y,
              std::size_t y_row, Rows next) {
  add_tile<Vectors>(x, w, inputs, outputs, y, y_row, next, std::make_index_sequence<Tile * Vectors>());
}

template <std::size_t Vectors, std::size_t... row>
AddTile tile_of(std::size_t rows, std::index_sequence<row...>) {
  static constexpr AddTile table[] = {&add_tile<Vectors, row + 1>...};
  return table[rows - 1];
}

// The weights of a vector of outputs, [first, last) of them, input after input, `step` apart.
void turn_weights(const float* w, std::size_t row, std::size_t first, std::size_t last, std::size_t inputs,
                  float* to, std::size_t step) {
  const D d;
  constexpr std::size_t lanes = hn::MaxLanes(D());
  for (std::size_t c = 0; c < inputs; c += lanes) {
    V rows[lanes];
    const std::size_t count = std::min(inputs - c, lanes);
    for (std::size_t i = 0; i < lanes; ++i)
      rows[i] = load_first(d, w + std::min(first + i, last - 1) * row + c, count);
    transpose<D>(rows);
    for (std::size_t i = 0; i < count; ++i) hn::Store(rows[i], d, to + (c + i) * step);
  }
}

std::size_t product_scratch() {
  return panels_together * panel_vectors * block_inputs * hn::Lanes(D()) + tile_rows * x_stride;
}

// y += x w^T for some outputs, from a multiple of a vector on, and inputs.
void add_products(std::size_t n, const ProductSize& size, Range output, Range input, const float* x,
                  const float* w, float* y, float* scratch) {
  constexpr std::size_t lanes = hn::MaxLanes(D());
  constexpr std::size_t panel = panel_vectors * lanes;
  const auto inputs = static_cast<std::size_t>(size.inputs);
  const auto outputs = static_cast<std::size_t>(size.outputs);
  float* const own_x = scratch + panels_together * panel * block_inputs;
  const std::size_t tiles = parts_of(n, tile_rows);
  for (std::size_t begin = output.begin; begin < output.end; begin += panels_together * panel) {
    const std::size_t end = std::min(begin + panels_together * panel, output.end);
    // A panel's vectors, of the last one perhaps a single.
    const auto vectors = [&](std::size_t o) { return std::min(parts_of(end - o, lanes), panel_vectors); };
    const auto panel_at = [&](std::size_t o) { return scratch + (o - begin) * block_inputs; };
    for (std::size_t first = input.begin; first < input.end; first += block_inputs) {
      const std::size_t count = std::min(block_inputs, input.end - first);
      for (std::size_t o = begin; o < end; o += panel) {
        for (std::size_t v = 0; v < vectors(o); ++v) {
          turn_weights(w + first, inputs, o + v * lanes, end, count, panel_at(o) + v * lanes,
                       vectors(o) * lanes);
        }
      }
      for (std::size_t tile = 0; tile < tiles; ++tile) {
        const std::size_t top = n * tile / tiles;
        const std::size_t rows = n * (tile + 1) / tiles - top;
        for (std::size_t i = 0; i < rows; ++i)
          std::copy_n(x + (top + i) * inputs + first, count, own_x + i * x_stride);
        for (std::size_t o = begin; o < end; o += panel) {
          constexpr auto all = std::make_index_sequence<tile_rows>();
          const AddTile add = vectors(o) == 1 ? tile_of<1>(rows, all) : tile_of<panel_vectors>(rows, all);
          // Those of the next block; what no call comes to is fetched when it is turned.
          const std::size_t row =
              std::min(begin + (tile * parts_of(end - begin, panel) + (o - begin) / panel) * 16, end - 1);
          add(own_x, panel_at(o), count, end - o, y + top * outputs + o, outputs,
              {w + row * inputs + first + count, inputs});
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

HWY_EXPORT(add_products);
HWY_EXPORT(product_scratch);

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
    multiply(static_cast<std::size_t>(n), x, y, workspace);
  } else {
    run_onednn(n, x, y, workspace);
  }
  if (epilogue.apply == nullptr) return;
  parallel_for(static_cast<std::size_t>(n) * outputs, parallel_grain,
               [&](std::size_t begin, std::size_t end, int) { epilogue(y + begin, end - begin); });
}

void ProductForward::multiply(std::size_t n, const float* x, float* y, Workspace& workspace) const {
  const auto inputs = static_cast<std::size_t>(size_.inputs);
  const auto outputs = static_cast<std::size_t>(size_.outputs);
  const float* b = b_ != nullptr ? b_ : no_bias_.data();
  const std::size_t lanes = vector_lanes();
  const auto threads = static_cast<std::size_t>(thread_count());
  const std::size_t scratch = whole_lines(HWY_DYNAMIC_DISPATCH(product_scratch)());
  constexpr std::size_t grain = 64;  // inputs
  if (threads > 1 && inputs >= std::max(4 * outputs, 2 * grain * threads)) {
    // Each thread reads its share of x and of w, and makes sums of its own.
    const ThreadMemory memory = workspace.floats_by_thread(scratch + n * outputs, threads);
    parallel_for(inputs, grain, [&](std::size_t begin, std::size_t end, int thread) {
      float* own = memory.floats(thread);
      std::fill_n(own + scratch, n * outputs, 0.0F);
      HWY_DYNAMIC_DISPATCH(add_products)(n, size_, {0, outputs}, {begin, end}, x, w_, own + scratch, own);
    });
    parallel_for(n, parallel_grain / outputs + 1, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t i = begin * outputs; i < end * outputs; i += outputs) {
        std::copy_n(b, outputs, y + i);
        for (std::size_t thread = 0; thread < threads; ++thread) {
          const float* sums = memory.floats(thread) + scratch + i;
          for (std::size_t o = 0; o < outputs; ++o) y[i + o] += sums[o];
        }
      }
    });
    return;
  }
  const ThreadMemory memory = workspace.floats_by_thread(scratch, threads);
  const std::size_t work = n * inputs * lanes;  // of a vector of outputs
  parallel_for(parts_of(outputs, lanes), parallel_grain / work + 1,
               [&](std::size_t begin, std::size_t end, int thread) {
                 const Range output{begin * lanes, std::min(end * lanes, outputs)};
                 for (std::size_t row = 0; row < n; ++row)
                   std::copy(b + output.begin, b + output.end, y + row * outputs + output.begin);
                 HWY_DYNAMIC_DISPATCH(add_products)
                 (n, size_, output, {0, inputs}, x, w_, y, memory.floats(thread));
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
