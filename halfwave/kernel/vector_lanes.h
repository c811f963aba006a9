#pragma once

#include <cstddef>

namespace halfwave::kernel {

// Floats of a vector of the instruction set in use.
std::size_t vector_lanes();

}  // namespace halfwave::kernel
