// Zero-skipping convolution, forward and backward-data. A thread takes images; of a band of rows it first
// lists what is not 0 (its value, and where its channel's weights are), then scatters each row of the band to
// the rows of the output that see it, with the weights of one block of outputs and one row of the filter in
// the first-level cache at a time. The outputs that a pixel adds to stay in registers and slide on with it.
//
// What is skipped is 0 times a weight. Where a weight is not finite nothing is skipped, so that inf and NaN
// come out as by the definition. The sign of a sum of zeros is that of the sum without them.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "halfwave/base/parallel.h"
#include "halfwave/base/simd_targets.h"
#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/elementwise.h"
#include "halfwave/kernel/sparse_scatter_layout.h"
#include "halfwave/kernel/vector_lanes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "halfwave/kernel/sparse_forward.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include "halfwave/kernel/compress-inl.h"
#include "halfwave/kernel/partial-inl.h"

#ifndef HALFWAVE_SPARSE_FORWARD_COMMON
#define HALFWAVE_SPARSE_FORWARD_COMMON
namespace halfwave::kernel::sparse {

// Where a pass finds the weight of an output, a channel of its input and a tap: floats from each to the next.
struct WeightOrder {
  std::size_t output, channel, tap;
};

// What is not 0 in a band of rows: by block of channels, row, phase, column. A block's values and offsets lie
// together.
struct Lists {
  float* values;
  std::uint32_t* offsets;  // of the channel's weights in a slice, in vectors
  std::uint16_t* counts;   // of a pixel
  std::uint32_t* starts;   // of the phases of the rows
  std::size_t room;        // of a block's values
  float* no_row;           // what would be added to rows outside the output
};

// Where a row, or a column, lies in a max-pool's windows.
struct WindowPlace {
  std::size_t window;
  std::int32_t tap;  // in the window; negative: in none
};

// A max-pool's gradient instead of x.
struct Pooled {
  const PooledGradient& gradient;
  const WindowPlace* rows;
  const WindowPlace* columns;
};

struct ScatterPass {
  const ScatterLayout& layout;
  const float* weights;  // packed
  const float* bias;
  bool skips;
  bool adds;  // to y
  const float* x;
  const Pooled* pooled;  // instead of x, or null; with it zeros are skipped
};

// What a thread makes of an image: blocks [first, last) of its outputs, and of those rows [top, bottom).
struct Share {
  std::size_t first, last;
  std::size_t top, bottom;

  bool has_row(std::ptrdiff_t row) const {
    return row >= static_cast<std::ptrdiff_t>(top) && row < static_cast<std::ptrdiff_t>(bottom);
  }
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

// ---- weights ----

// Those of a block of outputs. False if one of them is not finite.
bool pack_block(const ScatterLayout& l, const WeightOrder& order, const float* w, const Block& block,
                float* to) {
  const D d;
  const hn::RebindToSigned<D> di;
  const auto spread = hn::Mul(hn::Iota(di, 0), hn::Set(di, static_cast<std::int32_t>(order.output)));
  V zeros = hn::Zero(d);  // times all weights: NaN where one is not finite
  for (std::size_t c = 0; c < l.channel_blocks * l.channels_together; c += l.channels_together) {
    const std::size_t channels = std::min(l.channels_together, l.channels - std::min(c, l.channels));
    for (const Piece& piece : l.pieces) {
      for (std::size_t top = 0; top < l.kernel_height; top += l.rows_together, to += l.slice(block, piece)) {
        float* next = to;
        const std::size_t taps = channels * piece.taps * l.rows_together;
        for (std::size_t i = 0; i < taps; ++i) {
          const std::size_t row = top + i % l.rows_together;
          const std::size_t tap = i / l.rows_together % piece.taps;
          const std::size_t channel = c + i / l.rows_together / piece.taps;
          const auto column =
              static_cast<std::size_t>(piece.first_tap + static_cast<std::ptrdiff_t>(tap) * piece.tap_step);
          const float* from = w + (row * l.kernel_width + column) * order.tap + channel * order.channel +
                              block.first * order.output;
          for (std::size_t lane = 0; lane < block.channels;
               lane += l.lanes, next += l.lanes, from += l.lanes * order.output) {
            const std::size_t count = std::min(block.channels - lane, l.lanes);
            const auto places =
                hn::Min(spread, hn::Set(di, static_cast<std::int32_t>((count - 1) * order.output)));
            const V weight =
                order.output == 1 ? load_first(d, from, count) : hn::GatherIndex(d, from, places);
            zeros = hn::MulAdd(weight, hn::Zero(d), zeros);
            hn::Store(weight, d, next);
          }
        }
      }
    }
  }
  return hn::AllTrue(d, hn::Eq(zeros, hn::Zero(d)));
}

// ---- lists ----

// What lists are made of: the values of a pixel, a vector at a time, with those that are wanted.
class DenseImage {
 public:
  DenseImage(const ScatterPass& pass, std::size_t image)
      : l_(pass.layout), skips_(pass.skips), x_(pass.x + image * l_.height * l_.width * l_.channels) {}

