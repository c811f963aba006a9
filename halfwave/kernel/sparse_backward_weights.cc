// Zero-skipping convolution, backward-weights. One of x and dy is skipped through, the other is read densely:
// of a tile of pixels, what is not 0 is listed channel by channel (the value, and its pixel). Then the
// gradients of a channel's filter rows stay in registers while its list is walked over the dense tile, which
// is packed so that the taps of a filter's row and their channels lie together.
//
// What is skipped is 0 times a dense value. In a tile whose dense values are not all finite nothing is
// skipped.
#include <hwy/cache_control.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/parts.h"
#include "halfwave/kernel/sparse_walk_layout.h"
#include "halfwave/kernel/sum_registers.h"
#include "halfwave/kernel/vector_lanes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/sparse_backward_weights.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/compress-inl.h"
#include "halfwave/kernel/partial-inl.h"
#include "halfwave/kernel/transpose-inl.h"

#ifndef HALFWAVE_SPARSE_BACKWARD_WEIGHTS_COMMON
#define HALFWAVE_SPARSE_BACKWARD_WEIGHTS_COMMON
namespace halfwave::kernel::sparse {

struct WalkPass {
  const WalkLayout& layout;
  const float* sparse;
  const float* dense;
  std::size_t first_image, last_image;
  std::size_t first_channel, last_channel;
  const PooledGradient* pooled;  // instead of `sparse`, or null
};

struct WalkScratch {
  float* packed;                // dense pixels of a tile
  float* tile;                  // with their runs lined up, or the same
  const std::uint32_t* places;  // where the runs of a tile's sparse pixels begin in it, in pixels
  float* values;                // by channel, list_room() each: what is not 0
  std::uint32_t* pixels;        // their places
  std::uint32_t* ends;          // of the lists
};

}  // namespace halfwave::kernel::sparse
#endif

HWY_BEFORE_NAMESPACE();
namespace halfwave::kernel {
namespace HWY_NAMESPACE {
namespace sparse {
using namespace halfwave::kernel::sparse;
namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;

constexpr std::size_t vector = hn::MaxLanes(D());
constexpr std::size_t registers = sum_registers(vector);

bool all_finite(const float* x, std::size_t count) {
  const D d;
  V zeros = hn::Zero(d);  // times each: NaN where one is not finite
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d))
    zeros = hn::MulAdd(hn::LoadU(d, x + i), hn::Zero(d), zeros);
  zeros = hn::MulAdd(load_first(d, x + i, count - i), hn::Zero(d), zeros);
  return hn::AllTrue(d, hn::Eq(zeros, hn::Zero(d)));
}

// A value that is not finite, alone: around the picture it must not be multiplied. number: of its pixel.
void add_alone(const WalkPass& pass, std::size_t number, std::size_t channel, float value, float* gradients) {
  const WalkLayout& l = pass.layout;
  const std::size_t column = number % l.sparse.width;
  const std::size_t row = number / l.sparse.width % l.sparse.height;
  const std::size_t image = number / l.sparse.width / l.sparse.height;
  for (std::size_t r = 0; r < l.kernel_height; ++r) {
    for (std::size_t t = 0; t < l.kernel_width; ++t) {
      const std::ptrdiff_t y = static_cast<std::ptrdiff_t>(row * l.stride_height + r) - l.pad_height;
      const std::ptrdiff_t x = static_cast<std::ptrdiff_t>(column * l.stride_width + t) - l.pad_width;
      if (y < 0 || y >= static_cast<std::ptrdiff_t>(l.dense.height) || x < 0 ||
          x >= static_cast<std::ptrdiff_t>(l.dense.width)) {
        continue;
      }
      const float* pixel =
          pass.dense + image * l.dense.size() +
          (static_cast<std::size_t>(y) * l.dense.width + static_cast<std::size_t>(x)) * l.dense.channels;
      for (std::size_t c = 0; c < l.dense.channels; ++c)
        gradients[l.gradient(channel, c, r, t)] += value * pixel[c];
    }
  }
}

// To a channel's list: what is not 0.
HWY_INLINE void append(const WalkScratch& scratch, std::size_t channel, V values,
                       hn::Vec<hn::RebindToUnsigned<D>> places) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  const Compressor wanted(hn::Ne(values, hn::Zero(d)));
  const std::uint32_t at = scratch.ends[channel];
  hn::StoreU(wanted(d, values), d, scratch.values + at);
  hn::StoreU(wanted(du, places), du, scratch.pixels + at);
  scratch.ends[channel] = at + static_cast<std::uint32_t>(wanted.count());
}

