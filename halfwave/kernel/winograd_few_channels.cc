// Winograd's forward pass for few input channels, where the products of a tile are so cheap that writing them
// down would cost more: they are made when they are transformed back. A vector of transformed values holds
// several tiles side by side, their channels at distances of a tile.
#include <algorithm>

#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/parts.h"
#include "halfwave/kernel/prefetcher.h"
#include "halfwave/kernel/winograd_forward.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/winograd_few_channels.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/winograd-inl.h"
#include "halfwave/kernel/winograd_output-inl.h"

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace winograd {
using D = hn::ScalableTag<float>;

// The rows of a strip: transformed downwards pixel by pixel as they lie, then across, tiles together.
template <class W, std::size_t Channels>
void transform_strip(const ForwardPass& pass, const FewChannelsLayout& l, std::size_t strip, float* rows,
                     float* transformed) {
  using Input = typename W::Input;
  const D d;
  using V = hn::Vec<D>;
  constexpr std::size_t tile = W::tile;
  const std::size_t lanes = hn::Lanes(d);
  const StripRows from = input_rows(pass.shape, pass.layout.tiles, strip, tile, pass.x, pass.zeros);
  const std::size_t width = from.width * Channels;
  V in[tile];
  V out[tile];
  for (std::size_t at = 0; at < width; at += lanes) {
    for (std::size_t i = 0; i < tile; ++i) in[i] = load_first(d, from.row[i] + at, width - at);
    evaluate<Input>(d, in, out);
    for (std::size_t i = 0; i < tile; ++i) hn::StoreU(out[i], d, rows + i * l.row + from.pad * Channels + at);
  }
  for (std::size_t group = 0; group < l.groups; ++group) {
    const float* left = rows + group * l.together * W::outputs * Channels;
    float* to = transformed + group * l.group;
    for (std::size_t i = 0; i < tile; ++i) {
      for (std::size_t j = 0; j < tile; ++j) in[j] = hn::LoadU(d, left + i * l.row + j * Channels);
      evaluate<Input>(d, in, out);
      for (std::size_t j = 0; j < tile; ++j) hn::Store(out[j], d, to + (i * tile + j) * lanes);
    }
  }
}

// The products of a tile and a vector of outputs. x: its transformed values.
template <std::size_t Channels>
HWY_INLINE auto products_of_one(const float* x, const float* w, std::size_t stride, std::size_t panel) {
  return [=](std::size_t point) HWY_ATTR {
    const D d;
    const float* value = x + point * hn::Lanes(d);
    const float* weight = w + point * stride;
    auto sum = hn::Mul(hn::Set(d, value[0]), hn::Load(d, weight));
    for (std::size_t c = 1; c < Channels; ++c)
      sum = hn::MulAdd(hn::Set(d, value[c]), hn::Load(d, weight + c * panel), sum);
    return sum;
  };
}

// The same of two tiles, `next` floats apart. group: the transformed values of their group, where those of
// the first one begin in lane `first`.
template <std::size_t Channels>
HWY_INLINE auto products_of_two(const float* group, std::size_t first, std::size_t next, const float* w,
                                std::size_t stride, std::size_t panel) {
  const hn::RebindToSigned<D> di;
  const auto lanes = static_cast<std::int32_t>(hn::Lanes(D()));
  const auto second = hn::Gt(hn::Iota(di, 0), hn::Set(di, lanes / 2 - 1));
  const auto begin = hn::Add(hn::Set(di, static_cast<std::int32_t>(first)),
                             hn::IfThenElseZero(second, hn::Set(di, static_cast<std::int32_t>(next))));
  return [=](std::size_t point) HWY_ATTR {
    const D d;
    const auto values = hn::Load(d, group + point * hn::Lanes(d));
    const float* weight = w + point * stride;
    const auto value = [&](std::int32_t c) HWY_ATTR {
      return hn::TableLookupLanes(values, hn::IndicesFromVec(d, hn::Add(begin, hn::Set(di, c))));
    };
    auto sum = hn::Mul(value(0), hn::Load(d, weight));
    for (std::size_t c = 1; c < Channels; ++c)
      sum = hn::MulAdd(value(static_cast<std::int32_t>(c)), hn::Load(d, weight + c * panel), sum);
    return sum;
  };
}

template <class W, std::size_t Channels, std::size_t Tiles>
void multiply_strip(const ForwardPass& pass, const FewChannelsLayout& few, std::size_t strip,
                    const float* transformed, float* y, Prefetcher& prefetcher) {
  const ForwardLayout& l = pass.layout;
  const auto products = [&](std::size_t tile, std::size_t output) HWY_ATTR {
    prefetcher.step();
    constexpr std::size_t next = W::outputs * Channels;
    const float* group = transformed + tile / few.together * few.group;
    const std::size_t first = tile % few.together * next;
    const float* w = pass.weights + output / l.panel * W::points * l.weight_stride + output % l.panel;
    if constexpr (Tiles == 1) {
      return products_of_one<Channels>(group + first, w, l.weight_stride, l.panel);
    } else {
      return products_of_two<Channels>(group, first, next, w, l.weight_stride, l.panel);
    }
  };
  write_tiles<W, Tiles>(pass, strip, 0, l.panels, products, y);
}

template <class W, std::size_t Channels>
void run_few_channels(const ForwardPass& pass, std::size_t first, std::size_t last, float* scratch) {
  const FewChannelsLayout l(pass.shape, pass.layout);
  constexpr bool pairs = tiles_of_a_vector(hn::MaxLanes(D()), Channels, W::outputs) > 1;
  const auto multiply = l.pairs ? &multiply_strip < W, Channels,
             pairs ? 2 : 1 > : &multiply_strip<W, Channels, 1>;
  float* rows = scratch;
  float* transformed = rows + l.rows;
  StripOutput output(pass, first, transformed + l.groups * l.group);
  const std::size_t tiles = pass.layout.tiles.columns * parts_of(pass.shape.outputs, pass.layout.lanes);
  std::fill_n(rows, l.rows, 0.0F);  // what lies beside the picture stays 0
  for (std::size_t strip = output.begin(); strip < last; ++strip) {
    transform_strip<W, Channels>(pass, l, strip, rows, transformed);
    output.move_to(strip);
    Prefetcher prefetcher(tiles);
    const std::size_t next = std::min(strip + 1, last);
    if (output.writes()) prefetcher.write(output.place(next), output.place(std::min(next + 1, last)));
    multiply(pass, l, strip, transformed, output.place(strip), prefetcher);
    output.made(strip);
    apply_epilogue(pass, strip, strip + 1);
  }
}

template <class W, std::size_t... c>
RunStrips few_channels_of(W, std::size_t channels, std::index_sequence<c...>) {
  static constexpr RunStrips table[] = {&run_few_channels<W, c + 1>...};
  return table[channels - 1];
}

}  // namespace winograd

winograd::RunStrips few_channels_kernel(WinogradTile tile, std::size_t channels) {
  return for_tile(tile, [channels](auto w) {
    return winograd::few_channels_of(w, channels, std::make_index_sequence<winograd::most_few_channels>());
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel::winograd {
namespace {
HWY_EXPORT(few_channels_kernel);
}  // namespace

RunStrips few_channels_kernel(WinogradTile tile, std::size_t channels) {
  return HWY_DYNAMIC_DISPATCH(few_channels_kernel)(tile, channels);
}

}  // namespace halfwave::kernel::winograd
#endif  // HWY_ONCE
