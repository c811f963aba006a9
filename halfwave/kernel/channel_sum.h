// Sums over the rows of rows x channels floats, for each channel: of a batch's pixels, or of its images.
// Every term is added in double, so that n terms cost at most n * 2^-53 of the sum of their magnitudes: 1e-8
// for 10^8 of them.
#pragma once

#include <cstddef>

#include "halfwave/kernel/epilogue.h"
#include "halfwave/kernel/workspace.h"

namespace halfwave::kernel {

// The gradient of a bias, in one pass: applies the slope to dy in place (one that does nothing leaves it
// alone), and adds the sums of dy to db, rounded to float once (db null: not wanted).
void bias_gradient(std::size_t rows, std::size_t channels, float* dy, const Epilogue& slope, float* db,
                   Workspace& workspace);

// Mean and (biased) variance: exact within chunks, from the distances from a value of the chunk, and joined
// without cancellation (Chan, Golub and LeVeque 1983).
void channel_statistics(std::size_t rows, std::size_t channels, const float* x, double* mean,
                        double* variance, Workspace& workspace);

// sum_dy = sum of dy, sum_dy_x = sum of dy * (x - mean), after the slope has been applied to dy in place.
void channel_gradient_sums(std::size_t rows, std::size_t channels, const float* x, float* dy,
                           const Epilogue& slope, const float* mean, double* sum_dy, double* sum_dy_x,
                           Workspace& workspace);

}  // namespace halfwave::kernel
