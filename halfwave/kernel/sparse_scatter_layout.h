// How zero-skipping convolution cuts up its work. It scatters: each value of its input that is not 0 is
// multiplied by the weights of all taps and outputs, and added to the output pixels that see it. Strides come
// apart into phases, each of which is a scatter with stride 1 from some columns of the input to some of the
// output. All sizes in floats, values or pixels as named.
#pragma once

#include <cstddef>
#include <vector>

#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/parts.h"

namespace halfwave::kernel::sparse {

constexpr std::size_t most_rows = 5;  // of a filter at once

// Some taps of a filter's row: the k-th column of a phase of the input adds to the columns k - pad, ..., k -
// pad + taps - 1 of a phase of the output, where those are.
struct Piece {
  std::size_t taps;
  std::ptrdiff_t pad;
  std::size_t phase;   // of the input's columns
  std::size_t inputs;  // columns of that phase
  // Columns of the output's phase: the first, from each to the next, how many.
  std::size_t first_output, step, outputs;
  std::ptrdiff_t first_tap, tap_step;  // which taps of the filter's row
};

// Output channels that are made together: whole vectors, or part of one.
struct Block {
  std::size_t first;
  std::size_t vectors;
  std::size_t channels;
};

// One pass, forward or backward-data. What it reads is its input.
struct ScatterLayout {
  ScatterLayout(const ConvolutionSize& size, bool forward, std::size_t vector);

  // The row of the output that row `row` of the input adds to with row `tap` of the filter; -1: none.
  std::ptrdiff_t output_row(std::size_t row, std::size_t tap) const;

  // The rows of the input that may add to rows of the output from `row` on, and to those before it: from
  // inputs_begin() on, up to inputs_end().
  std::size_t inputs_begin(std::size_t row) const;
  std::size_t inputs_end(std::size_t row) const;

  // Columns of the input in the phases before this one.
  std::size_t columns_before(std::size_t phase) const;

  // Weights: by block of outputs, block of channels, piece, rows of the filter: a slice. In it: channel, tap,
  // row, output.
  std::size_t slice(const Block& block, const Piece& piece) const {
    return channels_together * piece.taps * rows_together * block.vectors * lanes;
  }
  std::size_t weights_before(std::size_t block) const { return blocks[block].first / lanes * vector_weights; }
  std::size_t weights() const { return parts_of(outputs, lanes) * vector_weights; }

  bool forward;
  std::size_t lanes;
  std::size_t height, width, channels;
  std::size_t output_height, output_width, outputs;
  std::size_t kernel_height, kernel_width;
  std::size_t stride_height, pad_height;
  std::size_t phases;                     // of the input's columns
  std::vector<std::size_t> first_inputs;  // of each phase, its first column
  std::vector<Piece> pieces;
  std::vector<Block> blocks;
  std::size_t rows_together;      // of the filter: one, or all of 3x3 or 5x5
  std::size_t channels_together;  // whose weights for a block and a piece stay in the first-level cache
  std::size_t channel_blocks;
  std::size_t vector_weights = 0;  // for one vector of outputs
  std::size_t band;                // rows of the input whose lists are made at once
};

}  // namespace halfwave::kernel::sparse
