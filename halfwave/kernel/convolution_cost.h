// What a pass of a convolution costs by one way or another, from sizes alone, so that the same net always
// gets the same kernels. The unit is a multiply-add at the machine's limit; costs are those of one image.
#pragma once

#include "halfwave/kernel/convolution.h"

namespace halfwave::kernel {

// By definition, every product made: the same for all three passes.
double direct_cost(const ConvolutionSize& size);

// lanes: floats of a vector. The sizes are those of the forward pass; the others cost as much.
double winograd_cost(const ConvolutionSize& size, WinogradTile tile, const ConvolutionUse& use,
                     std::size_t lanes);

}  // namespace halfwave::kernel
