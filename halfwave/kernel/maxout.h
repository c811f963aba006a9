// Maxout: the largest of every `pieces` (2 to 255) consecutive values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halfwave::kernel {

// y = the largest of pieces values of x, for `outputs` of them. A NaN wins, then the first of equal ones;
// winners (may be null) gets the place of each.
void maxout_forward(std::size_t outputs, std::size_t pieces, const float* x, float* y, std::uint8_t* winners);

// dx = dy for the winner of each, else 0.
void maxout_backward(std::size_t outputs, std::size_t pieces, const float* dy, const std::uint8_t* winners,
                     float* dx);

}  // namespace halfwave::kernel
