// What the kernels of Winograd's forward pass share: what they are given, and where the outputs of strips go.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/winograd_layout.h"

namespace halfwave::kernel::winograd {

struct ForwardPass {
  const Shape& shape;
  const ForwardLayout& layout;
  const float* x;
  const float* weights;  // transformed
  const float* bias;     // room for whole panels
  const float* zeros;    // a row of the input
  float* y;
  bool adds;  // to y
  const Epilogue& epilogue;
  const PooledOutput* pooled;    // instead of y, or null
  std::size_t panel, panel_end;  // to be made; if not all, the epilogue is left out

  bool all_panels() const { return panel_end - panel == layout.panels; }
};

// Strips [first, last) of all images.
using RunStrips = void (*)(const ForwardPass&, std::size_t first, std::size_t last, float* scratch);

// Whether strips of so many rows hold whole windows.
inline bool windows_end_with_strips(const PoolSize& s, std::size_t side) {
  return s.pad_height == 0 && s.kernel_height <= s.stride_height &&
         static_cast<std::int64_t>(side) % s.stride_height == 0;
}

// Whether a max-pool takes windows of 2 x 2 that lie whole within tiles, so that it can be made with them.
inline bool pools_tiles(const ForwardPass& pass) {
  if (pass.pooled == nullptr) return false;
  const PoolSize& s = pass.pooled->size;
  return s.kernel_height == 2 && s.kernel_width == 2 && s.stride_height == 2 && s.stride_width == 2 &&
         s.pad_height == 0 && s.pad_width == 0 && 2 * s.output_height <= s.input_height &&
         2 * s.output_width <= s.input_width;
}

// Of those: the number of a strip's first window in all images.
inline std::size_t first_window(const ForwardPass& pass, std::size_t strip) {
  const PoolSize& s = pass.pooled->size;
  const Tiles& tiles = pass.layout.tiles;
  return (tiles.image(strip) * static_cast<std::size_t>(s.output_height) + tiles.top(strip) / 2) *
         static_cast<std::size_t>(s.output_width);
}

// The outputs of strips, in order: in y, or on their way to a max-pool that is not made with the tiles, some
// strips of one image at a time, and before them the rows of earlier ones that windows still want. A thread
// that begins within an image makes the strip before for those.
class StripOutput {
 public:
  // Of a thread that makes the strips from `first` on. memory: floats() of them.
  StripOutput(const ForwardPass& pass, std::size_t first, float* memory)
      : pass_(pass),
        memory_(memory),
        row_(row(pass)),
        kept_(kept_rows(pass)),
        first_(first),
        begin_(kept_ > 0 && first % pass.layout.tiles.rows > 0 ? first - 1 : first) {}

  static std::size_t floats(const ForwardPass& pass) {
    if (!keeps_strips(pass)) return 0;
    return (kept_rows(pass) + pass.layout.strips_made * pass.layout.tiles.side) * row(pass);
  }

  // Whether strips go through memory of the thread's own, with all their outputs.
  static bool keeps_strips(const ForwardPass& pass) { return pass.pooled != nullptr && !pools_tiles(pass); }
  static bool keeps_rows(const ForwardPass& pass) { return kept_rows(pass) > 0; }

  // Whether place() is in y.
  bool writes() const { return pass_.pooled == nullptr; }
  // The strip to begin with.
  std::size_t begin() const { return begin_; }
  // The strips from this one on are to be made, at most `strips_made` of the layout.
  void move_to(std::size_t strip) {
    if (kept_ > 0 && strip != begin_)
      std::copy_n(memory_ + (strip - begin_) * strip_floats(), kept_ * row_, memory_);
    begin_ = strip;
  }
  // Where a strip's rows go.
  float* place(std::size_t strip) const {
    if (pass_.pooled != nullptr) return memory_ + kept_ * row_ + (strip - begin_) * strip_floats();
    return pass_.y + first_output(pass_.shape, pass_.layout.tiles, strip);
  }
  // They are there, in all channels.
  void made(std::size_t strip) const {
    if (!keeps_strips(pass_) || strip < first_) return;
    const Tiles& tiles = pass_.layout.tiles;
    const auto top = static_cast<std::int64_t>(tiles.top(strip));
    const PoolSize& size = pass_.pooled->size;
    const std::int64_t first = rows_pooled_before(size, top);
    const std::int64_t last = rows_pooled_before(size, top + static_cast<std::int64_t>(tiles.side));
    if (first == last) return;
    max_pool_rows(*pass_.pooled, tiles.image(strip), first, last, place(strip) - kept_ * row_,
                  top - static_cast<std::int64_t>(kept_));
  }

 private:
  static std::size_t row(const ForwardPass& pass) { return pass.shape.output_width * pass.shape.outputs; }
  static std::size_t kept_rows(const ForwardPass& pass) {
    if (!keeps_strips(pass) || windows_end_with_strips(pass.pooled->size, pass.layout.tiles.side)) return 0;
    return static_cast<std::size_t>(pass.pooled->size.kernel_height) - 1;
  }
  std::size_t strip_floats() const { return pass_.layout.tiles.side * row_; }

  const ForwardPass& pass_;
  float* memory_;
  std::size_t row_;
  std::size_t kept_;  // rows
  std::size_t first_;
  std::size_t begin_;  // of the strips in memory
};

// Of the kernel for few input channels, see winograd_few_channels.cc.
RunStrips few_channels_kernel(WinogradTile tile, std::size_t channels);

}  // namespace halfwave::kernel::winograd
