// A linear layer without the zeros that ReLU makes: y = x w^T of few rows without those of x, dw += dy^T x
// and dx = dy w without those of dy. All are sums of rows of a dense matrix, times what a sparse one holds
// for them. What is not 0 is listed sum by sum (its value and its row); then some columns of some dense rows
// are copied together, so that they stay in the first-level cache, and each list is walked over them, with
// the sums in registers. Weights that are used again are kept so copied, as panels.
//
// What is skipped is 0 times a dense value. Where one of those that were copied is not finite, nothing is
// skipped.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/parts.h"
#include "halfwave/kernel/product.h"
#include "halfwave/kernel/vector_lanes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/sparse_product.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/compress-inl.h"
#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/transpose-inl.h"

#ifndef HALFWAVE_SPARSE_PRODUCT_COMMON
#define HALFWAVE_SPARSE_PRODUCT_COMMON
namespace halfwave::kernel::product {

// to(o, c) = sum over rows r of sparse(r, o) dense(r, c), or is added to.
struct Product {
  std::size_t rows, columns, outputs;
  std::size_t rows_together, vectors;  // of a block: its columns are whole vectors
  const float* dense;                  // with so many floats from a row, or a column, to the next; one is 1
  std::size_t dense_row, dense_column;
  const ProductPanels* panels;  // instead of dense, or null
  const float* sparse;
  std::size_t sparse_row, sparse_output;
  bool skips;        // zeros
  bool lists_ahead;  // made for all columns, or else anew for those that are worked on together
  float* to;         // outputs x columns
  bool adds;

  float value(std::size_t row, std::size_t output) const {
    return sparse[row * sparse_row + output * sparse_output];
  }
  std::size_t blocks() const { return parts_of(rows, rows_together); }
  // Of a list: a vector may be written past it.
  std::size_t list_room() const { return rows_together + 16; }
};

// What is not 0 in the sparse matrix: by block of rows, by output.
struct Lists {
  float* values;
  std::uint32_t* rows;    // from the block's first on
  std::uint32_t* counts;  // by block, by output
};

constexpr std::size_t most_rows_together = 256;

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

// Some columns from `first` on of some rows, one row after the other, 0 up to whole vectors. False if one
// value is not finite.
bool copy_columns(const Product& p, std::size_t row, std::size_t rows, std::size_t first, float* to) {
  const D d;
  const std::size_t width = p.vectors * hn::Lanes(d);
  const std::size_t columns = std::min(width, p.columns - first);
  V zeros = hn::Zero(d);  // times all: NaN where one is not finite
  if (p.dense_column == 1) {
    for (std::size_t i = 0; i < rows; ++i) {
      const float* from = p.dense + (row + i) * p.dense_row + first;
      for (std::size_t c = 0; c < width; c += hn::Lanes(d), to += hn::Lanes(d)) {
        const V value = c < columns ? load_first(d, from + c, columns - c) : hn::Zero(d);
        zeros = hn::MulAdd(value, hn::Zero(d), zeros);
        hn::Store(value, d, to);
      }
    }
  } else {
    constexpr std::size_t lanes = hn::MaxLanes(d);
    for (std::size_t c = 0; c < width; c += lanes) {
      for (std::size_t i = 0; i < rows; i += lanes) {
        V values[lanes];
        for (std::size_t j = 0; j < lanes; ++j) {
          const float* from = p.dense + (first + c + j) * p.dense_column + row + i;
          values[j] = c + j < columns ? load_first(d, from, rows - i) : hn::Zero(d);
          zeros = hn::MulAdd(values[j], hn::Zero(d), zeros);
        }
        transpose<D>(values);
        for (std::size_t j = 0; j < std::min(lanes, rows - i); ++j)
          hn::Store(values[j], d, to + (i + j) * width + c);
      }
    }
  }
  return hn::AllTrue(d, hn::Eq(zeros, hn::Zero(d)));
}

// What is not 0, or all, and its place. Returns how many.
HWY_INLINE std::size_t make_list(const float* from, std::size_t step, std::size_t count, bool skips,
                                 float* values, std::uint32_t* places) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  std::size_t at = 0;
  if (step != 1) {
    for (std::size_t i = 0; i < count; ++i) {
      values[at] = from[i * step];
      places[at] = static_cast<std::uint32_t>(i);
      at += values[at] != 0 || !skips ? 1 : 0;  // NaN is not 0
    }
    return at;
  }
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const V value = load_first(d, from + i, count - i);
    const Compressor wanted(skips ? hn::Ne(value, hn::Zero(d)) : hn::FirstN(d, count - i));
    hn::StoreU(wanted(d, value), d, values + at);
    hn::StoreU(wanted(du, hn::Iota(du, static_cast<std::uint32_t>(i))), du, places + at);
    at += wanted.count();
  }
  return at;
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

