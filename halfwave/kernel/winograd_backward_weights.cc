// Winograd's convolution, backward-weights: the same tiles as forward, with dy in the place of the filter.
// The products of all tiles are summed up point by point, and transformed back into the filter's taps once.
#include <algorithm>
#include <vector>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/prefetcher.h"
#include "halfwave/kernel/winograd_layout.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/winograd_backward_weights.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/winograd-inl.h"

#ifndef HALFWAVE_WINOGRAD_BACKWARD_WEIGHTS_COMMON
#define HALFWAVE_WINOGRAD_BACKWARD_WEIGHTS_COMMON
namespace halfwave::kernel::winograd {

struct WeightsPass {
  const Shape& shape;  // of the forward pass
  const WeightsLayout& layout;
  const float* x;
  const float* dy;
  const float* zeros;  // a row of either
};

// What an instruction set has for one tile.
struct WeightsKernels {
  std::size_t side, tile;  // outputs and inputs
  std::size_t lanes;
  // Of strips [first, last) and the outputs of a part. scratch: columns, x, dy; the products are overwritten.
  void (*run_strips)(const WeightsPass&, std::size_t part, std::size_t first, std::size_t last,
                     float* scratch, float* products);
  // Adds to dw what `count` threads, `stride` apart, have for the outputs [first, last) of a part.
  void (*add_weights)(const WeightsPass&, std::size_t part, std::size_t first, std::size_t last,
                      const float* products, std::size_t stride, std::size_t count, float* dw);
};

}  // namespace halfwave::kernel::winograd
#endif

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace winograd {
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// As many outputs as their sums fit the registers, beside a panel of x and a value.
constexpr std::size_t max_outputs(std::size_t vectors) {
  return (HWY_TARGET <= HWY_AVX3 ? 20 : 12) / vectors;
}

// ---- products ----

// sums(o, c) = (adds: +) sum over tiles of dy(t, o) x(t, c). i: vectors of sums, Vectors to an output; GCC
// keeps them in registers from first to last only where no loop runs over them.
template <std::size_t Vectors, std::size_t... i>
HWY_INLINE void multiply(const float* dy, std::size_t dy_tile, const float* x, std::size_t x_tile,
                         std::size_t tiles, bool adds, float* sums, std::index_sequence<i...>) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  V sum[] = {(adds ? hn::Load(d, sums + i * lanes) : hn::Zero(d))...};
  for (std::size_t t = 0; t < tiles; ++t, dy += dy_tile, x += x_tile) {
    ((sum[i] = hn::MulAdd(hn::Set(d, dy[i / Vectors]), hn::Load(d, x + i % Vectors * lanes), sum[i])), ...);
  }
  (hn::Store(sum[i], d, sums + i * lanes), ...);
}

template <std::size_t Vectors, std::size_t Outputs>
void multiply(const float* dy, std::size_t dy_tile, const float* x, std::size_t x_tile, std::size_t tiles,
              bool adds, float* sums) {
  multiply<Vectors>(dy, dy_tile, x, x_tile, tiles, adds, sums, std::make_index_sequence<Outputs * Vectors>());
}

using Multiply = void (*)(const float*, std::size_t, const float*, std::size_t, std::size_t, bool, float*);

template <std::size_t Vectors, std::size_t... O>
Multiply multiply_of(std::size_t outputs, std::index_sequence<O...>) {
  static constexpr Multiply table[] = {&multiply<Vectors, O + 1>...};
  return table[outputs - 1];
}

