// PReLU (He et al. 2015, equation 1) over `rows` pixels of `channels` values, float32: y = x for x > 0, else
// slope x, with a slope for each channel.
#pragma once

#include <cstddef>

#include "halfwave/kernel/workspace.h"

namespace halfwave::kernel {

// y may be x.
void prelu_forward(std::size_t rows, std::size_t channels, const float* x, const float* slope, float* y);

// In one pass: dx = dy times 1 or the slope (dx null: not wanted; it may be dy), and added to dslope the sums
// of dy x over x <= 0. A NaN in x makes dx one. No sum of floats is longer than 16 terms; those go on in
// double.
void prelu_backward(std::size_t rows, std::size_t channels, const float* x, const float* slope,
                    const float* dy, float* dx, float* dslope, Workspace& workspace);

}  // namespace halfwave::kernel
