#include "halfwave/kernel/convolution_cost.h"

#include <cmath>

#include "halfwave/kernel/sparse_scatter_layout.h"
#include "halfwave/kernel/sparse_walk_layout.h"
#include "halfwave/kernel/winograd_layout.h"
#include "halfwave/kernel/winograd_matrix.h"

namespace halfwave::kernel {
namespace {

// All constants: multiply-adds in whose time something is done.

// By definition: a vector's lane of output made (a product's sums written; in backward-weights read).
constexpr double direct_value = 10;

// In inference: a packed weight fetched, once a batch, from the caches or, where the net has too many for
// them, from memory. The dense kernels fetch it while they make products.
struct Fetch {
  double near, far;
};
constexpr Fetch direct_weight{.near = 5, .far = 30};
constexpr Fetch tile_weight{.near = 3, .far = 17};
constexpr Fetch scattered_weight{.near = 5, .far = 30};

// Winograd's: a product; a value of a tile transformed, and one of a filter, with its way to and from memory.
constexpr double tile_product = 1.5;
constexpr double tile_value = 11;
constexpr double filter_value = 15;

// The same of the forward pass with few input channels: a product, with its share of the transforms; an
// output written.
constexpr double few_channels_product = 3;
constexpr double few_channels_output = 14;

// Zero-skipping: a lane of a vector listed; a pixel met with the rows of a filter that are made at once and a
// block of outputs; a value of its list, besides its products; a weight packed; an output begun.
constexpr double listed_value = 27;
constexpr double met_pixel = 380;
constexpr double met_value = 20;
constexpr double scattered_product = 1.27;
constexpr double packed_weight = 100;
constexpr double begun_output = 11;

// In backward-weights: a lane listed; a dense value packed; a list walked once, with as many gradients as the
// registers hold, which are fetched and put back.
constexpr double sorted_value = 33;
constexpr double packed_value = 10;
constexpr double walked_list = 3000;
constexpr double walked_product = 1.45;

double whole(std::size_t channels, std::size_t lanes) {
  return static_cast<double>(parts_of(channels, lanes) * lanes);
}

double real(std::size_t count) { return static_cast<double>(count); }

// For one image of a batch. In training weights are packed anew, which the costs of that hold.
double fetched(double weights, const Fetch& weight, const ConvolutionUse& use) {
  if (use.training) return 0;
  const bool near = use.net_weights * sizeof(float) <= cached_weight_bytes;
  return weights * (near ? weight.near : weight.far) / static_cast<double>(use.batch);
}

}  // namespace

double product_count(const ConvolutionSize& size) {
  return static_cast<double>(size.output_height * size.output_width) *
         static_cast<double>(size.weight_count());
}

double direct_cost(const ConvolutionSize& s, ConvolutionPass pass, const ConvolutionUse& use,
                   std::size_t lanes) {
  const bool data = pass == ConvolutionPass::backward_data;
  const auto made = static_cast<std::size_t>(data ? s.input_channels : s.output_channels);
  const double outputs = whole(made, lanes) / static_cast<double>(made);
  const auto pixels =
      static_cast<double>(data ? s.input_height * s.input_width : s.output_height * s.output_width);
  const double products = outputs * (product_count(s) + direct_value * pixels * static_cast<double>(made));
  return std::hypot(products, fetched(static_cast<double>(s.weight_count()), direct_weight, use));
}

double winograd_cost(const ConvolutionSize& size, WinogradTile tile, ConvolutionPass pass,
                     const ConvolutionUse& use, std::size_t lanes) {
  const winograd::Shape forward = winograd::shape_of(size);
  const winograd::Shape shape = pass == ConvolutionPass::backward_data
                                    ? winograd::turned(forward, static_cast<std::size_t>(size.kernel_height))
                                    : forward;
  const winograd::Tiles tiles(shape,
                              for_tile(tile, [](auto w) { return static_cast<std::size_t>(w.outputs); }));
  const int points = for_tile(tile, [](auto w) { return w.points; });
  const double count = real(tiles.rows * tiles.columns) * points;
  // Vectors are whole, though not all of their lanes may count.
  const double channels = whole(shape.channels, lanes);
  const double outputs = whole(shape.outputs, lanes);
  const bool few = pass != ConvolutionPass::backward_weights && winograd::has_few_channels(shape, lanes);
  const double filters = points * (few ? real(shape.channels) : channels) * outputs;
  const double made = few ? count * few_channels_product * real(shape.channels) * outputs +
                                few_channels_output * real(shape.output_height * shape.output_width) * outputs
                          : count * (tile_product * channels * outputs + tile_value * (channels + outputs));
  if (use.training) return made + filter_value * filters / static_cast<double>(use.batch);
  // Transformed but once. Each thread fetches all of them, if it is not the outputs that are shared out.
  const winograd::ForwardLayout layout(
      shape, tiles.side, for_tile(tile, [](auto w) { return static_cast<std::size_t>(w.tile); }), lanes);
  const std::size_t strips = static_cast<std::size_t>(use.batch) * tiles.rows;
  const bool shared = winograd_shares_outputs(shape, layout, strips, use.threads);
  return std::hypot(made,
                    fetched(filters, tile_weight, use) * real(shared ? 1 : std::min(strips, use.threads)));
}

bool winograd_shares_outputs(const winograd::Shape& shape, const winograd::ForwardLayout& layout,
                             std::size_t strips, std::size_t threads) {
  // Of a point, for the thread that has most to do.
  const auto cost = [&](std::size_t strips_made, std::size_t panels) {
    const double tiles = real(strips_made * layout.tiles.columns);
    const double channels = real(shape.channels);
    const double outputs = real(panels * layout.panel);
    return tiles * (tile_product * channels * outputs + tile_value * (channels + outputs)) +
           tile_weight.near * channels * outputs;
  };
  return cost(strips, parts_of(layout.panels, threads)) < cost(parts_of(strips, threads), layout.panels);
}

SparseCost scatter_cost(const ConvolutionSize& size, bool forward, const ConvolutionUse& use,
                        std::size_t lanes) {
  const sparse::ScatterLayout l(size, forward, lanes);
  std::size_t rows = 0;  // of the input, met with those of the filter
  for (std::size_t row = 0; row < l.height; ++row) {
    for (std::size_t tap = 0; tap < l.kernel_height; ++tap) rows += l.output_row(row, tap) >= 0 ? 1 : 0;
  }
  const double outputs = real(l.output_height * l.output_width * l.outputs);
  SparseCost cost{
      .fixed = listed_value * real(l.height * l.width) * whole(l.channels, lanes) + begun_output * outputs,
      .products = 0};
  cost.fixed += fetched(real(l.weights()), scattered_weight, use);
  if (use.training) cost.fixed += packed_weight * real(l.weights()) / static_cast<double>(use.batch);
  for (const sparse::Block& block : l.blocks) {
    for (const sparse::Piece& piece : l.pieces) {
      const double pixels = real(rows * piece.inputs) / real(l.rows_together);
      cost.fixed += met_pixel * pixels * real(l.channel_blocks);
      cost.products +=
          pixels * real(l.channels) *
          (met_value + scattered_product * real(l.rows_together * piece.taps * block.vectors * lanes));
    }
  }
  return cost;
}

SparseCost walk_cost(const ConvolutionSize& size, bool skips_x, std::size_t lanes) {
  const sparse::WalkLayout l(size, skips_x, lanes, 1);
  const double tiles = real(parts_of(l.sparse.height, l.tile_height)) / real(l.tile_images);
  const double lists = tiles * real(l.sparse.channels * l.blocks);
  const double walks = real(parts_of(l.runs, l.runs_together) * parts_of(l.run_vectors, l.vectors));
  const double looked =
      sorted_value * real(l.sparse.height * l.sparse.width) * whole(l.sparse.channels, lanes);
  return {.fixed = looked + tiles * packed_value * real(l.packed_floats() * l.blocks) +
                   walked_list * lists * walks,
          .products = walked_product * real(l.sparse.size() * l.blocks * l.runs * l.run_vectors * lanes),
          .looked = looked};
}

}  // namespace halfwave::kernel