// A vector of channels, from `first` on, of up to as many consecutive pixels: transposed, and compressed into
// the channels' lists.
void list_pixels(const WalkPass& pass, const float* x, std::size_t pixels, std::size_t first,
                 const std::uint32_t* places, const WalkScratch& scratch) {
  const D d;
  const std::size_t channels = std::min(vector, pass.last_channel - pass.first_channel - first);
  V values[vector];
  for (std::size_t i = 0; i < vector; ++i) {
    values[i] =
        i < pixels ? load_first(d, x + i * pass.layout.sparse.channels + first, channels) : hn::Zero(d);
  }
  transpose<D>(values);
  const auto place = hn::LoadU(hn::RebindToUnsigned<D>(), places);
  for (std::size_t i = 0; i < channels; ++i) append(scratch, first + i, values[i], place);
}

// The same value by value: those that are not finite are added alone. number: of the first pixel in the pass.
void list_one_by_one(const WalkPass& pass, bool skips, const float* x, std::size_t number, std::size_t pixels,
                     std::size_t first, const std::uint32_t* places, const WalkScratch& scratch,
                     float* gradients) {
  const std::size_t last = std::min(first + vector, pass.last_channel - pass.first_channel);
  for (std::size_t p = 0; p < pixels; ++p, x += pass.layout.sparse.channels) {
    for (std::size_t c = first; c < last; ++c) {
      if (!std::isfinite(x[c])) {
        add_alone(pass, number + p, c, x[c], gradients);
      } else if (!skips || x[c] != 0) {
        const std::uint32_t at = scratch.ends[c]++;
        scratch.values[at] = x[c];
        scratch.pixels[at] = places[p];
      }
    }
  }
}

// The sparse pixels of a tile, which lie one after the other; `number` is the first's in the pass.
void list_tile(const WalkPass& pass, bool skips, std::size_t number, std::size_t pixels,
               const WalkScratch& scratch, float* gradients) {
  const WalkLayout& l = pass.layout;
  const std::size_t channels = pass.last_channel - pass.first_channel;
  for (std::size_t c = 0; c < channels; ++c) scratch.ends[c] = static_cast<std::uint32_t>(c * l.list_room());
  for (std::size_t p = 0; p < pixels; p += vector) {
    const float* x = pass.sparse + (number + p) * l.sparse.channels + pass.first_channel;
    const std::size_t count = std::min(vector, pixels - p);
    // Read one after the other before they are read by channel, as memory likes it.
    bool finite = true;
    for (std::size_t i = 0; i < count; ++i)
      finite = all_finite(x + i * l.sparse.channels, channels) && finite;
    for (std::size_t c = 0; c < channels; c += vector) {
      if (skips && finite) {
        list_pixels(pass, x, count, c, scratch.places + p, scratch);
      } else {
        list_one_by_one(pass, skips, x, number + p, count, c, scratch.places + p, scratch, gradients);
      }
    }
  }
}

// Some windows of a max-pool whose gradients are to be listed.
struct Windows {
  std::size_t count = 0;
  struct {
    const float* dy;  // of the pass's first channel
    const std::uint8_t* winners;
    std::int64_t pixel;       // number of its first value in the pass; it may lie beside the picture
    std::int32_t place;       // of that in the dense tile, in pixels
    std::int32_t first, end;  // winners in the rows of the tile
  } each[vector];
};

