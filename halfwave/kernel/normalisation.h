// Batch norm (its sums are in channel_sum.h) and local response norm over NHWC float32, forward beside
// backward.
#pragma once

#include <cstddef>
#include <cstdint>

#include "halfwave/kernel/epilogue.h"
#include "halfwave/kernel/workspace.h"

namespace halfwave::kernel {

// y = x * scale + shift by channel, then the epilogue. y may be x.
void scale_shift(std::size_t rows, std::size_t channels, const float* x, const float* scale,
                 const float* shift, float* y, const Epilogue& epilogue);

// dx = a * dy + b * x + c by channel (to what the backward pass of batch norm comes down). dx may be dy.
void combine_gradient(std::size_t rows, std::size_t channels, const float* x, const float* dy, const float* a,
                      const float* b, const float* c, float* dx);

// Local response norm over `window` neighbouring channels: window / 2 below, (window - 1) / 2 above.
// y = x * s^-beta, s = k + alpha / window * sum of x^2 (Krizhevsky et al. 2012, section 3.3, with PyTorch's
// alpha).
struct ResponseNormOptions {
  std::int64_t window;
  float alpha, beta, k;
};
void response_norm_forward(std::size_t rows, std::size_t channels, const ResponseNormOptions& options,
                           const float* x, float* y, Workspace& workspace);
void response_norm_backward(std::size_t rows, std::size_t channels, const ResponseNormOptions& options,
                            const float* x, const float* dy, float* dx, Workspace& workspace);

}  // namespace halfwave::kernel
