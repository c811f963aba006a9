// The last part of Winograd's forward pass: products are transformed back, tile by tile, and given their
// bias; the epilogue goes over what has been written. Included once for each instruction set.
#if defined(HALFWAVE_KERNEL_WINOGRAD_OUTPUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef HALFWAVE_KERNEL_WINOGRAD_OUTPUT_INL_H_
#undef HALFWAVE_KERNEL_WINOGRAD_OUTPUT_INL_H_
#else
#define HALFWAVE_KERNEL_WINOGRAD_OUTPUT_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/winograd-inl.h"
#include "halfwave/kernel/winograd_forward.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace winograd {

// Up to rows x columns pixels of one tile and vector of outputs. product(i): the products of a point.
template <class W, class Product, class V>
HWY_INLINE void write_tile(const Product& product, V bias, bool adds, std::size_t lanes, float* y,
                           std::size_t row, std::size_t pixel, std::size_t rows, std::size_t columns,
                           std::size_t count) {
  const hn::ScalableTag<float> d;
  constexpr std::size_t side = W::outputs;
  constexpr std::size_t tile = W::tile;
  V half[side][tile];
  for (std::size_t j = 0; j < tile; ++j) {
    V in[tile];
    V out[side];
    for (std::size_t i = 0; i < tile; ++i) in[i] = product(i * tile + j);
    interpolate<typename W::Output>(d, in, out);
    for (std::size_t i = 0; i < side; ++i) half[i][j] = out[i];
  }
  const bool whole = columns == side && count >= lanes;
  for (std::size_t i = 0; i < side; ++i) {
    if (i >= rows) break;
    V out[side];
    interpolate<typename W::Output>(d, half[i], out);
    for (std::size_t j = 0; j < side; ++j) {
      float* to = y + i * row + j * pixel;
      V value = hn::Add(out[j], bias);
      if (whole) {
        if (adds) value = hn::Add(value, hn::LoadU(d, to));
        hn::StoreU(value, d, to);
      } else if (j < columns) {
        if (adds) value = hn::Add(value, load_first(d, to, count));
        store_first(value, d, to, count);
      }
    }
  }
}

// All tiles of a strip, panels [first, last) of outputs. products(tile, output) gives what write_tile()
// wants. y: where the strip's outputs begin.
template <class W, class Products>
HWY_INLINE void write_tiles(const ForwardPass& pass, std::size_t strip, std::size_t first, std::size_t last,
                            const Products& products, float* y) {
  const hn::ScalableTag<float> d;
  const Shape& s = pass.shape;
  const ForwardLayout& l = pass.layout;
  const std::size_t row = s.output_width * s.outputs;
  const std::size_t rows = std::min<std::size_t>(W::outputs, s.output_height - l.tiles.top(strip));
  const std::size_t end = std::min(last * l.panel, s.outputs);
  for (std::size_t o = first * l.panel; o < end; o += l.lanes) {
    const auto bias = hn::LoadU(d, pass.bias + o);
    for (std::size_t t = 0; t < l.tiles.columns; ++t) {
      const std::size_t left = t * W::outputs;
      write_tile<W>(products(t, o), bias, pass.adds, l.lanes, y + left * s.outputs + o, row, s.outputs, rows,
                    std::min<std::size_t>(W::outputs, s.output_width - left), s.outputs - o);
    }
  }
}

// To strips [begin, end), all outputs of which have been written.
inline void apply_epilogue(const ForwardPass& pass, std::size_t begin, std::size_t end) {
  if (pass.epilogue.apply == nullptr) return;
  const std::size_t from = first_output(pass.shape, pass.layout.tiles, begin);
  pass.epilogue(pass.y + from, first_output(pass.shape, pass.layout.tiles, end) - from);
}

}  // namespace winograd
}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#endif
