// Winograd's convolution, forward and backward-data, which is a forward pass over dy with the filters turned
// around. A thread takes strips by blocks: their input is transformed, multiplied by the transformed weights
// point by point (T tiles x a panel of outputs at once), and the products are transformed back, given their
// bias, and handed to the epilogue row by row. While products run, the next block's input and this block's
// output are fetched into the caches.
#include <algorithm>
#include <array>
#include <vector>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/convolution_cost.h"
#include "halfwave/kernel/elementwise.h"
#include "halfwave/kernel/prefetcher.h"
#include "halfwave/kernel/winograd_forward.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/winograd_forward.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/winograd-inl.h"
#include "halfwave/kernel/winograd_output-inl.h"

#ifndef HALFWAVE_WINOGRAD_FORWARD_COMMON
#define HALFWAVE_WINOGRAD_FORWARD_COMMON
namespace halfwave::kernel::winograd {

// Where a pass finds the weight of an output, an input and a tap.
struct WeightOrder {
  std::size_t output, input, tap;
  bool reversed;  // the last tap first
};

// What an instruction set has for one tile.
struct ForwardKernels {
  std::size_t side, tile;  // outputs and inputs
  std::size_t lanes;
  void (*transform_weights)(const Shape&, const ForwardLayout&, const WeightOrder&, const float* w,
                            std::size_t panel, std::size_t first, std::size_t last, float* to);
  RunStrips run_strips;
};

}  // namespace halfwave::kernel::winograd
#endif

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace winograd {
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

// As many tiles as their sums fit the registers, beside a panel's weights and a value.
constexpr std::size_t max_tiles(std::size_t vectors) { return (HWY_TARGET <= HWY_AVX3 ? 20 : 12) / vectors; }

// ---- weights ----

// The channels [first, last) of a panel.
template <class W>
void transform_weights(const Shape& shape, const ForwardLayout& layout, const WeightOrder& order,
                       const float* w, std::size_t panel, std::size_t first, std::size_t last, float* to) {
  const D d;
  constexpr std::size_t taps = W::taps;
  constexpr std::size_t tile = W::tile;
  for (std::size_t at = 0; at < layout.panel; at += layout.lanes) {
    const std::size_t output = panel * layout.panel + at;
    if (output >= shape.outputs) break;
    const std::size_t count = std::min(shape.outputs - output, layout.lanes);
    // Past the last output, it is taken again.
    const bool twice = fit_twice(count, layout.lanes);
    const hn::RebindToSigned<D> di;
    const auto lane = hn::And(
        hn::Iota(di, 0), hn::Set(di, static_cast<std::int32_t>(twice ? layout.lanes / 2 : layout.lanes) - 1));
    const auto last_output = hn::Set(di, static_cast<std::int32_t>(count) - 1);
    const auto places =
        hn::Mul(hn::Min(lane, last_output), hn::Set(di, static_cast<std::int32_t>(order.output)));
    const auto load = [&](const float* from) HWY_ATTR {
      return order.output == 1 && !twice ? load_first(d, from, count) : hn::GatherIndex(d, from, places);
    };
    for (std::size_t c = first; c < last; ++c) {
      const float* filter = w + output * order.output + c * order.input;
      V half[tile][taps];
      for (std::size_t s = 0; s < taps; ++s) {
        V in[taps];
        V out[tile];
        for (std::size_t r = 0; r < taps; ++r) {
          const std::size_t tap = r * taps + s;
          in[r] = load(filter + (order.reversed ? taps * taps - 1 - tap : tap) * order.tap);
        }
        evaluate<typename W::Weight>(d, in, out);
        for (std::size_t i = 0; i < tile; ++i) half[i][s] = out[i];
      }
      float* point = to + panel * W::points * layout.weight_stride + c * layout.panel + at;
      for (std::size_t i = 0; i < tile; ++i) {
        V out[tile];
        evaluate<typename W::Weight>(d, half[i], out);
        for (std::size_t j = 0; j < tile; ++j, point += layout.weight_stride) hn::Store(out[j], d, point);
      }
    }
  }
}

// ---- products ----

// One point of some tiles times that of a panel: y(t, o) = sum over c of x(t, c) w(c, o). next: the weights
// that come next, which are fetched meanwhile: a panel's are few pages of memory, too short to be foreseen.
// i: vectors of sums, Vectors to a tile; GCC keeps them in registers from first to last only where no loop
// runs over them.
template <class W, std::size_t Vectors, std::size_t... i>
HWY_INLINE void multiply(const float* x, const float* w, float* y, std::size_t group, std::size_t channels,
                         const float* next, std::index_sequence<i...>) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t tile = static_cast<std::size_t>(W::points | 1) * lanes;
  V sum[] = {(static_cast<void>(i), hn::Zero(d))...};
  const auto add = [&](std::size_t c) HWY_ATTR {
    ((sum[i] =
          hn::MulAdd(hn::Set(d, x[i / Vectors * tile + c]), hn::Load(d, w + i % Vectors * lanes), sum[i])),
     ...);
    for (std::size_t v = 0; v < Vectors; ++v) __builtin_prefetch(next + v * lanes);
    next += Vectors * lanes;
    w += Vectors * lanes;
  };
  for (; channels >= lanes; channels -= lanes, x += group) {
#pragma GCC unroll 4
    for (std::size_t c = 0; c < lanes; ++c) add(c);
  }
  for (std::size_t c = 0; c < channels; ++c) add(c);
  (hn::Store(sum[i], d, y + i / Vectors * tile + i % Vectors * group), ...);
}