  void move_to(std::size_t row, std::size_t column) { pixel_ = x_ + (row * l_.width + column) * l_.channels; }
  // Lanes past `count` are 0 and not wanted.
  V load(std::size_t channel, std::size_t count, hn::Mask<D>& wanted) const {
    const D d;
    const V value = load_first(d, pixel_ + channel, count);
    // Not Ne, which is false for NaN.
    wanted = skips_ ? hn::Not(hn::Eq(value, hn::Zero(d))) : hn::FirstN(d, count);
    return value;
  }

 private:
  const ScatterLayout& l_;
  bool skips_;
  const float* x_;
  const float* pixel_ = nullptr;
};

class PooledImage {
 public:
  PooledImage(const ScatterPass& pass, std::size_t image)
      : pooled_(*pass.pooled),
        size_(pooled_.gradient.size),
        first_(image * static_cast<std::size_t>(size_.output_height * size_.output_width)) {}

  void move_to(std::size_t row, std::size_t column) {
    const WindowPlace& p = pooled_.rows[row];
    const WindowPlace& q = pooled_.columns[column];
    const std::size_t pixel = first_ + p.window * static_cast<std::size_t>(size_.output_width) + q.window;
    values_ = pooled_.gradient.dy + pixel * static_cast<std::size_t>(size_.channels);
    winners_ = pooled_.gradient.winners + pixel * padded_channels(size_);
    constexpr std::int32_t none = 256;
    tap_ = p.tap < 0 || q.tap < 0 ? none : p.tap * static_cast<std::int32_t>(size_.kernel_width) + q.tap;
  }
  V load(std::size_t channel, std::size_t count, hn::Mask<D>& wanted) const {
    const D d;
    const hn::RebindToSigned<D> di;
    const V value = load_first(d, values_ + channel, count);
    const auto winner = hn::PromoteTo(di, hn::LoadU(hn::Rebind<std::uint8_t, D>(), winners_ + channel));
    const auto won = hn::RebindMask(d, hn::Eq(winner, hn::Set(di, tap_)));
    wanted = hn::AndNot(hn::Eq(value, hn::Zero(d)), won);
    return value;
  }

 private:
  const Pooled& pooled_;
  const PoolSize& size_;
  std::size_t first_;  // pixel of the image
  const float* values_ = nullptr;
  const std::uint8_t* winners_ = nullptr;
  std::int32_t tap_ = 0;
};

// Of `rows` rows from `top` on. A list's end may be written over by a vector.
template <class Image>
void make_lists(const ScatterLayout& l, Image image, std::size_t top, std::size_t rows, const Lists& lists) {
  const D d;
  const hn::RebindToUnsigned<D> du;
  const std::size_t lanes = hn::Lanes(d);
  const auto order = hn::Iota(du, 0);
  for (std::size_t block = 0; block < l.channel_blocks; ++block) {
    const std::size_t first = block * l.channels_together;
    const std::size_t last = std::min(first + l.channels_together, l.channels);
    float* values = lists.values + block * lists.room;
    std::uint32_t* offsets = lists.offsets + block * lists.room;
    std::uint16_t* counts = lists.counts + block * rows * l.width;
    std::uint32_t* starts = lists.starts + block * rows * l.phases;
    std::size_t at = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t phase = 0; phase < l.phases; ++phase) {
        *starts++ = static_cast<std::uint32_t>(at);
        for (std::size_t column = l.first_inputs[phase]; column < l.width; column += l.phases) {
          image.move_to(top + row, column);
          const std::size_t before = at;
          for (std::size_t c = first; c < last; c += lanes) {
            hn::Mask<D> kept;
            const V value = image.load(c, last - c, kept);
            const Compressor wanted(kept);
            hn::StoreU(wanted(d, value), d, values + at);
            const auto channel = hn::Add(order, hn::Set(du, static_cast<std::uint32_t>(c - first)));
            hn::StoreU(wanted(du, channel), du, offsets + at);
            at += wanted.count();
          }
          *counts++ = static_cast<std::uint16_t>(at - before);
        }
      }
    }
  }
}

