// The two backward passes of a linear layer without the zeros of dy, which ReLU makes: dw += dy^T x and
// dx = dy w. Both are sums of rows of a dense matrix, times what a sparse one holds for them. What is not 0
// is listed sum by sum (its value and its row); then some columns of some dense rows are copied together, so
// that they stay in the first-level cache, and each list is walked over them, with the sums in registers.
//
// What is skipped is 0 times a dense value. Where one of those that were copied is not finite, nothing is
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

// to(o, c) = sum over rows r of sparse(r, o) dense(r, c), or is added to.
struct Product {
  std::size_t rows, columns, outputs;
  const float* dense;   // rows x columns
  const float* sparse;  // with so many floats from a row, or an output, to the next
  std::size_t sparse_row, sparse_output;
  float* to;  // outputs x columns
  bool adds;

  float value(std::size_t row, std::size_t output) const {
    return sparse[row * sparse_row + output * sparse_output];
  }
};

// What is not 0 in the sparse matrix: by block of rows, by output, with room for all rows of the block.
struct Lists {
  float* values;
  std::uint32_t* rows;    // from the block's first on
  std::uint32_t* counts;  // by block, by output
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

// The columns [first, first + width) of some rows, one row after the other, 0 up to whole vectors. False if
// one value is not finite.
bool copy_columns(const Product& p, std::size_t row, std::size_t rows, std::size_t first, std::size_t width,
                  float* to) {
  const D d;
  V zeros = hn::Zero(d);  // times all: NaN where one is not finite
  for (std::size_t i = 0; i < rows; ++i) {
    const float* from = p.dense + (row + i) * p.columns + first;
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
HWY_INLINE void add_product(V* sum, float value, const float* dense, std::index_sequence<v...>) {
  const V factor = hn::Set(D(), value);
  ((sum[v] = hn::MulAdd(factor, hn::Load(D(), dense + v * hn::Lanes(D())), sum[v])), ...);
}

// Whole vectors of one output, of the rows of a block: from its list, or without one from all rows.
void add_output(const Product& p, const Lists* lists, std::size_t block, std::size_t output, std::size_t rows,
                const float* dense, float* to) {
  constexpr auto vectors = std::make_index_sequence<vectors_together>();
  constexpr std::size_t width = vectors_together * hn::MaxLanes(D());
  V sum[vectors_together];
  load(sum, to, vectors);
  if (lists != nullptr) {
    const std::size_t list = block * p.outputs + output;
    const float* value = lists->values + list * rows_together;
    const std::uint32_t* place = lists->rows + list * rows_together;
    for (const float* const end = value + lists->counts[list]; value != end; ++value, ++place)
      add_product(sum, *value, dense + *place * width, vectors);
  } else {
    for (std::size_t i = 0; i < rows; ++i)
      add_product(sum, p.value(block * rows_together + i, output), dense + i * width, vectors);
  }
  store(sum, to, vectors);
}

}  // namespace product

std::size_t product_width() { return product::vectors_together * hwy::HWY_NAMESPACE::Lanes(product::D()); }

// All outputs' columns from `first` on, as many as are worked on together. dense: room for those of a block.
void add_products(const halfwave::kernel::product::Product& p, const halfwave::kernel::product::Lists& lists,
                  std::size_t first, float* dense) {
  using halfwave::kernel::product::rows_together;
  constexpr std::size_t whole = product::vectors_together * hwy::HWY_NAMESPACE::MaxLanes(product::D());
  const std::size_t width = std::min(whole, p.columns - first);
  for (std::size_t row = 0, block = 0; row < p.rows; row += rows_together, ++block) {
    const std::size_t rows = std::min(rows_together, p.rows - row);
    const auto* skips = product::copy_columns(p, row, rows, first, width, dense) ? &lists : nullptr;
    for (std::size_t output = 0; output < p.outputs; ++output) {
      float* to = p.to + output * p.columns + first;
      if (row == 0 && !p.adds) std::fill_n(to, width, 0.0F);
      if (width == whole) {
        product::add_output(p, skips, block, output, rows, dense, to);
      } else {
        float part[whole] = {};
        std::copy_n(to, width, part);
        product::add_output(p, skips, block, output, rows, dense, part);
        std::copy_n(part, width, to);
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

using namespace product;

HWY_EXPORT(product_width);
HWY_EXPORT(add_products);

void make_lists(const Product& p, const Lists& lists) {
  parallel_for(parts_of(p.rows, rows_together) * p.outputs, parallel_grain / rows_together,
               [&](std::size_t begin, std::size_t end, int) {
                 for (std::size_t list = begin; list < end; ++list) {
                   const std::size_t first = list / p.outputs * rows_together;
                   float* values = lists.values + list * rows_together;
                   std::uint32_t* rows = lists.rows + list * rows_together;
                   std::uint32_t count = 0;
                   for (std::size_t i = 0; i < std::min(rows_together, p.rows - first); ++i) {
                     const float value = p.value(first + i, list % p.outputs);
                     values[count] = value;
                     rows[count] = static_cast<std::uint32_t>(i);
                     count += value != 0 ? 1 : 0;  // NaN is not 0
                   }
                   lists.counts[list] = count;
                 }
               });
}

void multiply(const Product& p, Workspace& workspace) {
  const std::size_t all = parts_of(p.rows, rows_together) * p.outputs;
  const std::size_t room = all * rows_together;
  const std::size_t width = HWY_DYNAMIC_DISPATCH(product_width)();
  const std::size_t each = rows_together * width;
  const auto threads = static_cast<std::size_t>(thread_count());
  float* memory = workspace.floats(2 * room + whole_lines(all) + each * threads);
  const Lists lists{.values = memory,
                    .rows = reinterpret_cast<std::uint32_t*>(memory + room),
                    .counts = reinterpret_cast<std::uint32_t*>(memory + 2 * room)};
  float* dense = memory + 2 * room + whole_lines(all);
  make_lists(p, lists);
  parallel_for(parts_of(p.columns, width), 1, [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t part = begin; part < end; ++part) {
      HWY_DYNAMIC_DISPATCH(add_products)
      (p, lists, part * width, dense + each * static_cast<std::size_t>(thread));
    }
  });
}

}  // namespace

void sparse_product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                                     float* dw, Workspace& workspace) {
  const auto outputs = static_cast<std::size_t>(size.outputs);
  multiply({.rows = static_cast<std::size_t>(n),
            .columns = static_cast<std::size_t>(size.inputs),
            .outputs = outputs,
            .dense = x,
            .sparse = dy,
            .sparse_row = outputs,
            .sparse_output = 1,
            .to = dw,
            .adds = true},
           workspace);
}

void sparse_product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                                  float* dx, Workspace& workspace) {
  const auto outputs = static_cast<std::size_t>(size.outputs);
  multiply({.rows = outputs,
            .columns = static_cast<std::size_t>(size.inputs),
            .outputs = static_cast<std::size_t>(n),
            .dense = w,
            .sparse = dy,
            .sparse_row = 1,
            .sparse_output = outputs,
            .to = dx,
            .adds = false},
           workspace);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