template <class W, std::size_t Vectors, std::size_t Tiles>
void multiply(const float* x, const float* w, float* y, std::size_t group, std::size_t channels,
              const float* next) {
  multiply<W, Vectors>(x, w, y, group, channels, next, std::make_index_sequence<Tiles * Vectors>());
}

using Multiply = void (*)(const float*, const float*, float*, std::size_t, std::size_t, const float*);

template <class W, std::size_t Vectors, std::size_t... T>
Multiply multiply_of(std::size_t tiles, std::index_sequence<T...>) {
  static constexpr Multiply table[] = {&multiply<W, Vectors, T + 1>...};
  return table[tiles - 1];
}

template <class W, std::size_t Vectors>
void multiply_panels(const ForwardPass& pass, std::size_t first, std::size_t last, std::size_t tiles,
                     const float* x, float* product, Prefetcher& prefetcher) {
  constexpr std::size_t most = max_tiles(Vectors);
  const ForwardLayout& l = pass.layout;
  const std::size_t parts = parts_of(tiles, most);
  for (std::size_t point = 0; point < W::points; ++point) {
    for (std::size_t panel = first; panel < last; ++panel) {
      const float* w = pass.weights + (panel * W::points + point) * l.weight_stride;
      const float* next = panel + 1 < last ? w + W::points * l.weight_stride
                                           : pass.weights + (first * W::points + point + 1) * l.weight_stride;
      float* y = product + (panel - first) * Vectors * l.strides.group + point * l.lanes;
      for (std::size_t part = 0, t = 0; part < parts; ++part) {
        const std::size_t end = tiles * (part + 1) / parts;
        multiply_of<W, Vectors>(end - t, std::make_index_sequence<most>())(
            x + t * l.strides.tile + point * l.lanes, w, y + t * l.strides.tile, l.strides.group,
            pass.shape.channels, next);
        t = end;
        prefetcher.step();
      }
    }
  }
}

// ---- the pass ----

// y: where the strip's outputs begin.
template <class W>
void write_strip(const ForwardPass& pass, std::size_t strip, std::size_t first, std::size_t last,
                 const float* product, float* y) {
  const ForwardLayout& l = pass.layout;
  const auto products = [&](std::size_t tile, std::size_t output) HWY_ATTR {
    const float* from =
        product + (output - first * l.panel) / l.lanes * l.strides.group + tile * l.strides.tile;
    return [from, lanes = l.lanes](std::size_t point)
               HWY_ATTR { return hn::Load(D(), from + point * lanes); };
  };
  write_tiles<W, 1>(pass, strip, first, last, products, y);
}