// Their gradients that are not finite.
void add_alone(const WalkPass& pass, const Windows& windows, float* gradients) {
  const PoolSize& s = pass.pooled->size;
  for (std::size_t i = 0; i < windows.count; ++i) {
    const auto& window = windows.each[i];
    for (std::size_t c = 0; c < pass.last_channel - pass.first_channel; ++c) {
      const std::int64_t winner = window.winners[c];
      if (std::isfinite(window.dy[c]) || winner < window.first || winner >= window.end) continue;
      const std::int64_t pixel =
          window.pixel + winner / s.kernel_width * s.input_width + winner % s.kernel_width;
      add_alone(pass, static_cast<std::size_t>(pixel), c, window.dy[c], gradients);
    }
  }
}

// Of a winner: how many pixels of the dense tile it lies behind its window's first value.
HWY_INLINE auto winner_step(const WalkLayout& l, const PoolSize& s, hn::Vec<hn::RebindToSigned<D>> winner) {
  const hn::RebindToSigned<D> d;
  const auto stride = static_cast<std::int32_t>(l.stride_width);
  const auto width = static_cast<std::int32_t>(s.kernel_width);
  const auto next_row = static_cast<std::int32_t>(l.stride_height * l.tile_row()) - width * stride;
  auto step = stride == 1 ? winner : hn::Mul(winner, hn::Set(d, stride));
  for (std::int32_t row = 1; row < static_cast<std::int32_t>(s.kernel_height); ++row) {
    const auto below = hn::Gt(winner, hn::Set(d, row * width - 1));
    step = hn::Add(step, hn::IfThenElseZero(below, hn::Set(d, next_row)));
  }
  return step;
}

// What is not 0 of some windows is listed by transposing a vector of channels from each, and compressing.
// False: not all gradients are finite; those that are not are left out.
bool list_windows(const WalkPass& pass, const Windows& windows, const WalkScratch& scratch) {
  using I = hn::RebindToSigned<D>;
  const D d;
  const I di;
  const hn::RebindToUnsigned<D> du;
  const hn::Rebind<std::uint8_t, D> bytes;
  const WalkLayout& l = pass.layout;
  const PoolSize& s = pass.pooled->size;
  const std::size_t channels = pass.last_channel - pass.first_channel;
  auto all_finite = hn::Eq(hn::Zero(d), hn::Zero(d));
  for (std::size_t c = 0; c < channels; c += hn::Lanes(d)) {
    V values[vector];
    hn::Vec<I> places[vector];
    for (std::size_t i = 0; i < vector; ++i) {
      if (i >= windows.count) {
        values[i] = hn::Zero(d);
        places[i] = hn::Zero(di);
        continue;
      }
      const auto& window = windows.each[i];
      const V value = load_first(d, window.dy + c, channels - c);
      const auto winner = hn::PromoteTo(di, hn::LoadU(bytes, window.winners + c));
      const auto finite = hn::Eq(hn::Mul(value, hn::Zero(d)), hn::Zero(d));
      const auto inside =
          hn::And(hn::Gt(winner, hn::Set(di, window.first - 1)), hn::Lt(winner, hn::Set(di, window.end)));
      all_finite = hn::And(all_finite, finite);
      values[i] = hn::IfThenElseZero(hn::And(hn::RebindMask(d, inside), finite), value);
      places[i] = hn::Add(winner_step(l, s, winner), hn::Set(di, window.place));
    }
    transpose<D>(values);
    transpose<I>(places);
    for (std::size_t i = 0; i < std::min(vector, channels - c); ++i)
      append(scratch, c + i, values[i], hn::BitCast(du, places[i]));
  }
  return hn::AllTrue(d, all_finite);
}

