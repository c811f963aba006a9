// What a pass of a convolution costs by one way or another, from sizes and the share of zeros alone, never by
// a clock, so that the same net on the same data always gets the same kernels. The unit is a multiply-add at
// the machine's limit; costs are those of one image. bench/convolution_cost measures them beside this.
#pragma once

#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/winograd_layout.h"

namespace halfwave::kernel {

enum class ConvolutionPass { forward, backward_data, backward_weights };

// The products of the definition, in each pass.
double product_count(const ConvolutionSize& size);

// lanes, here and below: floats of a vector.
double direct_cost(const ConvolutionSize& size, ConvolutionPass pass, const ConvolutionUse& use,
                   std::size_t lanes);

double winograd_cost(const ConvolutionSize& size, WinogradTile tile, ConvolutionPass pass,
                     const ConvolutionUse& use, std::size_t lanes);

// Of a forward pass by Winograd with so many strips in all: whether the threads had better share out the
// outputs than the strips. Then each transforms all of the input, but fetches only its own outputs' weights.
bool winograd_shares_outputs(const winograd::Shape& shape, const winograd::ForwardLayout& layout,
                             std::size_t strips, std::size_t threads);

// Of a pass that skips zeros.
struct SparseCost {
  double fixed;       // whatever the zeros
  double products;    // if none were zero
  double looked = 0;  // of `fixed`: to look at each value

  // looked_at: the share of the values that is there to be looked at (see PooledGradient).
  double at(double zeros, double looked_at = 1) const {
    return fixed - looked * (1 - looked_at) + products * (1 - zeros);
  }
};

SparseCost scatter_cost(const ConvolutionSize& size, bool forward, const ConvolutionUse& use,
                        std::size_t lanes);
SparseCost walk_cost(const ConvolutionSize& size, bool skips_x, std::size_t lanes);

}  // namespace halfwave::kernel
