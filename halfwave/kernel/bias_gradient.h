// The gradient of a bias, float32.
#pragma once

#include <cstddef>

#include "halfwave/kernel/epilogue.h"
#include "halfwave/kernel/workspace.h"

namespace halfwave::kernel {

// For `rows` rows of `channels` gradients: applies the slope to them in place (a slope that does nothing
// leaves them alone), and adds the sum of each channel to db (null: none), in one pass. No sum of floats is
// longer than 16 terms; those go on in double.
void bias_gradient(std::size_t rows, std::size_t channels, float* dy, const Epilogue& slope, float* db,
                   Workspace& workspace);

}  // namespace halfwave::kernel