template <class W>
void run_strips(const ForwardPass& pass, std::size_t first, std::size_t last, float* scratch) {
  const Shape& s = pass.shape;
  const ForwardLayout& l = pass.layout;
  float* columns = scratch;
  float* transformed = columns + l.columns;
  float* product = transformed + l.transformed;
  StripOutput output(pass, first, product + l.product);
  const auto input = [&](std::size_t strip) { return pass.x + first_input(s, l.tiles, strip); };
  for (std::size_t begin = output.begin(); begin < last; begin += l.strips) {
    const std::size_t end = std::min(begin + l.strips, last);
    for (std::size_t strip = begin; strip < end; ++strip) {
      evaluate_strip<typename W::Input>(
          D(), input_rows(s, l.tiles, strip, W::tile, pass.x, pass.zeros), W::outputs, l.tiles.columns,
          columns, transformed + (strip - begin) * l.tiles.columns * l.strides.tile, l.strides);
    }
    const std::size_t tiles = (end - begin) * l.tiles.columns;
    const std::size_t calls =
        W::points * (pass.panel_end - pass.panel) * parts_of(tiles, max_tiles(l.panel / l.lanes));
    Prefetcher prefetcher(calls);
    if (end < last) prefetcher.read(input(end), input(std::min(end + l.strips, last)));
    // Of a pixel's outputs some are another thread's where the panels are shared out.
    if (output.writes() && pass.all_panels()) prefetcher.write(output.place(begin), output.place(end));
    for (std::size_t panel = pass.panel; panel < pass.panel_end; panel += l.panels_together) {
      const std::size_t panel_end = std::min(panel + l.panels_together, pass.panel_end);
      if (l.panel > l.lanes) {
        multiply_panels<W, 2>(pass, panel, panel_end, tiles, transformed, product, prefetcher);
      } else {
        multiply_panels<W, 1>(pass, panel, panel_end, tiles, transformed, product, prefetcher);
      }
      for (std::size_t strip = begin; strip < end; ++strip) {
        if (panel == pass.panel && (strip - begin) % l.strips_made == 0) output.move_to(strip);
        write_strip<W>(pass, strip, panel, panel_end,
                       product + (strip - begin) * l.tiles.columns * l.strides.tile, output.place(strip));
        if (panel_end == pass.panel_end) output.made(strip);
      }
    }
    apply_epilogue(pass, begin, end);
  }
}

template <class W>
ForwardKernels kernels_of(W) {
  return {W::outputs, W::tile, hn::Lanes(D()), &transform_weights<W>, &run_strips<W>};
}

}  // namespace winograd

