// The transforms of Winograd's convolution on vectors, one channel a lane. A matrix times a column of
// vectors: even and odd columns are summed apart, so that the rows of a pair of points +-p share their sums.
// And both directions of all tiles of a strip. Included once for each instruction set.
#if defined(HALFWAVE_KERNEL_WINOGRAD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_WINOGRAD_INL_H_
#undef HALFWAVE_KERNEL_WINOGRAD_INL_H_
#else
#define HALFWAVE_KERNEL_WINOGRAD_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/winograd_layout.h"
#include "halfwave/kernel/winograd_matrix.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace winograd {
namespace hn = hwy::HWY_NAMESPACE;
using namespace halfwave::kernel::winograd;

enum class Columns { all, even, odd };

constexpr bool takes(Columns columns, int column) {
  return columns == Columns::all || (column % 2 == 1) == (columns == Columns::odd);
}

// The last of these columns that is not 0 in a row; -1: none.
template <class Matrix>
constexpr int last_column(int row, Columns columns) {
  for (int column = Matrix::columns - 1; column >= 0; --column) {
    if (takes(columns, column) && Matrix::at(row, column) != 0) return column;
  }
  return -1;
}

// sum + at(row, column) / at(row, unit) * value; with unit -1 not divided.
template <class Matrix, int row, int column, int unit, class D, class V = hn::Vec<D>>
HWY_INLINE V add_term(D d, V value, V sum) {
  constexpr double factor = Matrix::at(row, column) / (unit < 0 ? 1 : Matrix::at(row, unit < 0 ? 0 : unit));
  if constexpr (factor == 0) {
    return sum;
  } else if constexpr (factor == 1) {
    return hn::Add(sum, value);
  } else if constexpr (factor == -1) {
    return hn::Sub(sum, value);
  } else {
    return hn::MulAdd(value, hn::Set(d, static_cast<float>(factor)), sum);
  }
}

// The sum over some columns of a row, from the last one on; its factor is 1 where `unit` is that column.
template <class Matrix, int row, Columns columns, int unit, class D, int... k, class V = hn::Vec<D>>
HWY_INLINE V row_sum(D d, const V* in, std::integer_sequence<int, k...>) {
  constexpr int last = last_column<Matrix>(row, columns);
  constexpr double factor = unit == last ? 1 : Matrix::at(row, last);
  V sum = factor == 1 ? in[last] : hn::Mul(in[last], hn::Set(d, static_cast<float>(factor)));
  [[maybe_unused]] const auto add = [&]<int column>() HWY_ATTR {
    if constexpr (takes(columns, column)) sum = add_term<Matrix, row, column, unit>(d, in[column], sum);
  };
  (add.template operator()<last - 1 - k>(), ...);
  return sum;
}

template <class Matrix, int row, Columns columns, int unit, class D, class V = hn::Vec<D>>
HWY_INLINE V row_sum(D d, const V* in) {
  constexpr int last = last_column<Matrix>(row, columns);
  return row_sum<Matrix, row, columns, unit>(d, in, std::make_integer_sequence<int, last>());
}

// Rows `row` and `row` + 1, those of a pair of points.
template <class Matrix, int row, class D, class V = hn::Vec<D>>
HWY_INLINE void evaluate_pair(D d, const V* in, V* out) {
  constexpr int odd = last_column<Matrix>(row, Columns::odd);
  const V even_sum = row_sum<Matrix, row, Columns::even, -1>(d, in);
  if constexpr (odd < 0) {
    out[row] = out[row + 1] = even_sum;
  } else {
    const V odd_sum = row_sum<Matrix, row, Columns::odd, odd>(d, in);
    constexpr double factor = Matrix::at(row, odd);
    if constexpr (factor == 1) {
      out[row] = hn::Add(even_sum, odd_sum);
      out[row + 1] = hn::Sub(even_sum, odd_sum);
    } else {
      const V f = hn::Set(d, static_cast<float>(factor));
      out[row] = hn::MulAdd(odd_sum, f, even_sum);
      out[row + 1] = hn::NegMulAdd(odd_sum, f, even_sum);
    }
  }
}

template <class Matrix, class D, int... pair, class V = hn::Vec<D>>
HWY_INLINE void evaluate_pairs(D d, const V* in, V* out, std::integer_sequence<int, pair...>) {
  (evaluate_pair<Matrix, 1 + 2 * pair>(d, in, out), ...);
}