// Of an output, some values times the rows at their places, onto whole vectors.
template <std::size_t Vectors>
void add_output(const float* values, const std::uint32_t* places, std::size_t count, const float* dense,
                float* to) {
  constexpr auto vectors = std::make_index_sequence<Vectors>();
  constexpr std::size_t width = Vectors * hn::MaxLanes(D());
  V sum[Vectors];
  load(sum, to, vectors);
  for (const float* const end = values + count; values != end; ++values, ++places)
    add_product(sum, *values, dense + *places * width, vectors);
  store(sum, to, vectors);
}

// All outputs' columns from `first` on, as many as are worked on together. room: for those of a block.
template <std::size_t Vectors>
void add_products(const Product& p, const Lists& lists, std::size_t first, float* room) {
  constexpr std::size_t whole = Vectors * hn::MaxLanes(D());
  const std::size_t width = std::min(whole, p.columns - first);
  float values[most_rows_together + 16];
  std::uint32_t places[most_rows_together + 16];
  for (std::size_t row = 0, block = 0; row < p.rows; row += p.rows_together, ++block) {
    const std::size_t rows = std::min(p.rows_together, p.rows - row);
    const bool finite = p.panels != nullptr ? p.panels->finite : copy_columns(p, row, rows, first, room);
    const float* dense = p.panels != nullptr ? p.panels->weights + first * p.rows + row * whole : room;
    for (std::size_t output = 0; output < p.outputs; ++output) {
      float* to = p.to + output * p.columns + first;
      if (row == 0 && !p.adds) std::fill_n(to, width, 0.0F);
      float part[whole];
      if (width < whole) {
        std::fill(std::copy_n(to, width, part), part + whole, 0.0F);
      }
      float* sums = width < whole ? part : to;
      if (p.lists_ahead && finite) {
        const std::size_t list = block * p.outputs + output;
        const std::size_t at = list * p.list_room();
        add_output<Vectors>(lists.values + at, lists.rows + at, lists.counts[list], dense, sums);
      } else {
        const float* from = p.sparse + row * p.sparse_row + output * p.sparse_output;
        const std::size_t count = make_list(from, p.sparse_row, rows, p.skips && finite, values, places);
        add_output<Vectors>(values, places, count, dense, sums);
      }
      if (width < whole) std::copy_n(part, width, to);
    }
  }
}

}  // namespace product

// Vectors of columns that are worked on together: enough parts of a matrix for all threads, if there are.
std::size_t vectors_together(std::size_t columns, std::size_t threads) {
  std::size_t vectors = 8;
  while (vectors > 1 && parts_of(columns, vectors * hwy::HWY_NAMESPACE::Lanes(product::D())) < threads)
    vectors /= 2;
  return vectors;
}

bool copy_columns(const halfwave::kernel::product::Product& p, std::size_t first, float* to) {
  return product::copy_columns(p, 0, p.rows, first, to);
}

std::size_t make_list(const float* from, std::size_t step, std::size_t count, float* values,
                      std::uint32_t* places) {
  return product::make_list(from, step, count, true, values, places);
}

void add_products(const halfwave::kernel::product::Product& p, const halfwave::kernel::product::Lists& lists,
                  std::size_t first, float* room) {
  switch (p.vectors) {
    case 8:
      return product::add_products<8>(p, lists, first, room);
    case 4:
      return product::add_products<4>(p, lists, first, room);
    case 2:
      return product::add_products<2>(p, lists, first, room);
    default:
      return product::add_products<1>(p, lists, first, room);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

using namespace product;

HWY_EXPORT(vectors_together);
HWY_EXPORT(copy_columns);
HWY_EXPORT(make_list);
HWY_EXPORT(add_products);

constexpr std::size_t rows_together = 64;

std::size_t count(std::int64_t size) { return static_cast<std::size_t>(size); }

std::size_t vectors_for(std::int64_t columns) {
  return HWY_DYNAMIC_DISPATCH(vectors_together)(count(columns), count(thread_count()));
}

void make_lists(const Product& p, const Lists& lists) {
  const std::size_t all = p.blocks() * p.outputs;
  parallel_for(all, parallel_grain / p.rows_together + 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t list = begin; list < end; ++list) {
      const std::size_t first = list / p.outputs * p.rows_together;
      const std::size_t rows = std::min(p.rows_together, p.rows - first);
      const float* from = p.sparse + first * p.sparse_row + list % p.outputs * p.sparse_output;
      const std::size_t at = list * p.list_room();
      lists.counts[list] = static_cast<std::uint32_t>(
          HWY_DYNAMIC_DISPATCH(make_list)(from, p.sparse_row, rows, lists.values + at, lists.rows + at));
    }
  });
}