// The same from a max-pool's gradient, for the rows [top, top + rows) of some images.
void list_pooled_tile(const WalkPass& pass, std::size_t image, std::size_t images, std::size_t top,
                      std::size_t rows, const WalkScratch& scratch, float* gradients) {
  const WalkLayout& l = pass.layout;
  const PoolSize& s = pass.pooled->size;
  const auto begin = static_cast<std::int64_t>(top) + s.pad_height;
  const auto end = begin + static_cast<std::int64_t>(rows);
  // The windows that reach into these rows.
  const std::int64_t first =
      std::max<std::int64_t>((begin - s.kernel_height + s.stride_height) / s.stride_height, 0);
  const std::int64_t last = std::min((end - 1) / s.stride_height + 1, s.output_height);
  const std::size_t channels = pass.last_channel - pass.first_channel;
  for (std::size_t c = 0; c < channels; ++c) scratch.ends[c] = static_cast<std::uint32_t>(c * l.list_room());
  const auto pixel = static_cast<std::int64_t>((image * l.sparse.height + top) * l.sparse.width);
  const auto stride_height = static_cast<std::int64_t>(l.stride_height * l.tile_row());
  const auto stride_width = static_cast<std::int64_t>(l.stride_width);
  Windows windows;
  const auto list = [&] {
    if (!list_windows(pass, windows, scratch)) add_alone(pass, windows, gradients);
    windows.count = 0;
  };
  for (std::size_t i = 0; i < images; ++i) {
    const auto corner = static_cast<std::int64_t>(i * l.tile_rows() * l.tile_row());
    for (std::int64_t p = first; p < last; ++p) {
      const std::int64_t above = p * s.stride_height - begin;  // the window's first row
      const auto reaches = [&](std::int64_t row) {             // the first winner of that row or below
        return static_cast<std::int32_t>(std::clamp<std::int64_t>(row - above, 0, s.kernel_height) *
                                         s.kernel_width);
      };
      for (std::int64_t q = 0; q < s.output_width; ++q) {
        const auto number = static_cast<std::size_t>(
            (static_cast<std::int64_t>(image + i) * s.output_height + p) * s.output_width + q);
        const std::int64_t column = q * s.stride_width - s.pad_width;
        windows.each[windows.count++] = {
            .dy = pass.pooled->dy + number * l.sparse.channels + pass.first_channel,
            .winners = pass.pooled->winners + number * padded_channels(s) + pass.first_channel,
            .pixel =
                pixel + (static_cast<std::int64_t>(i * l.sparse.height) + above) * s.input_width + column,
            .place = static_cast<std::int32_t>(corner + above * stride_height + column * stride_width),
            .first = reaches(0),
            .end = reaches(static_cast<std::int64_t>(rows))};
        if (windows.count == vector) list();
      }
    }
  }
  if (windows.count > 0) list();
}

// The dense pixels that the tile sees, zeros around the picture; channels [first, first + count).
void pack_tile(const WalkPass& pass, std::size_t image, std::size_t images, std::size_t top, std::size_t rows,
               std::size_t first, std::size_t count, float* tile) {
  const D d;
  const WalkLayout& l = pass.layout;
  const auto width = static_cast<std::ptrdiff_t>(l.dense.width);
  const auto row_pixels = static_cast<std::ptrdiff_t>(l.tile_row());
  const std::ptrdiff_t begin = std::min(std::max<std::ptrdiff_t>(l.pad_width, 0), row_pixels);
  const std::ptrdiff_t end = std::clamp(l.pad_width + width, begin, row_pixels);
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t row = 0; row < (rows - 1) * l.stride_height + l.kernel_height; ++row) {
      float* to = tile + (i * l.tile_rows() + row) * l.tile_row() * l.block;
      const std::ptrdiff_t from = static_cast<std::ptrdiff_t>(top * l.stride_height + row) - l.pad_height;
      if (from < 0 || from >= static_cast<std::ptrdiff_t>(l.dense.height)) {
        std::fill_n(to, l.tile_row() * l.block, 0.0F);
        continue;
      }
      std::fill(to, to + static_cast<std::size_t>(begin) * l.block, 0.0F);
      std::fill(to + static_cast<std::size_t>(end) * l.block, to + l.tile_row() * l.block, 0.0F);
      const float* pixel =
          pass.dense + (image + i) * l.dense.size() +
          (static_cast<std::size_t>(from) * l.dense.width + static_cast<std::size_t>(begin - l.pad_width)) *
              l.dense.channels +
          first;
      float* place = to + static_cast<std::size_t>(begin) * l.block;
      if (l.block == l.dense.channels) {
        std::copy_n(pixel, static_cast<std::size_t>(end - begin) * l.block, place);
        continue;
      }
      for (std::ptrdiff_t column = begin; column < end;
           ++column, pixel += l.dense.channels, place += l.block) {
        for (std::size_t c = 0; c < l.block; c += hn::Lanes(d))
          store_first(load_first(d, pixel + c, count - std::min(c, count)), d, place + c, l.block - c);
      }
    }
  }
}