// ---- scatter ----

// Rows of the output, of one phase, to which a row of the input adds with some rows of the filter.
struct OutputRows {
  float* y[most_rows];     // the first pixel and channel of each
  std::ptrdiff_t columns;  // pixels
  std::ptrdiff_t pixel;    // floats from each to the next
  std::size_t channels;    // of the vectors
};

// The loops over vectors are written out, so that these stay in registers: Vectors of each row.

// The outputs of a pixel in all rows; 0 outside.
template <std::size_t Vectors, bool whole, std::size_t... v>
HWY_INLINE void load_column(V* sum, const OutputRows& rows, std::ptrdiff_t column,
                            std::index_sequence<v...>) {
  const D d;
  if (column < 0 || column >= rows.columns) {
    ((sum[v] = hn::Zero(d)), ...);
  } else {
    const std::ptrdiff_t at = column * rows.pixel;
    ((sum[v] = whole ? hn::LoadU(d, rows.y[v / Vectors] + at + v % Vectors * hn::Lanes(d))
                     : load_first(d, rows.y[v / Vectors] + at, rows.channels)),
     ...);
  }
}

template <std::size_t Vectors, bool whole, std::size_t... v>
HWY_INLINE void store_column(const V* sum, const OutputRows& rows, std::ptrdiff_t column,
                             std::index_sequence<v...>) {
  const D d;
  if (column < 0 || column >= rows.columns) return;
  const std::ptrdiff_t at = column * rows.pixel;
  if constexpr (whole) {
    (hn::StoreU(sum[v], d, rows.y[v / Vectors] + at + v % Vectors * hn::Lanes(d)), ...);
  } else {
    (store_first(sum[v], d, rows.y[v / Vectors] + at, rows.channels), ...);
  }
}

// The values of a pixel, [values, end), onto its outputs from `first` on.
template <std::size_t first, std::size_t... i>
HWY_INLINE void add_products(V* sum, const float* values, const float* end, const std::uint32_t* offsets,
                             const float* weights, std::size_t stride, std::index_sequence<i...>) {
  const D d;
  for (; values != end; ++values, ++offsets) {
    const V value = hn::Set(d, *values);
    const float* w = weights + *offsets * stride;
    ((sum[first + i] = hn::MulAdd(value, hn::Load(d, w + (first + i) * hn::Lanes(d)), sum[first + i])), ...);
  }
}

// The same at the edges of a row: onto the taps from `first` on, or onto the first `count`; at least one, and
// not all.
template <std::size_t Taps, std::size_t column_vectors, std::size_t... tap>
HWY_INLINE void add_to_last_taps(V* sum, std::ptrdiff_t first, const float* values, const float* end,
                                 const std::uint32_t* offsets, const float* weights, std::size_t stride,
                                 std::index_sequence<tap...>) {
  ((first == static_cast<std::ptrdiff_t>(tap) + 1
        ? add_products<(tap + 1) * column_vectors>(
              sum, values, end, offsets, weights, stride,
              std::make_index_sequence<(Taps - 1 - tap) * column_vectors>())
        : void()),
   ...);
}
template <std::size_t column_vectors, std::size_t... tap>
HWY_INLINE void add_to_first_taps(V* sum, std::ptrdiff_t count, const float* values, const float* end,
                                  const std::uint32_t* offsets, const float* weights, std::size_t stride,
                                  std::index_sequence<tap...>) {
  ((count == static_cast<std::ptrdiff_t>(tap) + 1
        ? add_products<0>(sum, values, end, offsets, weights, stride,
                          std::make_index_sequence<(tap + 1) * column_vectors>())
        : void()),
   ...);
}