void multiply(const Product& p, Workspace& workspace) {
  const std::size_t all = p.lists_ahead ? p.blocks() * p.outputs : 0;
  const std::size_t room = all * p.list_room();
  const std::size_t width = p.vectors * vector_lanes();
  const std::size_t each = p.panels != nullptr ? 0 : p.rows_together * width;
  const auto threads = static_cast<std::size_t>(thread_count());
  const ThreadMemory dense = workspace.floats_by_thread(each, threads);
  float* memory = workspace.floats(2 * room + all);
  const Lists lists{.values = memory,
                    .rows = reinterpret_cast<std::uint32_t*>(memory + room),
                    .counts = reinterpret_cast<std::uint32_t*>(memory + 2 * room)};
  if (p.lists_ahead) make_lists(p, lists);
  const std::size_t work = std::max<std::size_t>(p.rows * p.outputs * width, 1);  // of a part
  parallel_for(parts_of(p.columns, width), parallel_grain / work + 1,
               [&](std::size_t begin, std::size_t end, int thread) {
                 for (std::size_t part = begin; part < end; ++part) {
                   HWY_DYNAMIC_DISPATCH(add_products)
                   (p, lists, part * width, dense.floats(thread));
                 }
               });
}

// y = x w^T, w by its columns.
Product forward_product(const ProductSize& size, const float* w) {
  return {.rows = count(size.inputs),
          .columns = count(size.outputs),
          .outputs = 0,
          .rows_together = most_rows_together,
          .vectors = vectors_for(size.outputs),
          .dense = w,
          .dense_row = 1,
          .dense_column = count(size.inputs),
          .panels = nullptr,
          .sparse = nullptr,
          .sparse_row = 1,
          .sparse_output = count(size.inputs),
          .skips = true,
          .lists_ahead = false,
          .to = nullptr,
          .adds = true};
}

}  // namespace

void ProductPanels::pack(const ProductSize& size, const float* w) {
  const Product p = forward_product(size, w);
  vectors = p.vectors;
  const std::size_t width = vectors * vector_lanes();
  const std::size_t panels = parts_of(p.columns, width);
  float* to = memory.floats(panels * width * p.rows);
  std::atomic<bool> all_finite = true;
  parallel_for(panels, 1, [&](std::size_t begin, std::size_t end, int) {
    for (std::size_t part = begin; part < end; ++part) {
      const std::size_t first = part * width;
      if (!HWY_DYNAMIC_DISPATCH(copy_columns)(p, first, to + first * p.rows)) all_finite = false;
    }
  });
  weights = to;
  finite = all_finite;
}

void product_by_panels(const ProductSize& size, std::int64_t n, const float* x, const ProductPanels& panels,
                       const float* b, bool skips, float* y, Workspace& workspace) {
  Product p = forward_product(size, nullptr);
  p.outputs = count(n);
  p.vectors = panels.vectors;
  p.panels = &panels;
  p.sparse = x;
  p.skips = skips;
  p.to = y;
  for (std::size_t row = 0; row < p.outputs; ++row, y += p.columns) {
    if (b != nullptr) {
      std::copy_n(b, p.columns, y);
    } else {
      std::fill_n(y, p.columns, 0.0F);
    }
  }
  multiply(p, workspace);
}

void sparse_product_backward_weights(const ProductSize& size, std::int64_t n, const float* x, const float* dy,
                                     float* dw, Workspace& workspace) {
  multiply({.rows = count(n),
            .columns = count(size.inputs),
            .outputs = count(size.outputs),
            .rows_together = rows_together,
            .vectors = vectors_for(size.inputs),
            .dense = x,
            .dense_row = count(size.inputs),
            .dense_column = 1,
            .panels = nullptr,
            .sparse = dy,
            .sparse_row = count(size.outputs),
            .sparse_output = 1,
            .skips = true,
            .lists_ahead = true,
            .to = dw,
            .adds = true},
           workspace);
}

void sparse_product_backward_data(const ProductSize& size, std::int64_t n, const float* dy, const float* w,
                                  float* dx, Workspace& workspace) {
  multiply({.rows = count(size.outputs),
            .columns = count(size.inputs),
            .outputs = count(n),
            .rows_together = rows_together,
            .vectors = vectors_for(size.inputs),
            .dense = w,
            .dense_row = count(size.inputs),
            .dense_column = 1,
            .panels = nullptr,
            .sparse = dy,
            .sparse_row = 1,
            .sparse_output = count(size.outputs),
            .skips = true,
            .lists_ahead = true,
            .to = dx,
            .adds = false},
           workspace);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
