// The last part of Winograd's forward pass: products are transformed back, tile by tile, and given their
// bias; windows of 2 x 2 are pooled in registers; the epilogue goes over what has been written. Included once
// for each instruction set.
#if defined(HALFWAVE_KERNEL_WINOGRAD_OUTPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_WINOGRAD_OUTPUT_INL_H_
#undef HALFWAVE_KERNEL_WINOGRAD_OUTPUT_INL_H_
#else
#define HALFWAVE_KERNEL_WINOGRAD_OUTPUT_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "halfwave/kernel/largest-inl.h"
#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/winograd-inl.h"
#include "halfwave/kernel/winograd_forward.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace winograd {

// The first half of the way back from a tile's products: of its columns. product(i): those of a point.
template <class W, class Product, class V, std::size_t side, std::size_t tile>
HWY_INLINE void interpolate_columns(const Product& product, V (&half)[side][tile]) {
  const hn::ScalableTag<float> d;
  for (std::size_t j = 0; j < tile; ++j) {
    V in[tile];
    V out[side];
    for (std::size_t i = 0; i < tile; ++i) in[i] = product(i * tile + j);
    interpolate<typename W::Output>(d, in, out);
    for (std::size_t i = 0; i < side; ++i) half[i][j] = out[i];
  }
}

// A vector that holds the outputs of two tiles, with those of the second in front.
template <class V>
HWY_INLINE V second_tile(V value) {
#if HWY_TARGET == HWY_SCALAR
  return value;  // there are none
#else
  return hn::ConcatUpperUpper(hn::DFromV<V>(), value, value);
#endif
}

// Up to rows x columns pixels of one or two tiles and a vector of outputs.
template <class W, std::size_t Tiles, class Product, class V>
HWY_INLINE void write_tile(const Product& product, V bias, bool adds, std::size_t lanes, float* y,
                           std::size_t row, std::size_t pixel, std::size_t rows, std::size_t columns,
                           std::size_t count) {
  const hn::ScalableTag<float> d;
  constexpr std::size_t side = W::outputs;
  V half[side][W::tile];
  interpolate_columns<W>(product, half);
  const bool whole = columns >= side && count >= lanes;
  for (std::size_t i = 0; i < side; ++i) {
    if (i >= rows) break;
    V out[side];
    interpolate<typename W::Output>(d, half[i], out);
    for (std::size_t j = 0; j < side; ++j) {
      float* to = y + i * row + j * pixel;
      V value = hn::Add(out[j], bias);
      if (Tiles == 1 && whole) {
        if (adds) value = hn::Add(value, hn::LoadU(d, to));
        hn::StoreU(value, d, to);
        continue;
      }
      for (std::size_t at = j; at < std::min(columns, Tiles * side); at += side, to += side * pixel) {
        if (at >= side) value = second_tile(hn::Add(out[j], bias));
        if (adds) value = hn::Add(value, load_first(d, to, count));
        store_first(value, d, to, count);
      }
    }
  }
}

// The same as rows x columns windows of 2 x 2. first: the number of the first one in all images.
template <class W, std::size_t Tiles, class Product, class V>
HWY_INLINE void pool_tile(const Product& product, V bias, const PooledOutput& pooled, std::size_t first,
                          std::size_t output, std::size_t rows, std::size_t columns) {
  const hn::ScalableTag<float> d;
  constexpr std::size_t side = W::outputs;
  const auto channels = static_cast<std::size_t>(pooled.size.channels);
  const std::size_t saved_channels = padded_channels(pooled.size);
  auto* saved = reinterpret_cast<std::uint8_t*>(pooled.saved);
  V half[side][W::tile];
  interpolate_columns<W>(product, half);
  for (std::size_t i = 0; i < side / 2; ++i, first += static_cast<std::size_t>(pooled.size.output_width)) {
    if (i >= rows) break;
    V values[2][side];
    interpolate<typename W::Output>(d, half[2 * i], values[0]);
    interpolate<typename W::Output>(d, half[2 * i + 1], values[1]);
    for (std::size_t j = 0; j < side / 2; ++j) {
      Largest best{hn::Add(values[0][2 * j], bias), hn::Zero(Largest::DI())};
      for (std::size_t place = 1; place < 4; ++place) {
        const V value = hn::Add(values[place / 2][2 * j + place % 2], bias);
        replace(best, hn::Or(hn::Gt(value, best.value), hn::IsNaN(value)), value,
                static_cast<std::int32_t>(place));
      }
      for (std::size_t at = j; at < std::min(columns, Tiles * side / 2); at += side / 2) {
        if (at > j) best = {second_tile(best.value), second_tile(best.place)};
        store_largest(best, pooled.rectify, pooled.y + (first + at) * channels + output,
                      saved == nullptr ? nullptr : saved + (first + at) * saved_channels + output,
                      channels - output);
      }
    }
  }
}

// All tiles of a strip, `Tiles` in a vector, panels [first, last) of outputs. products(tile, output) gives
// what write_tile() wants. y: where the strip's outputs begin.
template <class W, std::size_t Tiles, class Products>
HWY_INLINE void write_tiles(const ForwardPass& pass, std::size_t strip, std::size_t first, std::size_t last,
                            const Products& products, float* y) {
  const hn::ScalableTag<float> d;
  const Shape& s = pass.shape;
  const ForwardLayout& l = pass.layout;
  const std::size_t row = s.output_width * s.outputs;
  const std::size_t rows = std::min<std::size_t>(W::outputs, s.output_height - l.tiles.top(strip));
  const std::size_t end = std::min(last * l.panel, s.outputs);
  const bool pools = pools_tiles(pass);
  const std::size_t window = pools ? first_window(pass, strip) : 0;
  for (std::size_t o = first * l.panel; o < end; o += l.lanes) {
    const auto bias = hn::LoadU(d, pass.bias + o);
    for (std::size_t t = 0; t < l.tiles.columns; t += Tiles) {
      const std::size_t left = t * W::outputs;
      const std::size_t columns = s.output_width - left;
      if (pools) {
        pool_tile<W, Tiles>(products(t, o), bias, *pass.pooled, window + left / 2, o, rows / 2, columns / 2);
      } else {
        write_tile<W, Tiles>(products(t, o), bias, pass.adds, l.lanes, y + left * s.outputs + o, row,
                             s.outputs, rows, columns, s.outputs - o);
      }
    }
  }
}

// To strips [begin, end), which have been written.
inline void apply_epilogue(const ForwardPass& pass, std::size_t begin, std::size_t end) {
  if (pass.epilogue.apply == nullptr || !pass.all_panels()) return;
  const std::size_t from = first_output(pass.shape, pass.layout.tiles, begin);
  pass.epilogue(pass.y + from, first_output(pass.shape, pass.layout.tiles, end) - from);
}

}  // namespace winograd
}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