template <std::size_t by, std::size_t... i>
HWY_INLINE void move_down(V* sum, std::index_sequence<i...>) {
  ((sum[i] = sum[i + by]), ...);
}

// A row of the input onto those of the output. tap: of those that reach past a pixel.
template <std::size_t Rows, std::size_t Taps, std::size_t Vectors, bool whole, std::size_t... tap>
HWY_INLINE void scatter(const Piece& piece, const float* w, const float* values, const std::uint32_t* offsets,
                        const std::uint16_t* counts, const OutputRows& rows, std::index_sequence<tap...>) {
  constexpr std::size_t column_vectors = Rows * Vectors;
  constexpr std::size_t all = Taps * column_vectors;
  constexpr auto vectors = std::make_index_sequence<column_vectors>();
  constexpr auto reach = static_cast<std::ptrdiff_t>(Taps) - 1;
  const auto inputs = static_cast<std::ptrdiff_t>(piece.inputs);
  const D d;
  const std::size_t stride = all * hn::Lanes(d);
  V sum[all];
  std::ptrdiff_t column = -piece.pad;
  (load_column<Vectors, whole>(sum + tap * column_vectors, rows, column + static_cast<std::ptrdiff_t>(tap),
                               vectors),
   ...);
  for (std::ptrdiff_t k = 0; k < inputs; ++k, ++column) {
    load_column<Vectors, whole>(sum + reach * column_vectors, rows, column + reach, vectors);
    const float* const end = values + counts[k];
    const std::ptrdiff_t past = column + reach - rows.columns;  // the last tap, beyond the last column
    if (Taps == 1 || (column >= 0 && past < 0) || rows.columns <= reach) {
      add_products<0>(sum, values, end, offsets, w, stride, std::make_index_sequence<all>());
    } else if constexpr (Taps > 1) {
      constexpr auto taps = std::index_sequence<tap...>();
      if (column < 0) {
        add_to_last_taps<Taps, column_vectors>(sum, -column, values, end, offsets, w, stride, taps);
      } else {
        add_to_first_taps<column_vectors>(sum, reach - past, values, end, offsets, w, stride, taps);
      }
    }
    values = end;
    offsets += counts[k];
    store_column<Vectors, whole>(sum, rows, column, vectors);
    move_down<column_vectors>(sum, std::make_index_sequence<all - column_vectors>());
  }
  (store_column<Vectors, whole>(sum + tap * column_vectors, rows, column + static_cast<std::ptrdiff_t>(tap),
                                vectors),
   ...);
}

template <std::size_t Rows, std::size_t Taps, std::size_t Vectors, bool whole>
void scatter_row(const Piece& piece, const float* w, const float* values, const std::uint32_t* offsets,
                 const std::uint16_t* counts, const OutputRows& rows) {
  scatter<Rows, Taps, Vectors, whole>(piece, w, values, offsets, counts, rows,
                                      std::make_index_sequence<Taps - 1>());
}

using ScatterRow = void (*)(const Piece&, const float*, const float*, const std::uint32_t*,
                            const std::uint16_t*, const OutputRows&);

template <std::size_t Vectors, bool whole>
ScatterRow scatter_row_of(std::size_t rows, std::size_t taps) {
  if constexpr (Vectors == 1) {
    if (rows == 3) return &scatter_row<3, 3, Vectors, whole>;
    if (rows == 5) return &scatter_row<5, 5, Vectors, whole>;
  }
  if constexpr (Vectors < 4) {
    if (taps == 4) return &scatter_row<1, 4, Vectors, whole>;
    if (taps == 5) return &scatter_row<1, 5, Vectors, whole>;
  }
  static constexpr ScatterRow table[] = {&scatter_row<1, 1, Vectors, whole>,
                                         &scatter_row<1, 2, Vectors, whole>,
                                         &scatter_row<1, 3, Vectors, whole>};
  return table[taps - 1];
}

