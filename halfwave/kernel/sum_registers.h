// How many sums a kernel can keep in registers.
#pragma once

#include <cstddef>

namespace halfwave::kernel {

// Vectors of so many floats, beside what they are made from: there are 32 registers where vectors have 16
// floats, and at least 16 elsewhere.
constexpr std::size_t sum_registers(std::size_t lanes) { return lanes >= 16 ? 27 : 13; }

}  // namespace halfwave::kernel
