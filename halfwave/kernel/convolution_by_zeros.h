// Convolutions of two kinds in one: each run counts the zeros in what it was given (see zero_share.h) and
// takes the one that is cheaper with so many. What it takes depends on the data of that run alone, so a
// resumed training decides as an unbroken one does.
#pragma once

#include <memory>

#include "halfwave/kernel/convolution.h"
#include "halfwave/kernel/convolution_cost.h"

namespace halfwave::kernel {

std::unique_ptr<ConvolutionForward> make_forward_by_zeros(const ConvolutionSize& size,
                                                          const ConvolutionUse& use,
                                                          std::unique_ptr<ConvolutionForward> dense,
                                                          double dense_cost, const SparseCost& sparse_cost);
std::unique_ptr<ConvolutionBackwardData> make_backward_data_by_zeros(
    const ConvolutionSize& size, std::unique_ptr<ConvolutionBackwardData> dense, double dense_cost,
    const SparseCost& sparse_cost);
// The zeros of x or those of dy; the costs of skipping x are infinite where that is not possible.
std::unique_ptr<ConvolutionBackwardWeights> make_backward_weights_by_zeros(
    const ConvolutionSize& size, std::unique_ptr<ConvolutionBackwardWeights> dense, double dense_cost,
    const SparseCost& x_cost, const SparseCost& dy_cost);

}  // namespace halfwave::kernel
