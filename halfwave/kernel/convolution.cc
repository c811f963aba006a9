// The choice of implementations: by sizes, and where zeros may be skipped also by how many there are in the
// data of each run.
#include "halfwave/kernel/convolution.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "halfwave/kernel/convolution_by_zeros.h"
#include "halfwave/kernel/convolution_cost.h"
#include "halfwave/kernel/vector_lanes.h"
#include "halfwave/kernel/winograd_matrix.h"

namespace halfwave::kernel {
namespace {

// Below a vector of input channels oneDNN leaves most of each vector empty.
constexpr std::int64_t few_channels = 16;

// Of each kernel those with the smaller error first; the others must save a tenth.
constexpr double worth_its_error = 0.9;
constexpr std::array tiles{WinogradTile::f4x4_3x3, WinogradTile::f6x6_3x3, WinogradTile::f2x2_5x5,
                           WinogradTile::f4x4_5x5};

struct Tile {
  WinogradTile tile;
  double cost;
};

// None: none is possible.
std::optional<Tile> cheapest_tile(const ConvolutionSize& size, ConvolutionPass pass,
                                  const ConvolutionUse& use) {
  std::optional<Tile> best;
  for (const WinogradTile tile : tiles) {
    if (!winograd_possible(size, tile)) continue;
    const double cost = winograd_cost(size, tile, pass, use, vector_lanes());
    if (!best || cost < worth_its_error * best->cost) best = {tile, cost};
  }
  return best;
}

bool may_skip(const ConvolutionSize& size, KernelChoice kernels) {
  return sparse_possible(size) && kernels != KernelChoice::dense && kernels != KernelChoice::winograd;
}

// How a pass is computed whatever the zeros.
struct Dense {
  std::optional<WinogradTile> tile;  // else directly
  double cost;
};

Dense dense_of(const ConvolutionSize& size, const ConvolutionUse& use, ConvolutionPass pass) {
  const double direct = direct_cost(size, pass, use, vector_lanes());
  const bool may = use.kernels == KernelChoice::automatic || use.kernels == KernelChoice::winograd;
  const std::optional<Tile> best = may ? cheapest_tile(size, pass, use) : std::nullopt;
  if (best && (best->cost < direct || use.kernels == KernelChoice::winograd)) return {best->tile, best->cost};
  // Where zeros are to be skipped, nothing is cheaper.
  return {std::nullopt,
          use.kernels == KernelChoice::sparse ? std::numeric_limits<double>::infinity() : direct};
}

bool narrow_pays(const ConvolutionSize& s) { return narrow_possible(s) && s.input_channels < few_channels; }

std::unique_ptr<ConvolutionForward> make_dense_forward(const ConvolutionSize& size, const ConvolutionUse& use,
                                                       const Dense& dense) {
  if (dense.tile) return make_winograd_forward(size, *dense.tile, use);
  const bool narrow = narrow_pays(size) && (size.input_channels <= 2 || size.output_channels <= 16);
  return narrow && !use.adds ? make_narrow_forward(size) : make_onednn_forward(size, use.adds);
}

std::unique_ptr<ConvolutionBackwardData> make_dense_backward_data(const ConvolutionSize& size,
                                                                  const Dense& dense) {
  if (dense.tile) return make_winograd_backward_data(size, *dense.tile);
  return narrow_pays(size) ? make_narrow_backward_data(size) : make_onednn_backward_data(size);
}

std::unique_ptr<ConvolutionBackwardWeights> make_dense_backward_weights(const ConvolutionSize& size,
                                                                        const Dense& dense) {
  if (dense.tile) return make_winograd_backward_weights(size, *dense.tile);
  const bool narrow = !onednn_backward_weights_possible(size) ||
                      (narrow_pays(size) && size.input_channels > 1 && size.output_channels > 16);
  return narrow ? make_narrow_backward_weights(size) : make_onednn_backward_weights(size);
}

}  // namespace

bool winograd_possible(const ConvolutionSize& s, WinogradTile tile) {
  const int kernel = for_tile(tile, [](auto w) { return w.taps; });
  return s.kernel_height == kernel && s.kernel_width == kernel && s.stride_height == 1 &&
         s.stride_width == 1 && s.dilation_height == 1 && s.dilation_width == 1 && s.groups == 1 &&
         s.pad_height < kernel && s.pad_width < kernel;
}

bool sparse_possible(const ConvolutionSize& size) { return narrow_possible(size); }

bool convolution_add_possible(const ConvolutionSize& s) {
  const auto sees = [](std::int64_t input, std::int64_t kernel, std::int64_t pad, std::int64_t dilation) {
    return pad <= (kernel - 1) * dilation && dilation <= input;
  };
  return sees(s.input_height, s.kernel_height, s.pad_height, s.dilation_height) &&
         sees(s.input_width, s.kernel_width, s.pad_width, s.dilation_width);
}

bool ConvolutionForward::run_pooled(std::int64_t, const float*, const PooledOutput&, Workspace&) {
  return false;
}
bool ConvolutionBackwardData::run_pooled(std::int64_t, const PooledGradient&, float*, Workspace&) {
  return false;
}
bool ConvolutionBackwardWeights::run_pooled(std::int64_t, const float*, const PooledGradient&, float*,
                                            Workspace&) {
  return false;
}

std::unique_ptr<ConvolutionForward> make_convolution_forward(const ConvolutionSize& size,
                                                             const ConvolutionUse& use) {
  const Dense dense = dense_of(size, use, ConvolutionPass::forward);
  auto kernel = make_dense_forward(size, use, dense);
  if (!may_skip(size, use.kernels)) return kernel;
  const SparseCost cost = scatter_cost(size, true, use, vector_lanes());
  if (cost.at(1) >= dense.cost) return kernel;
  return make_forward_by_zeros(size, use, std::move(kernel), dense.cost, cost);
}

std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(const ConvolutionSize& size,
                                                                        const ConvolutionUse& use) {
  const Dense dense = dense_of(size, use, ConvolutionPass::backward_data);
  auto kernel = make_dense_backward_data(size, dense);
  if (!may_skip(size, use.kernels)) return kernel;
  const SparseCost cost = scatter_cost(size, false, use, vector_lanes());
  if (cost.at(1) >= dense.cost) return kernel;
  return make_backward_data_by_zeros(size, std::move(kernel), dense.cost, cost);
}

std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(const ConvolutionSize& size,
                                                                              const ConvolutionUse& use) {
  const Dense dense = dense_of(size, use, ConvolutionPass::backward_weights);
  auto kernel = make_dense_backward_weights(size, dense);
  if (!may_skip(size, use.kernels)) return kernel;
  constexpr SparseCost never{.fixed = std::numeric_limits<double>::infinity(), .products = 0};
  const bool x_possible = size.stride_height == 1 && size.stride_width == 1;
  const SparseCost x_cost = x_possible ? walk_cost(size, true, vector_lanes()) : never;
  const SparseCost dy_cost = walk_cost(size, false, vector_lanes());
  // Of a max-pool's gradient little is looked at.
  if (std::min(x_cost.at(1), dy_cost.at(1, 0)) >= dense.cost) return kernel;
  return make_backward_weights_by_zeros(size, std::move(kernel), dense.cost, x_cost, dy_cost);
}

}  // namespace halfwave::kernel
