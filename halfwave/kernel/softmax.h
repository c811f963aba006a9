// Softmax of one vector, by a single thread.
#pragma once

#include <cstddef>

namespace halfwave::kernel {

// log(sum of exp(x)), in double, without overflow. NaN if any x is; infinite if the largest x is.
double log_sum_exp(const float* x, std::size_t count);

// y = exp(x) / sum of exp(x); y may be x.
void softmax(const float* x, float* y, std::size_t count);

}  // namespace halfwave::kernel
