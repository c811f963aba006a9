#include "halfwave/kernel/sparse_walk_layout.h"

#include <algorithm>
#include <utility>

#include "halfwave/kernel/sum_registers.h"

namespace halfwave::kernel::sparse {
namespace {

Picture picture(std::int64_t height, std::int64_t width, std::int64_t channels) {
  return {static_cast<std::size_t>(height), static_cast<std::size_t>(width),
          static_cast<std::size_t>(channels)};
}

}  // namespace

WalkLayout::WalkLayout(const ConvolutionSize& s, bool sparse_x, std::size_t vector, std::size_t threads)
    : sparse(picture(s.output_height, s.output_width, s.output_channels)),
      dense(picture(s.input_height, s.input_width, s.input_channels)),
      kernel_height(static_cast<std::size_t>(s.kernel_height)),
      kernel_width(static_cast<std::size_t>(s.kernel_width)),
      stride_height(static_cast<std::size_t>(s.stride_height)),
      stride_width(static_cast<std::size_t>(s.stride_width)),
      pad_height(s.pad_height),
      pad_width(s.pad_width),
      lanes(vector) {
  if (sparse_x) {
    std::swap(sparse, dense);
    pad_height = s.kernel_height - 1 - pad_height;
    pad_width = s.kernel_width - 1 - pad_width;
  }
  constexpr std::size_t together = 16;
  block = std::min(dense.channels, together);
  blocks = parts_of(dense.channels, block);
  pixel = block;
  run_rows = 1;
  // A run shorter than a vector, which mostly lies across two cache lines, is given one of its own where many
  // channels walk over it; and as many rows of the filter as fit.
  constexpr std::size_t many = 16;
  if (block < lanes && kernel_width * block <= lanes && sparse.channels >= many) {
    pixel = lanes;
    run_rows = std::min(lanes / (kernel_width * block), kernel_height);
  }
  run_vectors = parts_of(run_rows * kernel_width * block, lanes);
  runs = parts_of(kernel_height, run_rows);
  const std::size_t registers = sum_registers(lanes);
  vectors = parts_of(run_vectors, parts_of(run_vectors, registers));
  runs_together = std::clamp<std::size_t>(registers / vectors, 1, std::min<std::size_t>(runs, 5));
  runs_together = parts_of(runs, parts_of(runs, runs_together));
  tile_width = sparse.width;
  // About 256 pixels, whose dense ones (with `block` channels) stay in the first-level cache.
  constexpr std::size_t pixels = 256;
  tile_height = std::clamp<std::size_t>(pixels / tile_width, 1, sparse.height);
  tile_images =
      tile_height == sparse.height ? std::max<std::size_t>(pixels / (tile_height * tile_width), 1) : 1;
  listed_pixels = tile_pixels();
  constexpr std::size_t large = std::size_t{1} << 18;  // floats: more than each thread should have for itself
  const std::size_t wanted =
      kernel_height * kernel_width * sparse.channels * dense.channels > large ? threads : 1;
  channels = parts_of(sparse.channels, wanted);
  channel_parts = parts_of(sparse.channels, channels);
  image_parts = std::max<std::size_t>(threads / channel_parts, 1);
}

void WalkLayout::make_room_for(const PoolSize& s) {
  const auto reach = tile_height + static_cast<std::size_t>(s.kernel_height) - 2;
  const std::size_t rows = reach / static_cast<std::size_t>(s.stride_height) + 1;
  const std::size_t windows = tile_images * rows * static_cast<std::size_t>(s.output_width);
  listed_pixels = std::max(listed_pixels, windows);
}

std::vector<std::uint32_t> WalkLayout::places() const {
  std::vector<std::uint32_t> all;
  all.reserve(tile_pixels() + lanes);
  for (std::size_t image = 0; image < tile_images; ++image) {
    for (std::size_t row = 0; row < tile_height; ++row) {
      const std::size_t begin = (image * tile_rows() + row * stride_height) * tile_row();
      for (std::size_t column = 0; column < tile_width; ++column)
        all.push_back(static_cast<std::uint32_t>(begin + column * stride_width));
    }
  }
  all.resize(tile_pixels() + lanes);
  return all;
}

}  // namespace halfwave::kernel::sparse