winograd::ForwardKernels winograd_forward_kernels(WinogradTile tile) {
  return for_tile(tile, [](auto w) { return winograd::kernels_of(w); });
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

using namespace winograd;

HWY_EXPORT(winograd_forward_kernels);

class Transformed {
 public:
  Transformed(const Shape& shape, const WeightOrder& order, WinogradTile tile, bool keeps)
      : keeps_(keeps),
        kernels_(HWY_DYNAMIC_DISPATCH(winograd_forward_kernels)(tile)),
        shape_(shape),
        order_(order),
        layout_(shape, kernels_.side, kernels_.tile, kernels_.lanes),
        few_channels_(has_few_channels(shape, kernels_.lanes)),
        bias_(layout_.panels * layout_.panel),
        zeros_(shape.width * shape.channels) {
    if (few_channels_) kernels_.run_strips = few_channels_kernel(tile, shape.channels);
  }

  void load(const float* w, const float* b) {
    w_ = w;
    std::fill(bias_.begin(), bias_.end(), 0.0F);
    if (b != nullptr) {
      std::copy_n(b, shape_.outputs, bias_.begin());
      if (fit_twice(shape_.outputs, layout_.lanes))
        std::copy_n(b, shape_.outputs, bias_.begin() + static_cast<std::ptrdiff_t>(layout_.lanes / 2));
    }
    kept_ = false;
  }

  // A window may reach into the strip before.
  bool can_pool(const PoolSize& s) const {
    return windows_end_with_strips(s, layout_.tiles.side) ||
           s.kernel_height - 1 <= static_cast<std::int64_t>(layout_.tiles.side);
  }

  // pooled: instead of y, or null.
  void run(std::int64_t n, const float* x, float* y, bool adds, const Epilogue& epilogue,
           const PooledOutput* pooled, Workspace& workspace) {
    ForwardPass pass{shape_, layout_,  x,      nullptr, bias_.data(),  zeros_.data(), y,
                     adds,   epilogue, pooled, 0,       layout_.panels};
    const std::size_t each =
        (few_channels_ ? FewChannelsLayout(shape_, layout_).scratch() : layout_.scratch()) +
        whole_lines(StripOutput::floats(pass));
    const auto threads = static_cast<std::size_t>(thread_count());
    const ThreadMemory scratch = workspace.floats_by_thread(each, threads);
    float* weights = (keeps_ ? weights_ : workspace).floats(layout_.weights());
    if (!kept_) transform(weights);
    kept_ = keeps_;
    pass.weights = weights;
    const std::size_t strips = static_cast<std::size_t>(n) * layout_.tiles.rows;
    if (!few_channels_ && !StripOutput::keeps_strips(pass) &&
        winograd_shares_outputs(shape_, layout_, strips, threads)) {
      parallel_for(layout_.panels, 1, [&](std::size_t begin, std::size_t end, int thread) {
        ForwardPass own = pass;
        own.panel = begin;
        own.panel_end = end;
        kernels_.run_strips(own, 0, strips, scratch.floats(thread));
      });
      if (epilogue.apply == nullptr) return;
      over_blocks(static_cast<std::size_t>(n) * shape_.output_size(),
                  [&](std::size_t begin, std::size_t size) { epilogue(y + begin, size); });
      return;
    }
    // As many strips at a time as share the weights, and where they need those before them whole images; but
    // some for each thread.
    const std::size_t share = parts_of(strips, threads);
    const std::size_t grain = StripOutput::keeps_rows(pass) ? layout_.tiles.rows : layout_.strips;
    parallel_for_all(strips, std::min(grain, share), [&](std::size_t begin, std::size_t end, int thread) {
      kernels_.run_strips(pass, begin, end, scratch.floats(thread));
    });
  }

 private:
  void transform(float* to) const {
    parallel_for(layout_.panels * shape_.channels, 64, [&](std::size_t begin, std::size_t end, int) {
      while (begin < end) {
        const std::size_t panel = begin / shape_.channels;
        const std::size_t first = begin % shape_.channels;
        const std::size_t last = std::min(shape_.channels, first + end - begin);
        kernels_.transform_weights(shape_, layout_, order_, w_, panel, first, last, to);
        begin += last - first;
      }
    });
  }

  bool keeps_;  // the transformed weights, from run to run; else each makes them, in shared memory
  ForwardKernels kernels_;
  Shape shape_;
  WeightOrder order_;
  ForwardLayout layout_;
  bool few_channels_;
  std::vector<float> bias_;   // zeros without one
  std::vector<float> zeros_;  // a row of the input
  Workspace weights_;         // transformed
  bool kept_ = false;
  const float* w_ = nullptr;
};

// Outputs x kernel height x kernel width x inputs.
WeightOrder forward_order(const Shape& s, std::size_t kernel) {
  return {.output = kernel * kernel * s.channels, .input = 1, .tap = s.channels, .reversed = false};
}
WeightOrder backward_order(const Shape& s, std::size_t kernel) {
  return {.output = 1, .input = kernel * kernel * s.channels, .tap = s.channels, .reversed = true};
}

class WinogradForward final : public ConvolutionForward {
 public:
  WinogradForward(const Shape& s, std::size_t kernel, WinogradTile tile, bool keeps, bool adds)
      : convolution_(s, forward_order(s, kernel), tile, keeps), adds_(adds) {}

  const char* name() const override { return "winograd"; }
  void load(const float* w, const float* b) override { convolution_.load(w, b); }
  void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
           Workspace& workspace) override {
    convolution_.run(n, x, y, adds_, epilogue, nullptr, workspace);
  }
  bool run_pooled(std::int64_t n, const float* x, const PooledOutput& y, Workspace& workspace) override {
    if (adds_ || !convolution_.can_pool(y.size)) return false;
    convolution_.run(n, x, nullptr, false, {}, &y, workspace);
    return true;
  }

 private:
  Transformed convolution_;
  bool adds_;
};

class WinogradBackwardData final : public ConvolutionBackwardData {
 public:
  WinogradBackwardData(const Shape& s, std::size_t kernel, WinogradTile tile)
      : convolution_(turned(s, kernel), backward_order(s, kernel), tile, false) {}

  const char* name() const override { return "winograd"; }
  void load(const float* w) override { convolution_.load(w, nullptr); }
  void run(std::int64_t n, const float* dy, float* dx, Workspace& workspace) override {
    convolution_.run(n, dy, dx, false, {}, nullptr, workspace);
  }

 private:
  Transformed convolution_;
};

}  // namespace

std::unique_ptr<ConvolutionForward> make_winograd_forward(const ConvolutionSize& size, WinogradTile tile,
                                                          const ConvolutionUse& use) {
  return std::make_unique<WinogradForward>(shape_of(size), static_cast<std::size_t>(size.kernel_height), tile,
                                           !use.training, use.adds);
}

std::unique_ptr<ConvolutionBackwardData> make_winograd_backward_data(const ConvolutionSize& size,
                                                                     WinogradTile tile) {
  return std::make_unique<WinogradBackwardData>(shape_of(size), static_cast<std::size_t>(size.kernel_height),
                                                tile);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
