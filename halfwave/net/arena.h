// Where buffers with known lifetimes go in one block of memory.
#pragma once

#include <cstddef>
#include <vector>

namespace halfwave {

// A buffer that is needed at times [first, last], both ends included.
struct Lifetime {
  std::size_t bytes = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t offset = 0;  // found by arrange()
};

// Gives each buffer an offset (a multiple of `alignment`), so that no two needed at the same time overlap;
// the largest first, each at the lowest free place. Returns the size of the whole.
std::size_t arrange(std::vector<Lifetime>& buffers);

}  // namespace halfwave
