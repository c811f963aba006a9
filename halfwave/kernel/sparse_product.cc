// Gradient of a linear layer's weights, dw += dy^T x, without the zeros of dy, which ReLU makes. What is not
// 0 is listed output by output (its value and its row); then some inputs of x are copied together, so that
// they stay in the first-level cache, and each list is walked over them, with the gradients in registers.
//
// What is skipped is 0 times a value of x. Where one of those that were copied is not finite, nothing is
// skipped.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/parts.h"
#include "halfwave/kernel/product.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/sparse_product.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"

#ifndef HALFWAVE_SPARSE_PRODUCT_COMMON
#define HALFWAVE_SPARSE_PRODUCT_COMMON
namespace halfwave::kernel::product {

struct Product {
  std::size_t inputs, outputs;
  const float* x;
  const float* dy;
  float* dw;
};

// What is not 0 in some rows of dy.
struct Lists {
  float* values;        // by output, with room for all rows
  std::uint32_t* rows;  // from the first on
  std::uint32_t* counts;
};

constexpr std::size_t rows_together = 64;
constexpr std::size_t vectors_together = 8;

}  // namespace halfwave::kernel::product
#endif

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace product {
using namespace halfwave::kernel::product;
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// The inputs [first, first + width) of some rows, one row after the other, 0 up to whole vectors. False if
// one is not finite.
bool copy_inputs(const Product& p, std::size_t row, std::size_t rows, std::size_t first, std::size_t width,
                 float* to) {
  const D d;
  V zeros = hn::Zero(d);  // times all: NaN where one is not finite
  for (std::size_t i = 0; i < rows; ++i) {
    const float* from = p.x + (row + i) * p.inputs + first;
    for (std::size_t c = 0; c < vectors_together * hn::Lanes(d); c += hn::Lanes(d), to += hn::Lanes(d)) {
      const V value = c < width ? load_first(d, from + c, width - c) : hn::Zero(d);
      zeros = hn::MulAdd(value, hn::Zero(d), zeros);
      hn::Store(value, d, to);
    }
  }
  return hn::AllTrue(d, hn::Eq(zeros, hn::Zero(d)));
}

template <std::size_t... v>
HWY_INLINE void load(V* sum, const float* from, std::index_sequence<v...>) {
  ((sum[v] = hn::LoadU(D(), from + v * hn::Lanes(D()))), ...);
}
template <std::size_t... v>
HWY_INLINE void store(const V* sum, float* to, std::index_sequence<v...>) {
  (hn::StoreU(sum[v], D(), to + v * hn::Lanes(D())), ...);
}
template <std::size_t... v>
HWY_INLINE void add_product(V* sum, float value, const float* inputs, std::index_sequence<v...>) {
  const V factor = hn::Set(D(), value);
  ((sum[v] = hn::MulAdd(factor, hn::Load(D(), inputs + v * hn::Lanes(D())), sum[v])), ...);
}

// The gradients of one output, whole vectors: from its list, or without one from all rows.
void add_output(const Product& p, const Lists* lists, std::size_t output, std::size_t row, std::size_t rows,
                const float* inputs, float* dw) {
  constexpr auto vectors = std::make_index_sequence<vectors_together>();
  constexpr std::size_t width = vectors_together * hn::MaxLanes(D());
  V sum[vectors_together];
  load(sum, dw, vectors);
  if (lists != nullptr) {
    const float* value = lists->values + output * rows_together;
    const std::uint32_t* place = lists->rows + output * rows_together;
    for (const float* const end = value + lists->counts[output]; value != end; ++value, ++place)
      add_product(sum, *value, inputs + *place * width, vectors);
  } else {
    for (std::size_t i = 0; i < rows; ++i)
      add_product(sum, p.dy[(row + i) * p.outputs + output], inputs + i * width, vectors);
  }
  store(sum, dw, vectors);
}

}  // namespace product

std::size_t product_width() { return product::vectors_together * hwy::HWY_NAMESPACE::Lanes(product::D()); }

// All outputs' gradients by some inputs, from some rows. inputs: room for those.
void add_products(const halfwave::kernel::product::Product& p, const halfwave::kernel::product::Lists& lists,
                  std::size_t row, std::size_t rows, std::size_t first, float* inputs) {
  constexpr std::size_t whole = product::vectors_together * hwy::HWY_NAMESPACE::MaxLanes(product::D());
  const std::size_t width = std::min(whole, p.inputs - first);
  const auto* skips = product::copy_inputs(p, row, rows, first, width, inputs) ? &lists : nullptr;
  for (std::size_t output = 0; output < p.outputs; ++output) {
    float* dw = p.dw + output * p.inputs + first;
    if (width == whole) {
      product::add_output(p, skips, output, row, rows, inputs, dw);
    } else {
      float part[whole] = {};
      std::copy_n(dw, width, part);
      product::add_output(p, skips, output, row, rows, inputs, part);
      std::copy_n(part, width, dw);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

using namespace product;

HWY_EXPORT(product_width);
HWY_EXPORT(add_products);

// How many values were listed.
std::size_t make_lists(const Product& p, std::size_t row, std::size_t rows, const Lists& lists) {
  parallel_for(p.outputs, parallel_grain / rows_together, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t output = begin; output < end; ++output) {
      std::uint32_t count = 0;
      const std::size_t room = output * rows_together;
      for (std::size_t i = 0; i < rows; ++i) {
        const float value = p.dy[(row + i) * p.outputs + output];
        lists.values[room + count] = value;
        lists.rows[room + count] = static_cast<std::uint32_t>(i);
        count += value != 0 ? 1 : 0;  // NaN is not 0
      }
      lists.counts[output] = count;
    }
  });
  std::size_t all = 0;
  for (std::size_t output = 0; output < p.outputs; ++output) all += lists.counts[output];
  return all;
}

}  // namespace

double sparse_product_backward_weights(const ProductSize& size, std::int64_t n, const float* x,
                                       const float* dy, float* dw, Workspace& workspace) {
  const Product p{.inputs = static_cast<std::size_t>(size.inputs),
                  .outputs = static_cast<std::size_t>(size.outputs),
                  .x = x,
                  .dy = dy,
                  .dw = dw};
  const std::size_t room = whole_lines(p.outputs * rows_together);
  const std::size_t width = HWY_DYNAMIC_DISPATCH(product_width)();
  const std::size_t each = rows_together * width;
  const auto threads = static_cast<std::size_t>(thread_count());
  float* memory = workspace.floats(2 * room + whole_lines(p.outputs) + each * threads);
  const Lists lists{.values = memory,
                    .rows = reinterpret_cast<std::uint32_t*>(memory + room),
                    .counts = reinterpret_cast<std::uint32_t*>(memory + 2 * room)};
  float* inputs = memory + 2 * room + whole_lines(p.outputs);
  const auto all = static_cast<std::size_t>(n);
  std::size_t listed = 0;
  for (std::size_t row = 0; row < all; row += rows_together) {
    const std::size_t rows = std::min(rows_together, all - row);
    listed += make_lists(p, row, rows, lists);
    parallel_for(parts_of(p.inputs, width), 1, [&](std::size_t begin, std::size_t end, int thread) {
      for (std::size_t part = begin; part < end; ++part) {
        HWY_DYNAMIC_DISPATCH(add_products)
        (p, lists, row, rows, part * width, inputs + each * static_cast<std::size_t>(thread));
      }
    });
  }
  return 1 - static_cast<double>(listed) / static_cast<double>(p.outputs * all);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
