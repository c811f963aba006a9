#include "halfwave/kernel/convolution_cost.h"

#include "halfwave/kernel/winograd_layout.h"
#include "halfwave/kernel/winograd_matrix.h"

namespace halfwave::kernel {
namespace {

// Multiply-adds in whose time a value is transformed: one of a tile, and one of a filter, with its way to and
// from memory.
constexpr double tile_value = 8;
constexpr double filter_value = 20;

}  // namespace

double direct_cost(const ConvolutionSize& size) {
  return static_cast<double>(size.output_height * size.output_width) *
         static_cast<double>(size.weight_count());
}

double winograd_cost(const ConvolutionSize& size, WinogradTile tile, const ConvolutionUse& use,
                     std::size_t lanes) {
  const winograd::Shape shape = winograd::shape_of(size);
  const winograd::Tiles tiles(shape,
                              for_tile(tile, [](auto w) { return static_cast<std::size_t>(w.outputs); }));
  const int points = for_tile(tile, [](auto w) { return w.points; });
  // Vectors are whole, though not all of their lanes may count.
  const auto whole = [&](std::size_t channels) {
    return static_cast<double>(parts_of(channels, lanes) * lanes);
  };
  const double channels = whole(shape.channels);
  const double outputs = whole(shape.outputs);
  const double products = channels * outputs;
  double cost =
      static_cast<double>(tiles.rows * tiles.columns) * (products + tile_value * (channels + outputs));
  // In inference filters are transformed but once.
  if (use.training) cost += filter_value * products / static_cast<double>(use.batch);
  return points * cost;
}

}  // namespace halfwave::kernel