template <std::size_t Vectors>
void multiply_all(const WeightsLayout& l, std::size_t outputs, std::size_t tiles, const float* dy,
                  const float* x, bool adds, float* products, Prefetcher& prefetcher) {
  constexpr std::size_t most = max_outputs(Vectors);
  const std::size_t parts = parts_of(outputs, most);
  for (std::size_t point = 0; point < l.points; ++point) {
    for (std::size_t panel = 0; panel < l.panels; ++panel) {
      float* sums = products + point * l.product_point + panel * l.panel * l.outputs;
      for (std::size_t part = 0, o = 0; part < parts; ++part) {
        const std::size_t end = outputs * (part + 1) / parts;
        multiply_of<Vectors>(end - o, std::make_index_sequence<most>())(
            dy + point * l.dy.point + o, l.dy.tile, x + point * l.x.point + panel * l.panel, l.x.tile, tiles,
            adds, sums + o * l.panel);
        o = end;
        prefetcher.step();
      }
    }
  }
}

// ---- the pass ----

template <class W>
void run_strips(const WeightsPass& pass, std::size_t part, std::size_t first, std::size_t last,
                float* scratch, float* products) {
  const Shape& s = pass.shape;
  const WeightsLayout& l = pass.layout;
  const std::size_t first_channel = part * l.outputs;
  const std::size_t outputs = std::min(l.outputs, s.outputs - first_channel);
  float* columns = scratch;
  float* x = columns + l.columns;
  float* dy = x + l.points * l.x.point;
  const std::size_t output_row = s.output_width * s.outputs;
  const auto input = [&](std::size_t strip) { return pass.x + first_input(s, l.tiles, strip); };
  const auto output = [&](std::size_t strip) { return pass.dy + first_output(s, l.tiles, strip); };
  if (first == last) {
    std::fill_n(products, l.points * l.product_point, 0.0F);
    return;
  }
  for (std::size_t begin = first; begin < last; begin += l.strips) {
    const std::size_t end = std::min(begin + l.strips, last);
    for (std::size_t strip = begin; strip < end; ++strip) {
      const std::size_t tile = (strip - begin) * l.tiles.columns;
      evaluate_strip<typename W::Input>(D(), input_rows(s, l.tiles, strip, W::tile, pass.x, pass.zeros),
                                        W::outputs, l.tiles.columns, columns, x + tile * l.x.tile, l.x);
      StripRows gradient{
          .row = {}, .width = s.output_width, .pixel = s.outputs, .pad = 0, .channels = outputs};
      for (std::size_t i = 0; i < W::outputs; ++i) {
        const bool inside = l.tiles.top(strip) + i < s.output_height;
        gradient.row[i] = inside ? output(strip) + i * output_row + first_channel : pass.zeros;
      }
      evaluate_strip<typename W::Output>(D(), gradient, W::outputs, l.tiles.columns, columns,
                                         dy + tile * l.dy.tile, l.dy);
    }
    const std::size_t tiles = (end - begin) * l.tiles.columns;
    Prefetcher prefetcher(l.points * l.panels * parts_of(outputs, max_outputs(l.panel / l.lanes)));
    if (end < last) {
      prefetcher.read(input(end), input(std::min(end + l.strips, last)));
      prefetcher.read(output(end), output(std::min(end + l.strips, last)));
    }
    if (l.panel > l.lanes) {
      multiply_all<2>(l, outputs, tiles, dy, x, begin > first, products, prefetcher);
    } else {
      multiply_all<1>(l, outputs, tiles, dy, x, begin > first, products, prefetcher);
    }
  }
}

