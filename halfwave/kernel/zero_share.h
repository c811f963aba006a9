// How much of some data is 0.
#pragma once

#include <cstddef>

namespace halfwave::kernel {

// The share of zeros (of either sign) among `count` values, 0 to 1; where they are many, from a sample of
// 4096, spread over them, always the same ones. None: 0.
double zero_share(const float* x, std::size_t count);

}  // namespace halfwave::kernel