// The runs that begin at each pixel of packed rows, a vector each.
void line_up(const WalkLayout& l, std::size_t images, std::size_t rows, const float* packed, float* tile) {
  const D d;
  const std::size_t row_floats = l.tile_row() * l.block;
  const std::size_t piece = l.kernel_width * l.block;
  for (std::size_t i = 0; i < images; ++i) {
    const float* row = packed + i * l.tile_rows() * row_floats;
    float* to = tile + i * l.tile_rows() * l.tile_row() * l.pixel;
    for (std::size_t y = 0; y < rows; ++y, row += row_floats) {
      const std::size_t pieces = std::min(l.run_rows, rows - y);
      for (std::size_t x = 0; x < row_floats; x += l.block, to += l.pixel) {
        // What is written past a piece, the next one or the next pixel's first writes over.
        for (std::size_t p = 0; p < pieces; ++p)
          hn::StoreU(hn::LoadU(d, row + p * row_floats + x), d, to + p * piece);
      }
    }
  }
}

// Runs of a filter: gradient += value * run of the value's pixel. next_run: floats in the tile from a run to
// the filter's next. Each run has a pointer of its own, or GCC keeps a register for each vector's distance.
template <std::size_t Vectors, std::size_t... run, std::size_t... i>
HWY_INLINE void walk(const float* values, const std::uint32_t* pixels, std::size_t count, const float* tile,
                     std::size_t next_run, std::size_t pixel, float* gradient, std::size_t gradient_run,
                     std::index_sequence<run...>, std::index_sequence<i...>) {
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  float* const gradients[] = {gradient + run * gradient_run...};
  const float* const runs[] = {tile + run * next_run...};
  V sum[] = {hn::Load(d, gradients[i / Vectors] + i % Vectors * lanes)...};
  (hwy::Prefetch(gradient + sizeof...(run) * gradient_run + i * lanes), ...);  // those that come next
  for (const float* const end = values + count; values != end; ++values, ++pixels) {
    const V value = hn::Set(d, *values);
    const std::size_t at = *pixels * pixel;
    ((sum[i] = hn::MulAdd(value, hn::LoadU(d, runs[i / Vectors] + at + i % Vectors * lanes), sum[i])), ...);
  }
  (hn::Store(sum[i], d, gradients[i / Vectors] + i % Vectors * lanes), ...);
}

template <std::size_t Runs, std::size_t Vectors>
void walk(const float* values, const std::uint32_t* pixels, std::size_t count, const float* tile,
          std::size_t next_run, std::size_t pixel, float* gradient, std::size_t gradient_run) {
  walk<Vectors>(values, pixels, count, tile, next_run, pixel, gradient, gradient_run,
                std::make_index_sequence<Runs>(), std::make_index_sequence<Runs * Vectors>());
}

using Walk = void (*)(const float*, const std::uint32_t*, std::size_t, const float*, std::size_t, std::size_t,
                      float*, std::size_t);

constexpr std::size_t max_runs = 5;

template <std::size_t Runs, std::size_t Vectors>
constexpr Walk walk_or_none() {
  if constexpr (Runs * Vectors <= registers) {
    return &walk<Runs, Vectors>;
  } else {
    return nullptr;
  }
}

template <std::size_t... i>
Walk walk_of(std::size_t runs, std::size_t vectors, std::index_sequence<i...>) {
  static constexpr Walk table[] = {walk_or_none<i / registers + 1, i % registers + 1>()...};
  return table[(runs - 1) * registers + vectors - 1];
}

Walk walk_of(std::size_t runs, std::size_t vectors) {
  return walk_of(runs, vectors, std::make_index_sequence<max_runs * registers>());
}

