// How Winograd's convolution cuts up its work and lays out what it keeps. A strip is one row of tiles over
// the width of an image; a block is some strips, whose transformed values stay in the second-level cache. All
// sizes in floats.
#pragma once

#include <algorithm>
#include <cstddef>

#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/parts.h"

namespace halfwave::kernel::winograd {

// A convolution of stride 1. A backward pass has its own: what it reads is the input.
struct Shape {
  std::size_t height, width, channels;
  std::size_t output_height, output_width, outputs;
  std::size_t pad_height, pad_width;

  std::size_t output_size() const { return output_height * output_width * outputs; }  // of an image
};

inline Shape shape_of(const ConvolutionSize& s) {
  const auto count = [](std::int64_t size) { return static_cast<std::size_t>(size); };
  return {.height = count(s.input_height),
          .width = count(s.input_width),
          .channels = count(s.input_channels),
          .output_height = count(s.output_height),
          .output_width = count(s.output_width),
          .outputs = count(s.output_channels),
          .pad_height = count(s.pad_height),
          .pad_width = count(s.pad_width)};
}

// Of the pass that makes dx of dy, with the filters turned around.
inline Shape turned(const Shape& s, std::size_t kernel) {
  return {.height = s.output_height,
          .width = s.output_width,
          .channels = s.outputs,
          .output_height = s.height,
          .output_width = s.width,
          .outputs = s.channels,
          .pad_height = kernel - 1 - s.pad_height,
          .pad_width = kernel - 1 - s.pad_width};
}

// An odd number of cache lines, so that neighbours do not share their places in the caches.
inline std::size_t odd_lines(std::size_t floats) { return (parts_of(floats, 16) | 1) * 16; }

// How many columns of a product are made at once: two vectors where that leaves none empty.
inline std::size_t panel_of(std::size_t columns, std::size_t lanes) {
  return parts_of(columns, lanes) % 2 == 0 ? 2 * lanes : lanes;
}

struct Tiles {
  Tiles(const Shape& s, std::size_t outputs)
      : side(outputs), rows(parts_of(s.output_height, side)), columns(parts_of(s.output_width, side)) {}

  // Strips of a block of about so many tiles.
  std::size_t strips_of(std::size_t tiles) const { return parts_of(tiles, columns); }
  std::size_t image(std::size_t strip) const { return strip / rows; }
  std::size_t top(std::size_t strip) const { return strip % rows * side; }  // row of the output

  std::size_t side;           // of a tile's outputs
  std::size_t rows, columns;  // of an image
};

// Where the outputs of a strip begin.
inline std::size_t first_output(const Shape& s, const Tiles& tiles, std::size_t strip) {
  return (tiles.image(strip) * s.output_height + tiles.top(strip)) * s.output_width * s.outputs;
}

// About where its inputs do, for prefetching.
inline std::size_t first_input(const Shape& s, const Tiles& tiles, std::size_t strip) {
  return (tiles.image(strip) * s.height + std::min(tiles.top(strip), s.height)) * s.width * s.channels;
}

// The rows of a picture that the tiles of a strip see.
struct StripRows {
  const float* row[8];   // a row of zeros where it lies outside
  std::size_t width;     // pixels
  std::size_t pixel;     // floats from pixel to pixel
  std::size_t pad;       // columns of zeros to the left
  std::size_t channels;  // to be transformed
};

inline StripRows input_rows(const Shape& s, const Tiles& tiles, std::size_t strip, std::size_t count,
                            const float* x, const float* zeros) {
  StripRows rows{
      .row = {}, .width = s.width, .pixel = s.channels, .pad = s.pad_width, .channels = s.channels};
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = tiles.top(strip) + i;  // in the padded image
    const bool inside = at >= s.pad_height && at - s.pad_height < s.height;
    rows.row[i] =
        inside ? x + (tiles.image(strip) * s.height + at - s.pad_height) * s.width * s.channels : zeros;
  }
  return rows;
}

// Where a transformed value lies, from those of its neighbours.
struct Strides {
  std::size_t point, tile, group;  // a group is a vector of channels
};

// Forward and backward-data. Transformed input and product: group, tile, point, lane. Transformed weights:
// panel, point, channel, output.
struct ForwardLayout {
  // side: of a tile's outputs; inputs: that of what it reads; vector: its lanes.
  ForwardLayout(const Shape& s, std::size_t side, std::size_t inputs, std::size_t vector)
      : tiles(s, side),
        tile(inputs),
        lanes(vector),
        points(tile * tile),
        groups(parts_of(s.channels, lanes)),
        panel(panel_of(s.outputs, lanes)),
        panels(parts_of(s.outputs, panel)),
        panels_together(std::clamp<std::size_t>(128 / panel, 1, panels)),
        strips(tiles.strips_of(std::clamp<std::size_t>(16384 / (points * groups * lanes), 8, 32))),
        strips_made(panels_together == panels ? 1 : strips),
        weight_stride(odd_lines(s.channels * panel)) {
    strides.point = lanes;
    strides.tile = (points | 1) * lanes;
    strides.group = strips * tiles.columns * strides.tile;
    columns = ((tiles.columns - 1) * side + tile) * tile * lanes;
    transformed = groups * strides.group;
    product = panels_together * panel / lanes * strides.group;
  }

