// How zero-skipping backward-weights cuts up its work: tiles of pixels, channels of what it skips through
// (the sparse picture), blocks of channels of what it reads densely, and the runs in which a filter's
// gradients are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/parts.h"

namespace halfwave::kernel::sparse {

struct Picture {
  std::size_t height, width, channels;

  std::size_t size() const { return height * width * channels; }
};

// Gradients: by part of the sparse channels, block of dense channels, sparse channel: the runs of the filter.
// A run is the taps of a row, or of some, and their dense channels, in whole vectors.
struct WalkLayout {
  WalkLayout(const ConvolutionSize& s, bool sparse_x, std::size_t vector, std::size_t threads);

  std::size_t gradients() const { return blocks * channels * runs * run_vectors * lanes; }
  // Where that of a tap lies; `channel` is the sparse one's number in its part.
  std::size_t gradient(std::size_t channel, std::size_t dense_channel, std::size_t row,
                       std::size_t column) const {
    const std::size_t run = (dense_channel / block * channels + channel) * runs + row / run_rows;
    const std::size_t tap = row % run_rows * kernel_width + column;
    return run * run_vectors * lanes + tap * block + dense_channel % block;
  }
  std::size_t tile_row() const { return (tile_width - 1) * stride_width + kernel_width; }  // dense pixels
  std::size_t tile_rows() const { return (tile_height - 1) * stride_height + kernel_height; }
  std::size_t tile_pixels() const { return tile_images * tile_height * tile_width; }  // sparse ones
  // Of a channel's list: a vector may be written past it; an odd number of cache lines, or the ends of all
  // lists would meet in a few sets of the cache.
  std::size_t list_room() const { return (parts_of(listed_pixels + lanes, 16) | 1) * 16; }
  // For lists made from a max-pool's gradient: a tile may see more windows than it has pixels.
  void make_room_for(const PoolSize& size);
  // Where the runs of the tile's sparse pixels begin in the dense tile, in pixels, and a vector
  // of 0 behind them. Whatever the threads.
  std::vector<std::uint32_t> places() const;
  // As dense pixels lie, or each with the run that begins there. A vector may be read past the last run.
  std::size_t packed_floats() const { return tile_images * tile_rows() * tile_row() * block + lanes; }
  std::size_t tile_floats() const { return tile_images * tile_rows() * tile_row() * pixel + lanes; }
  bool lined_up() const { return pixel != block; }

  Picture sparse, dense;
  std::size_t kernel_height, kernel_width, stride_height, stride_width;
  std::ptrdiff_t pad_height, pad_width;
  std::size_t lanes;
  std::size_t block, blocks;           // dense channels packed together
  std::size_t pixel;                   // floats from a dense pixel of the tile to the next
  std::size_t run_rows, run_vectors;   // rows of the filter in a run
  std::size_t runs;                    // of a filter
  std::size_t runs_together, vectors;  // in registers; a run longer than `vectors` is made in pieces
  std::size_t tile_images, tile_height, tile_width;  // sparse pixels
  std::size_t listed_pixels;                         // at most, of a tile
  std::size_t channels, channel_parts, image_parts;  // sparse channels of a part; who shares out the work
};

}  // namespace halfwave::kernel::sparse
