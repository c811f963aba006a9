// Sizes in whole parts.
#pragma once

#include <cstddef>

namespace halfwave::kernel {

// How many parts of this size hold so many; the last may be smaller.
constexpr std::size_t parts_of(std::size_t count, std::size_t size) { return (count + size - 1) / size; }

// Floats in whole cache lines, so that what follows is aligned.
constexpr std::size_t whole_lines(std::size_t floats) { return parts_of(floats, 16) * 16; }

}  // namespace halfwave::kernel
