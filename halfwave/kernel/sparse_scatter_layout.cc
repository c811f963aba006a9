#include "halfwave/kernel/sparse_scatter_layout.h"

#include <algorithm>

#include "halfwave/kernel/sum_registers.h"

namespace halfwave::kernel::sparse {
namespace {

constexpr std::size_t most_taps = 5;  // that the registers hold with two vectors each

std::size_t count(std::int64_t size) { return static_cast<std::size_t>(size); }

// The members of {first, first + step, ...} below `end`.
std::size_t members(std::ptrdiff_t first, std::ptrdiff_t step, std::ptrdiff_t end) {
  return first >= end ? 0 : static_cast<std::size_t>((end - first + step - 1) / step);
}

// The least number at or above 0 that is congruent to `value`.
std::ptrdiff_t remainder_of(std::ptrdiff_t value, std::ptrdiff_t modulus) {
  return (value % modulus + modulus) % modulus;
}

void add_pieces(std::vector<Piece>& pieces, Piece whole, std::size_t taps) {
  const std::size_t parts = parts_of(taps, most_taps);
  for (std::size_t part = 0; part < parts; ++part) {
    const std::size_t first = taps * part / parts;
    Piece piece = whole;
    piece.taps = taps * (part + 1) / parts - first;
    piece.pad -= static_cast<std::ptrdiff_t>(first);
    piece.first_tap += static_cast<std::ptrdiff_t>(first) * whole.tap_step;
    if (piece.taps > 0 && piece.inputs > 0 && piece.outputs > 0) pieces.push_back(piece);
  }
}

}  // namespace

ScatterLayout::ScatterLayout(const ConvolutionSize& s, bool is_forward, std::size_t vector)
    : forward(is_forward),
      lanes(vector),
      height(count(is_forward ? s.input_height : s.output_height)),
      width(count(is_forward ? s.input_width : s.output_width)),
      channels(count(is_forward ? s.input_channels : s.output_channels)),
      output_height(count(is_forward ? s.output_height : s.input_height)),
      output_width(count(is_forward ? s.output_width : s.input_width)),
      outputs(count(is_forward ? s.output_channels : s.input_channels)),
      kernel_height(count(s.kernel_height)),
      kernel_width(count(s.kernel_width)),
      stride_height(count(s.stride_height)),
      pad_height(count(s.pad_height)),
      phases(is_forward ? count(s.stride_width) : 1) {
  const std::ptrdiff_t stride = s.stride_width;
  const std::ptrdiff_t pad = s.pad_width;
  for (std::ptrdiff_t phase = 0; phase < stride; ++phase) {
    const std::size_t taps = members(phase, stride, s.kernel_width);
    const auto reach = static_cast<std::ptrdiff_t>(taps) - 1;
    const std::ptrdiff_t first = remainder_of(phase - pad, stride);
    if (forward) {
      first_inputs.push_back(static_cast<std::size_t>(first));
      // x's column w and tap j meet at y's column (w + pad - j) / stride: here all with the same remainder.
      add_pieces(pieces,
                 {.taps = 0,
                  .pad = reach - (first + pad - phase) / stride,
                  .phase = static_cast<std::size_t>(phase),
                  .inputs = members(first, stride, s.input_width),
                  .first_output = 0,
                  .step = 1,
                  .outputs = output_width,
                  .first_tap = phase + reach * stride,
                  .tap_step = -stride},
                 taps);
    } else {
      // dy's column q and tap j meet at dx's column q * stride - pad + j.
      add_pieces(pieces,
                 {.taps = 0,
                  .pad = (first + pad - phase) / stride,
                  .phase = 0,
                  .inputs = width,
                  .first_output = static_cast<std::size_t>(first),
                  .step = static_cast<std::size_t>(stride),
                  .outputs = members(first, stride, s.input_width),
                  .first_tap = phase,
                  .tap_step = stride},
                 taps);
    }
  }
  if (!forward) first_inputs.push_back(0);
  constexpr std::size_t slice_floats = 7168;  // 28 KB
  const std::size_t row_taps = std::min(kernel_width, most_taps);
  const auto fits = [&](std::size_t sums) {
    return sums <= sum_registers(lanes) && channels * sums * lanes <= slice_floats;
  };
  // As many outputs together as there are registers for, and room for the weights of all channels; of few
  // outputs all rows of the filter.
  std::size_t vectors = row_taps <= 3 && fits(row_taps * 4) ? 4 : 2;
  const bool square = kernel_height == kernel_width && (kernel_height == 3 || kernel_height == 5);
  rows_together =
      square && stride_height == 1 && stride == 1 && outputs < 2 * lanes && fits(kernel_height * kernel_width)
          ? kernel_height
          : 1;
  for (std::size_t at = 0; at < outputs;) {
    const std::size_t left = outputs - at;
    while (vectors > 1 && left < vectors * lanes) vectors /= 2;
    blocks.push_back({.first = at, .vectors = vectors, .channels = std::min(left, vectors * lanes)});
    at += blocks.back().channels;
  }
  const std::size_t channel_floats = rows_together * row_taps * blocks.front().vectors * lanes;
  channels_together = std::clamp<std::size_t>(slice_floats / channel_floats, 1, channels);
  channel_blocks = parts_of(channels, channels_together);
  channels_together = parts_of(channels, channel_blocks);
  for (const Piece& piece : pieces)
    vector_weights += channel_blocks * channels_together * kernel_height * piece.taps * lanes;
  constexpr std::size_t band_values = 1 << 15;
  band = std::clamp<std::size_t>(band_values / (width * channels), 1, height);
}

std::size_t ScatterLayout::columns_before(std::size_t phase) const {
  std::size_t columns = 0;
  for (std::size_t other = 0; other < phase; ++other)
    columns += members(static_cast<std::ptrdiff_t>(first_inputs[other]), static_cast<std::ptrdiff_t>(phases),
                       static_cast<std::ptrdiff_t>(width));
  return columns;
}

std::ptrdiff_t ScatterLayout::output_row(std::size_t row, std::size_t tap) const {
  const auto stride = static_cast<std::ptrdiff_t>(stride_height);
  const auto at = static_cast<std::ptrdiff_t>(row) * (forward ? 1 : stride);
  std::ptrdiff_t result = 0;
  if (forward) {
    const std::ptrdiff_t position =
        at + static_cast<std::ptrdiff_t>(pad_height) - static_cast<std::ptrdiff_t>(tap);
    if (position < 0 || position % stride != 0) return -1;
    result = position / stride;
  } else {
    result = at - static_cast<std::ptrdiff_t>(pad_height) + static_cast<std::ptrdiff_t>(tap);
  }
  return result < static_cast<std::ptrdiff_t>(output_height) ? result : -1;
}

std::size_t ScatterLayout::inputs_begin(std::size_t row) const {
  // Forward output r sees rows r * stride - pad and below; backward it is seen by row (r + pad - tap) /
  // stride.
  const std::size_t first = forward ? row * stride_height : row + pad_height;
  const std::size_t reach = forward ? pad_height : kernel_height - 1;
  const std::size_t above = first < reach ? 0 : first - reach;
  return std::min(forward ? above : above / stride_height, height);
}

std::size_t ScatterLayout::inputs_end(std::size_t row) const {
  if (row == 0) return 0;
  const std::size_t last = row - 1;
  if (!forward) return std::min((last + pad_height) / stride_height + 1, height);
  const std::size_t end = last * stride_height + kernel_height;
  return end < pad_height ? 0 : std::min(end - pad_height, height);
}

}  // namespace halfwave::kernel::sparse