// False where that needs more than a max-pool's gradient: zeros that may not be skipped.
bool walk_images(const WalkPass& pass, const WalkScratch& scratch, float* gradients) {
  const WalkLayout& l = pass.layout;
  const std::size_t room = l.list_room();
  const std::size_t next_run = l.run_rows * l.tile_row() * l.pixel;
  const std::size_t run = l.run_vectors * l.lanes;
  const std::size_t channels = pass.last_channel - pass.first_channel;
  for (std::size_t image = pass.first_image; image < pass.last_image; image += l.tile_images) {
    const std::size_t images = std::min(l.tile_images, pass.last_image - image);
    for (std::size_t top = 0; top < l.sparse.height; top += l.tile_height) {
      const std::size_t rows = std::min(l.tile_height, l.sparse.height - top);
      bool skips = true;
      for (std::size_t i = 0; i < images; ++i) {
        const auto height = static_cast<std::ptrdiff_t>(l.dense.height);
        const auto from = static_cast<std::ptrdiff_t>(top * l.stride_height) - l.pad_height;
        const auto reach = static_cast<std::ptrdiff_t>((rows - 1) * l.stride_height + l.kernel_height);
        const std::ptrdiff_t first = std::clamp<std::ptrdiff_t>(from, 0, height);
        const std::ptrdiff_t last = std::clamp<std::ptrdiff_t>(from + reach, 0, height);
        const std::size_t line = l.dense.width * l.dense.channels;
        skips = skips &&
                all_finite(pass.dense + (image + i) * l.dense.size() + static_cast<std::size_t>(first) * line,
                           static_cast<std::size_t>(last - first) * line);
      }
      if (pass.pooled == nullptr) {
        list_tile(pass, skips, (image * l.sparse.height + top) * l.sparse.width,
                  images * rows * l.sparse.width, scratch, gradients);
      } else if (skips) {
        list_pooled_tile(pass, image, images, top, rows, scratch, gradients);
      } else {
        return false;
      }
      for (std::size_t block = 0; block < l.blocks; ++block) {
        const std::size_t first = block * l.block;
        pack_tile(pass, image, images, top, rows, first, std::min(l.block, l.dense.channels - first),
                  scratch.packed);
        if (l.lined_up()) {
          line_up(l, images, (rows - 1) * l.stride_height + l.kernel_height, scratch.packed, scratch.tile);
        }
        float* gradient = gradients + block * l.channels * l.runs * run;
        for (std::size_t c = 0; c < channels; ++c) {
          for (std::size_t r = 0; r < l.runs; r += l.runs_together) {
            const std::size_t together = std::min(l.runs_together, l.runs - r);
            for (std::size_t v = 0; v < l.run_vectors; v += l.vectors) {
              walk_of(together, std::min(l.vectors, l.run_vectors - v))(
                  scratch.values + c * room, scratch.pixels + c * room, scratch.ends[c] - c * room,
                  scratch.tile + r * next_run + v * l.lanes, next_run, l.pixel,
                  gradient + (c * l.runs + r) * run + v * l.lanes, run);
            }
          }
        }
      }
    }
  }
  return true;
}

}  // namespace sparse