  std::size_t scratch() const { return columns + transformed + product; }
  std::size_t weights() const { return panels * points * weight_stride; }

  Tiles tiles;
  std::size_t tile;  // side of its inputs
  std::size_t lanes, points;
  std::size_t groups;           // of input channels
  std::size_t panel, panels;    // output channels
  std::size_t panels_together;  // panels whose products are made before they are transformed
  std::size_t strips;           // of a block: about 64 KB of transformed input
  std::size_t strips_made;      // one after the other, all outputs of them, before the next are begun
  std::size_t weight_stride;    // from point to point
  Strides strides{};
  std::size_t columns, transformed, product;  // room of a thread
};

constexpr std::size_t most_few_channels = 8;
inline bool has_few_channels(const Shape& s, std::size_t lanes) {
  return s.channels <= std::min(most_few_channels, lanes);
}

// Whether the outputs of two tiles fit a vector. Then weights and bias lie there twice, the second time from
// its middle on.
inline bool fit_twice(std::size_t outputs, std::size_t lanes) { return 2 * outputs <= lanes; }

// How many tiles' values a vector holds where the channels of the next one lie a tile's outputs further on;
// at least one, though its channels may need several vectors.
constexpr std::size_t tiles_of_a_vector(std::size_t lanes, std::size_t channels, std::size_t side) {
  return (lanes - std::min(channels, lanes)) / (side * channels) + 1;
}

// Forward with few input channels. A vector of transformed values holds `together` tiles, one of products
// those of one or two. Transformed input: group of tiles, point, lane.
struct FewChannelsLayout {
  FewChannelsLayout(const Shape& s, const ForwardLayout& l)
      : most(tiles_of_a_vector(l.lanes, s.channels, l.tiles.side)),
        pairs(most > 1 && fit_twice(s.outputs, l.lanes)),
        together(pairs ? most / 2 * 2 : most),
        groups(parts_of(l.tiles.columns, together)),
        group((l.points | 1) * l.lanes),
        row(whole_lines(((l.tiles.columns - 1) * l.tiles.side + l.tile) * s.channels + l.lanes)),
        rows(l.tile * row) {}

  std::size_t scratch() const { return rows + groups * group; }

  std::size_t most;
  bool pairs;            // of tiles, whose outputs are made together
  std::size_t together;  // tiles
  std::size_t groups;    // of them in a strip
  std::size_t group;     // floats from one to the next
  std::size_t row;       // of a padded row, and a vector more
  std::size_t rows;      // those of a strip, transformed downwards
};

// Backward-weights: products of transformed dy, turned, with transformed x. Both: point, tile, channel.
// Products: point, panel of input channels, output, input channel. The threads share out the outputs, so that
// each has products of its own; where those are few, the strips too.
struct WeightsLayout {
  WeightsLayout(const Shape& s, std::size_t side, std::size_t tile, std::size_t vector, std::size_t threads)
      : tiles(s, side),
        lanes(vector),
        points(tile * tile),
        panel(panel_of(s.channels, lanes)),
        panels(parts_of(s.channels, panel)) {
    constexpr std::size_t large = std::size_t{1}
                                  << 18;  // 1 MB: more than a thread should have for itself alone
    const std::size_t wanted = points * s.channels * s.outputs > large ? threads : 1;
    outputs = parts_of(parts_of(s.outputs, wanted), lanes) * lanes;
    output_parts = parts_of(s.outputs, outputs);
    strip_parts = std::max<std::size_t>(threads / output_parts, 1);
    const std::size_t channels = panels * panel;
    // About 256 KB of transformed values; more where the products themselves are larger than the cache.
    const std::size_t values = points * (channels + outputs);
    const std::size_t room = points * channels * outputs > (std::size_t{3} << 19)
                                 ? 256
                                 : std::clamp<std::size_t>(65536 / values, 32, 256);
    strips = tiles.strips_of(room);
    const std::size_t most = strips * tiles.columns;
    x = {.point = odd_lines(most * channels), .tile = channels, .group = lanes};
    dy = {.point = odd_lines(most * outputs), .tile = outputs, .group = lanes};
    product_point = odd_lines(channels * outputs);
    columns = ((tiles.columns - 1) * side + tile) * tile * lanes;
  }

  std::size_t scratch() const { return columns + points * (x.point + dy.point + product_point); }

  Tiles tiles;
  std::size_t lanes, points;
  std::size_t panel, panels;  // input channels
  std::size_t outputs = 0;    // of a part, whole vectors
  std::size_t output_parts = 0, strip_parts = 0;
  std::size_t strips = 0;  // of a block
  Strides x{}, dy{};
  std::size_t product_point = 0, columns = 0;
};

}  // namespace halfwave::kernel::winograd