template <class W>
void add_weights(const WeightsPass& pass, std::size_t part, std::size_t first, std::size_t last,
                 const float* products, std::size_t stride, std::size_t count, float* dw) {
  const D d;
  constexpr std::size_t taps = W::taps;
  constexpr std::size_t tile = W::tile;
  const Shape& s = pass.shape;
  const WeightsLayout& l = pass.layout;
  for (std::size_t o = first; o < last; ++o) {
    for (std::size_t c = 0; c < s.channels; c += l.lanes) {
      const float* from = products + c / l.panel * l.panel * l.outputs + o * l.panel + c % l.panel;
      V half[taps][tile];
      for (std::size_t j = 0; j < tile; ++j) {
        V in[tile];
        V out[taps];
        for (std::size_t i = 0; i < tile; ++i) {
          const float* point = from + (i * tile + j) * l.product_point;
          in[i] = hn::Load(d, point);
          for (std::size_t thread = 1; thread < count; ++thread)
            in[i] = hn::Add(in[i], hn::Load(d, point + thread * stride));
        }
        interpolate<typename W::Weight>(d, in, out);
        for (std::size_t r = 0; r < taps; ++r) half[r][j] = out[r];
      }
      for (std::size_t r = 0; r < taps; ++r) {
        V out[taps];
        interpolate<typename W::Weight>(d, half[r], out);
        for (std::size_t q = 0; q < taps; ++q) {
          float* to = dw + (((part * l.outputs + o) * taps + r) * taps + q) * s.channels + c;
          store_first(hn::Add(load_first(d, to, s.channels - c), out[q]), d, to, s.channels - c);
        }
      }
    }
  }
}

template <class W>
WeightsKernels weights_kernels_of(W) {
  return {W::outputs, W::tile, hn::Lanes(D()), &run_strips<W>, &add_weights<W>};
}

}  // namespace winograd

winograd::WeightsKernels winograd_weights_kernels(WinogradTile tile) {
  return for_tile(tile, [](auto w) { return winograd::weights_kernels_of(w); });
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

using namespace winograd;

HWY_EXPORT(winograd_weights_kernels);

class WinogradBackwardWeights final : public ConvolutionBackwardWeights {
 public:
  WinogradBackwardWeights(const ConvolutionSize& size, WinogradTile tile)
      : kernels_(HWY_DYNAMIC_DISPATCH(winograd_weights_kernels)(tile)),
        shape_(shape_of(size)),
        zeros_(std::max(shape_.width * shape_.channels, shape_.output_width * shape_.outputs)) {}

  const char* name() const override { return "winograd"; }

  void run(std::int64_t n, const float* x, const float* dy, float* dw, Workspace& workspace) override {
    const WeightsLayout layout(shape_, kernels_.side, kernels_.tile, kernels_.lanes,
                               static_cast<std::size_t>(thread_count()));
    const WeightsPass pass{shape_, layout, x, dy, zeros_.data()};
    const std::size_t strips = static_cast<std::size_t>(n) * layout.tiles.rows;
    const std::size_t each = layout.scratch();
    const std::size_t products = layout.points * layout.product_point;
    // A worker's scratch, its products last.
    const std::size_t workers = layout.output_parts * layout.strip_parts;
    const ThreadMemory memory = workspace.floats_by_thread(each, workers);
    const auto products_of = [&](std::size_t worker) { return memory.floats(worker) + each - products; };
    parallel_for(workers, 1, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t worker = begin; worker < end; ++worker) {
        const std::size_t share = worker % layout.strip_parts;
        kernels_.run_strips(pass, worker / layout.strip_parts, strips * share / layout.strip_parts,
                            strips * (share + 1) / layout.strip_parts, memory.floats(worker),
                            products_of(worker));
      }
    });
    parallel_for(shape_.outputs, 4, [&](std::size_t begin, std::size_t end, int) {
      while (begin < end) {
        const std::size_t part = begin / layout.outputs;
        const std::size_t first = begin - part * layout.outputs;
        const std::size_t last = std::min(end - part * layout.outputs, layout.outputs);
        kernels_.add_weights(pass, part, first, last, products_of(part * layout.strip_parts),
                             memory.distance(), layout.strip_parts, dw);
        begin += last - first;
      }
    });
  }

 private:
  WeightsKernels kernels_;
  Shape shape_;
  std::vector<float> zeros_;
};

}  // namespace

std::unique_ptr<ConvolutionBackwardWeights> make_winograd_backward_weights(const ConvolutionSize& size,
                                                                           WinogradTile tile) {
  return std::make_unique<WinogradBackwardWeights>(size, tile);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