// out = Matrix in.
template <class Matrix, class D, class V = hn::Vec<D>>
HWY_INLINE void evaluate(D d, const V* in, V* out) {
  constexpr int last = Matrix::rows - 1;
  out[0] = row_sum<Matrix, 0, Columns::all, -1>(d, in);
  evaluate_pairs<Matrix>(d, in, out, std::make_integer_sequence<int, (Matrix::rows - 2) / 2>());
  out[last] = row_sum<Matrix, last, Columns::all, -1>(d, in);
}

// out = Matrix^T in.
template <class Matrix, class D, class V = hn::Vec<D>>
HWY_INLINE void interpolate(D d, const V* in, V* out) {
  constexpr int pairs = (Matrix::rows - 2) / 2;
  constexpr int last = Matrix::rows - 1;
  V sums[pairs];
  V differences[pairs];
  for (int pair = 0; pair < pairs; ++pair) {
    sums[pair] = hn::Add(in[1 + 2 * pair], in[2 + 2 * pair]);
    differences[pair] = hn::Sub(in[1 + 2 * pair], in[2 + 2 * pair]);
  }
  const auto make = [&]<int column, int... pair>(std::integer_sequence<int, pair...>) HWY_ATTR {
    const V* const terms = column % 2 == 1 ? differences : sums;
    constexpr double first = Matrix::at(1, column);
    V sum = first == 1 ? terms[0] : hn::Mul(terms[0], hn::Set(d, static_cast<float>(first)));
    ((sum = add_term<Matrix, 3 + 2 * pair, column, -1>(d, terms[pair + 1], sum)), ...);
    sum = add_term<Matrix, 0, column, -1>(d, in[0], sum);
    out[column] = add_term<Matrix, last, column, -1>(d, in[last], sum);
  };
  [&]<int... column>(std::integer_sequence<int, column...>) HWY_ATTR {
    (make.template operator()<column>(std::make_integer_sequence<int, pairs - 1>()), ...);
  }
  (std::make_integer_sequence<int, Matrix::columns>());
}

// Both directions for all tiles of a strip, `step` columns apart. What tiles share is transformed downwards
// once, into `columns`; columns outside the image and lanes past the channels are 0.
template <class Matrix, class D>
void evaluate_strip(D d, const StripRows& from, std::size_t step, std::size_t tiles, float* columns,
                    float* to, const Strides& strides) {
  using V = hn::Vec<D>;
  constexpr std::size_t size = Matrix::columns;
  constexpr std::size_t rows = Matrix::rows;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t reach = (tiles - 1) * step + size;
  const std::size_t begin = std::min(from.pad, reach);
  const std::size_t end = std::min(from.pad + from.width, reach);
  std::fill_n(columns, begin * rows * lanes, 0.0F);
  std::fill(columns + end * rows * lanes, columns + reach * rows * lanes, 0.0F);
  for (std::size_t c = 0; c < from.channels; c += lanes, to += strides.group) {
    V in[size];
    V out[rows];
    const std::size_t count = from.channels - c;
    for (std::size_t column = begin; column < end; ++column) {
      const std::size_t at = (column - from.pad) * from.pixel + c;
      if (count >= lanes) {
        for (std::size_t i = 0; i < size; ++i) in[i] = hn::LoadU(d, from.row[i] + at);
      } else {
        for (std::size_t i = 0; i < size; ++i) in[i] = load_first(d, from.row[i] + at, count);
      }
      evaluate<Matrix>(d, in, out);
      for (std::size_t i = 0; i < rows; ++i) hn::Store(out[i], d, columns + (column * rows + i) * lanes);
    }
    float* tile = to;
    for (std::size_t t = 0; t < tiles; ++t, tile += strides.tile) {
      const float* left = columns + t * step * rows * lanes;
      for (std::size_t i = 0; i < rows; ++i) {
        for (std::size_t j = 0; j < size; ++j) in[j] = hn::Load(d, left + (j * rows + i) * lanes);
        evaluate<Matrix>(d, in, out);
        for (std::size_t j = 0; j < rows; ++j) hn::Store(out[j], d, tile + (i * rows + j) * strides.point);
      }
    }
  }
}

}  // namespace winograd
}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