ScatterRow scatter_row_of(const ScatterLayout& l, const Block& block, const Piece& piece) {
  if (block.vectors == 4) return scatter_row_of<4, true>(l.rows_together, piece.taps);
  if (block.vectors == 2) return scatter_row_of<2, true>(l.rows_together, piece.taps);
  if (block.channels == l.lanes) return scatter_row_of<1, true>(l.rows_together, piece.taps);
  return scatter_row_of<1, false>(l.rows_together, piece.taps);
}

// What the products are added to: `count` outputs of a pixel, from `first` on.
HWY_INLINE void start(const ScatterPass& pass, std::size_t first, std::size_t count, float* y) {
  const D d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const V bias = load_first(d, pass.bias + first + i, count - i);
    store_first(pass.adds ? hn::Add(bias, load_first(d, y + i, count - i)) : bias, d, y + i, count - i);
  }
}

// y: of the image.
void scatter_share(const ScatterPass& pass, std::size_t image, const Share& share, const Lists& lists,
                   float* y) {
  const ScatterLayout& l = pass.layout;
  const std::size_t from = l.blocks[share.first].first;
  const std::size_t to = l.blocks[share.last - 1].first + l.blocks[share.last - 1].channels;
  for (std::size_t pixel = share.top * l.output_width; pixel < share.bottom * l.output_width; ++pixel)
    start(pass, from, to - from, y + pixel * l.outputs + from);
  const std::size_t bottom = l.inputs_end(share.bottom);
  for (std::size_t top = l.inputs_begin(share.top); top < bottom; top += l.band) {
    const std::size_t rows = std::min(l.band, bottom - top);
    if (pass.pooled != nullptr) {
      make_lists(l, PooledImage(pass, image), top, rows, lists);
    } else {
      make_lists(l, DenseImage(pass, image), top, rows, lists);
    }
    for (std::size_t b = share.first; b < share.last; ++b) {
      const Block& block = l.blocks[b];
      const float* w = pass.weights + l.weights_before(b);
      for (std::size_t c = 0; c < l.channel_blocks; ++c) {
        for (const Piece& piece : l.pieces) {
          const ScatterRow scatter_to = scatter_row_of(l, block, piece);
          const std::size_t columns = l.columns_before(piece.phase);
          OutputRows outputs{.y = {},
                             .columns = static_cast<std::ptrdiff_t>(piece.outputs),
                             .pixel = static_cast<std::ptrdiff_t>(piece.step * l.outputs),
                             .channels = block.channels};
          for (std::size_t tap = 0; tap < l.kernel_height;
               tap += l.rows_together, w += l.slice(block, piece)) {
            for (std::size_t row = 0; row < rows; ++row) {
              bool any = false;
              for (std::size_t i = 0; i < l.rows_together; ++i) {
                const std::ptrdiff_t output = l.output_row(top + row, tap + i);
                const bool wanted = share.has_row(output);
                any = any || wanted;
                float* line =
                    wanted ? y + static_cast<std::size_t>(output) * l.output_width * l.outputs : lists.no_row;
                outputs.y[i] = line + piece.first_output * l.outputs + block.first;
              }
              if (!any) continue;
              const std::size_t line = c * rows + row;
              const std::size_t start = c * lists.room + lists.starts[line * l.phases + piece.phase];
              scatter_to(piece, w, lists.values + start, lists.offsets + start,
                         lists.counts + line * l.width + columns, outputs);
            }
          }
        }
      }
    }
  }
}

}  // namespace sparse

bool pack_block(const halfwave::kernel::sparse::ScatterLayout& layout,
                const halfwave::kernel::sparse::WeightOrder& order, const float* w,
                const halfwave::kernel::sparse::Block& block, float* to) {
  return sparse::pack_block(layout, order, w, block, to);
}

