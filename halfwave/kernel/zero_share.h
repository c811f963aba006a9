// How much of some data is 0.
#pragma once

#include <cstddef>
#include <limits>

namespace halfwave::kernel {

// The share of zeros (of either sign) among `count` values, 0 to 1; where they are many, from a sample of
// 4096, spread over them, always the same ones. None: 0.
// cost: of what is decided by it, in multiply-adds. For each value looked at it is 4096 or more, but for the
// first 512, so that looking at a single picture does not take longer than the choice can save.
double zero_share(const float* x, std::size_t count, double cost = std::numeric_limits<double>::infinity());

}  // namespace halfwave::kernel