bool walk_images(const halfwave::kernel::sparse::WalkPass& pass,
                 const halfwave::kernel::sparse::WalkScratch& scratch, float* gradients) {
  return sparse::walk_images(pass, scratch, gradients);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

using namespace sparse;

HWY_EXPORT(walk_images);

class SparseBackwardWeights final : public ConvolutionBackwardWeights {
 public:
  SparseBackwardWeights(const ConvolutionSize& size, bool sparse_x)
      : size_(size), sparse_x_(sparse_x), places_(layout(1).places()) {}

  const char* name() const override { return sparse_x_ ? "sparse x" : "sparse dy"; }

  void run(std::int64_t n, const float* x, const float* dy, float* dw, Workspace& workspace) override {
    walk(n, sparse_x_ ? x : dy, sparse_x_ ? dy : x, nullptr, dw, workspace);
  }

  bool run_pooled(std::int64_t n, const float* x, const PooledGradient& dy, float* dw,
                  Workspace& workspace) override {
    return !sparse_x_ && walk(n, nullptr, x, &dy, dw, workspace);
  }

 private:
  bool walk(std::int64_t n, const float* sparse, const float* dense, const PooledGradient* pooled, float* dw,
            Workspace& workspace) {
    WalkLayout l = layout(static_cast<std::size_t>(thread_count()));
    if (pooled != nullptr) l.make_room_for(pooled->size);
    const std::size_t gradients = whole_lines(l.gradients());
    const std::size_t tile = whole_lines(l.tile_floats());
    const std::size_t lists = whole_lines(l.channels * l.list_room());
    const std::size_t ends = whole_lines(l.channels);
    const std::size_t packed = l.lined_up() ? whole_lines(l.packed_floats()) : 0;
    const std::size_t each = gradients + tile + packed + 2 * lists + ends;
    const std::size_t workers = l.channel_parts * l.image_parts;
    const ThreadMemory memory = workspace.floats_by_thread(each, workers);
    const auto images = static_cast<std::size_t>(n);
    std::atomic<bool> done = true;
    parallel_for(workers, 1, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t worker = begin; worker < end; ++worker) {
        const std::size_t channel = worker / l.image_parts * l.channels;
        const std::size_t share = worker % l.image_parts;
        const WalkPass pass{.layout = l,
                            .sparse = sparse,
                            .dense = dense,
                            .first_image = images * share / l.image_parts,
                            .last_image = images * (share + 1) / l.image_parts,
                            .first_channel = channel,
                            .last_channel = std::min(channel + l.channels, l.sparse.channels),
                            .pooled = pooled};
        float* own = memory.floats(worker);
        std::fill_n(own, gradients + tile + packed, 0.0F);
        float* dense_tile = own + gradients;
        float* values = dense_tile + tile + packed;
        const WalkScratch scratch{.packed = l.lined_up() ? dense_tile + tile : dense_tile,
                                  .tile = dense_tile,
                                  .places = places_.data(),
                                  .values = values,
                                  .pixels = reinterpret_cast<std::uint32_t*>(values + lists),
                                  .ends = reinterpret_cast<std::uint32_t*>(values + 2 * lists)};
        if (!HWY_DYNAMIC_DISPATCH(walk_images)(pass, scratch, own)) done = false;
      }
    });
    if (done) add(l, memory, dw);
    return done;
  }

  // To dw, always in the same order.
  void add(const WalkLayout& l, const ThreadMemory& memory, float* dw) const {
    const auto outputs = static_cast<std::size_t>(size_.output_channels);
    const auto inputs = static_cast<std::size_t>(size_.input_channels);
    const std::size_t taps = l.kernel_height * l.kernel_width;
    // Of an output and a tap: inputs whose gradients lie at the same distance from each other.
    const std::size_t together = sparse_x_ ? l.channels : l.block;
    const std::size_t step = sparse_x_ ? l.runs * l.run_vectors * l.lanes : 1;
    parallel_for(outputs, 1, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t o = begin; o < end; ++o) {
        for (std::size_t tap = 0; tap < taps; ++tap) {
          const std::size_t turned = sparse_x_ ? taps - 1 - tap : tap;
          float* to = dw + (o * taps + tap) * inputs;
          for (std::size_t first = 0; first < inputs; first += together) {
            const std::size_t sparse = sparse_x_ ? first : o;
            const std::size_t dense = sparse_x_ ? o : first;
            const float* from =
                memory.floats(sparse / l.channels * l.image_parts) +
                l.gradient(sparse % l.channels, dense, turned / l.kernel_width, turned % l.kernel_width);
            for (std::size_t i = 0; i < std::min(together, inputs - first); ++i) {
              float sum = from[i * step];
              for (std::size_t part = 1; part < l.image_parts; ++part)
                sum += from[part * memory.distance() + i * step];
              to[first + i] += sum;
            }
          }
        }
      }
    });
  }

  WalkLayout layout(std::size_t threads) const { return {size_, sparse_x_, vector_lanes(), threads}; }

  ConvolutionSize size_;
  bool sparse_x_;
  std::vector<std::uint32_t> places_;
};

}  // namespace

std::unique_ptr<ConvolutionBackwardWeights> make_sparse_dy_backward_weights(const ConvolutionSize& size) {
  return std::make_unique<SparseBackwardWeights>(size, false);
}

std::unique_ptr<ConvolutionBackwardWeights> make_sparse_x_backward_weights(const ConvolutionSize& size) {
  return std::make_unique<SparseBackwardWeights>(size, true);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