void scatter_share(const halfwave::kernel::sparse::ScatterPass& pass, std::size_t image,
                   const halfwave::kernel::sparse::Share& share, const halfwave::kernel::sparse::Lists& lists,
                   float* y) {
  sparse::scatter_share(pass, image, share, lists, y);
}

}  // namespace HWY_NAMESPACE
}  // namespace halfwave::kernel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfwave::kernel {
namespace {

using namespace sparse;

HWY_EXPORT(pack_block);
HWY_EXPORT(scatter_share);

class Scatter {
 public:
  Scatter(const ConvolutionSize& size, bool forward, bool keeps, bool adds)
      : layout_(size, forward, vector_lanes()), bias_(layout_.outputs), adds_(adds), keeps_(keeps) {}

  void load(const float* w, const float* b) {
    w_ = w;
    std::fill(bias_.begin(), bias_.end(), 0.0F);
    if (b != nullptr) std::copy_n(b, layout_.outputs, bias_.begin());
    kept_ = false;
  }

  void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue, Workspace& workspace) {
    run(n, x, nullptr, y, epilogue, workspace);
  }

  // False: zeros may not be skipped.
  bool run_pooled(std::int64_t n, const PooledGradient& x, float* y, Workspace& workspace) {
    const PoolSize& s = x.size;
    place(rows_, s.input_height, s.kernel_height, s.stride_height, s.pad_height, s.output_height);
    place(columns_, s.input_width, s.kernel_width, s.stride_width, s.pad_width, s.output_width);
    const Pooled pooled{x, rows_.data(), columns_.data()};
    return run(n, nullptr, &pooled, y, {}, workspace);
  }

 private:
  bool run(std::int64_t n, const float* x, const Pooled* pooled, float* y, const Epilogue& epilogue,
           Workspace& workspace) {
    const ScatterLayout& l = layout_;
    const auto images = static_cast<std::size_t>(n);
    const auto threads = static_cast<std::size_t>(thread_count());
    const std::size_t room = l.band * l.width * l.channels_together + 16;  // a vector may follow
    const std::size_t values = l.channel_blocks * room;
    const std::size_t counts =
        whole_lines(parts_of(l.channel_blocks * l.band * l.width, 2));  // in floats, as all here
    const std::size_t starts = whole_lines(l.channel_blocks * l.band * l.phases);
    const std::size_t no_row = l.rows_together > 1 ? whole_lines(l.output_width * l.outputs) : 0;
    const std::size_t each = whole_lines(2 * values) + counts + starts + no_row;
    const ThreadMemory scratch = workspace.floats_by_thread(each, threads);
    float* weights = (keeps_ ? weights_ : workspace).floats(l.weights());
    if (!kept_) finite_ = pack(weights);
    kept_ = keeps_;
    if (pooled != nullptr && !finite_) return false;
    const ScatterPass pass{l, weights, bias_.data(), finite_, adds_, x, pooled};
    // Few images: the threads share out the outputs of each, and where those are few its rows.
    const std::size_t helpers = images >= threads ? 1 : threads / images;
    const std::size_t block_parts = std::min(helpers, l.blocks.size());
    const std::size_t row_parts = std::min(helpers / block_parts, l.output_height);
    const std::size_t parts = block_parts * row_parts;
    const auto share = [&](std::size_t part) {
      const std::size_t b = part % block_parts;
      const std::size_t r = part / block_parts;
      return Share{.first = l.blocks.size() * b / block_parts,
                   .last = l.blocks.size() * (b + 1) / block_parts,
                   .top = l.output_height * r / row_parts,
                   .bottom = l.output_height * (r + 1) / row_parts};
    };
    const std::size_t output = l.output_height * l.output_width * l.outputs;
    parallel_for_all(images * parts, 1, [&](std::size_t begin, std::size_t end, int thread) {
      float* own = scratch.floats(thread);
      const Lists lists{own,
                        reinterpret_cast<std::uint32_t*>(own + values),
                        reinterpret_cast<std::uint16_t*>(own + 2 * values),
                        reinterpret_cast<std::uint32_t*>(own + 2 * values + counts),
                        room,
                        own + each - no_row};
      std::fill_n(lists.no_row, no_row, 0.0F);
      for (std::size_t i = begin; i < end; ++i) {
        const std::size_t image = i / parts;
        const Share part = share(i % parts);
        HWY_DYNAMIC_DISPATCH(scatter_share)(pass, image, part, lists, y + image * output);
        if (block_parts > 1) continue;
        const std::size_t row = l.output_width * l.outputs;
        epilogue(y + image * output + part.top * row, (part.bottom - part.top) * row);
      }
    });
    if (block_parts == 1 || epilogue.apply == nullptr) return true;
    over_blocks(images * output, [&](std::size_t begin, std::size_t size) { epilogue(y + begin, size); });
    return true;
  }

