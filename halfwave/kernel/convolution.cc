// The choice of implementations: by sizes alone, so that the same net always gets the same kernels.
#include "halfwave/kernel/convolution.h"

#include <array>
#include <optional>

#include "halfwave/kernel/convolution_cost.h"
#include "halfwave/kernel/winograd_matrix.h"

namespace halfwave::kernel {
namespace {

// Below a vector of input channels oneDNN leaves most of each vector empty.
constexpr std::int64_t few_channels = 16;

constexpr std::array tiles{WinogradTile::f4x4_3x3, WinogradTile::f6x6_3x3, WinogradTile::f2x2_5x5,
                           WinogradTile::f4x4_5x5};

// None: no tile is cheaper than the definition.
std::optional<WinogradTile> cheapest_tile(const ConvolutionSize& size, const ConvolutionUse& use) {
  std::optional<WinogradTile> best;
  if (use.kernels == KernelChoice::dense) return best;
  double least = direct_cost(size);
  for (const WinogradTile tile : tiles) {
    if (!winograd_possible(size, tile)) continue;
    const double cost = winograd_cost(size, tile, use, winograd_lanes());
    if (cost >= least) continue;
    least = cost;
    best = tile;
  }
  return best;
}

bool narrow_pays(const ConvolutionSize& s) { return narrow_possible(s) && s.input_channels < few_channels; }

}  // namespace

bool winograd_possible(const ConvolutionSize& s, WinogradTile tile) {
  const int kernel = for_tile(tile, [](auto w) { return w.taps; });
  return s.kernel_height == kernel && s.kernel_width == kernel && s.stride_height == 1 &&
         s.stride_width == 1 && s.dilation_height == 1 && s.dilation_width == 1 && s.groups == 1 &&
         s.pad_height < kernel && s.pad_width < kernel;
}

bool convolution_add_possible(const ConvolutionSize& s) {
  const auto sees = [](std::int64_t input, std::int64_t kernel, std::int64_t pad, std::int64_t dilation) {
    return pad <= (kernel - 1) * dilation && dilation <= input;
  };
  return sees(s.input_height, s.kernel_height, s.pad_height, s.dilation_height) &&
         sees(s.input_width, s.kernel_width, s.pad_width, s.dilation_width);
}

std::unique_ptr<ConvolutionForward> make_convolution_forward(const ConvolutionSize& size,
                                                             const ConvolutionUse& use) {
  if (const auto tile = cheapest_tile(size, use)) return make_winograd_forward(size, *tile, use);
  const bool narrow = narrow_pays(size) && (size.input_channels <= 2 || size.output_channels <= 16);
  return narrow ? make_narrow_forward(size) : make_onednn_forward(size);
}

std::unique_ptr<ConvolutionBackwardData> make_convolution_backward_data(const ConvolutionSize& size,
                                                                        const ConvolutionUse& use) {
  if (const auto tile = cheapest_tile(size, use)) return make_winograd_backward_data(size, *tile);
  return narrow_pays(size) ? make_narrow_backward_data(size) : make_onednn_backward_data(size);
}

std::unique_ptr<ConvolutionBackwardWeights> make_convolution_backward_weights(const ConvolutionSize& size,
                                                                              const ConvolutionUse& use) {
  if (const auto tile = cheapest_tile(size, use)) return make_winograd_backward_weights(size, *tile);
  const bool narrow = narrow_pays(size) && size.input_channels > 1 && size.output_channels > 16;
  return narrow ? make_narrow_backward_weights(size) : make_onednn_backward_weights(size);
}

}  // namespace halfwave::kernel