  static void place(std::vector<WindowPlace>& places, std::int64_t side, std::int64_t kernel,
                    std::int64_t stride, std::int64_t pad, std::int64_t windows) {
    places.resize(static_cast<std::size_t>(side));
    for (std::int64_t i = 0; i < side; ++i) {
      const std::int64_t window = (i + pad) / stride;
      const std::int64_t tap = (i + pad) % stride;
      const bool inside = window < windows && tap < kernel;
      places[static_cast<std::size_t>(i)] = {.window = inside ? static_cast<std::size_t>(window) : 0,
                                             .tap = inside ? static_cast<std::int32_t>(tap) : -1};
    }
  }

  // Whether zeros may be skipped: all weights are finite.
  bool pack(float* to) const {
    const ScatterLayout& l = layout_;
    const std::size_t taps = l.kernel_height * l.kernel_width;
    // By output, row, column and input of the forward pass.
    const WeightOrder order = l.forward
                                  ? WeightOrder{.output = taps * l.channels, .channel = 1, .tap = l.channels}
                                  : WeightOrder{.output = 1, .channel = taps * l.outputs, .tap = l.outputs};
    std::atomic<bool> finite = true;
    parallel_for(l.blocks.size(), 1, [&](std::size_t begin, std::size_t end, int) {
      for (std::size_t b = begin; b < end; ++b) {
        if (!HWY_DYNAMIC_DISPATCH(pack_block)(l, order, w_, l.blocks[b], to + l.weights_before(b)))
          finite = false;
      }
    });
    return finite;
  }

  ScatterLayout layout_;
  std::vector<float> bias_;  // zeros without one
  bool adds_;                // to y
  bool keeps_;               // the packed weights, from run to run; else each makes them, in shared memory
  Workspace weights_;        // packed
  bool kept_ = false;
  bool finite_ = false;                      // all weights
  std::vector<WindowPlace> rows_, columns_;  // of the input, in a max-pool's windows
  const float* w_ = nullptr;
};

class SparseForward final : public ConvolutionForward {
 public:
  SparseForward(const ConvolutionSize& size, bool keeps, bool adds) : scatter_(size, true, keeps, adds) {}

  const char* name() const override { return "sparse"; }
  void load(const float* w, const float* b) override { scatter_.load(w, b); }
  void run(std::int64_t n, const float* x, float* y, const Epilogue& epilogue,
           Workspace& workspace) override {
    scatter_.run(n, x, y, epilogue, workspace);
  }

 private:
  Scatter scatter_;
};

class SparseBackwardData final : public ConvolutionBackwardData {
 public:
  explicit SparseBackwardData(const ConvolutionSize& size) : scatter_(size, false, false, false) {}

  const char* name() const override { return "sparse"; }
  void load(const float* w) override { scatter_.load(w, nullptr); }
  void run(std::int64_t n, const float* dy, float* dx, Workspace& workspace) override {
    scatter_.run(n, dy, dx, {}, workspace);
  }
  bool run_pooled(std::int64_t n, const PooledGradient& dy, float* dx, Workspace& workspace) override {
    // Of overlapping windows several may hold values of one pixel, which is listed once.
    return !windows_overlap(dy.size) && scatter_.run_pooled(n, dy, dx, workspace);
  }

 private:
  Scatter scatter_;
};

}  // namespace

std::unique_ptr<ConvolutionForward> make_sparse_forward(const ConvolutionSize& size,
                                                        const ConvolutionUse& use) {
  return std::make_unique<SparseForward>(size, !use.training, use.adds);
}

std::unique_ptr<ConvolutionBackwardData> make_sparse_backward_data(const ConvolutionSize& size) {
  return std::make_unique<SparseBackwardData>(size);
}

}  // namespace halfwave::kernel
#endif  // HWY_ONCE
