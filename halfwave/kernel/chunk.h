// Rows of channels in chunks that stay in the first-level cache.
#pragma once

#include <algorithm>
#include <cstddef>

#include "halfwave/base/parallel.h"

namespace halfwave::kernel {

// Calls body(first row, number of rows, thread) for chunks of about 4096 values, on all threads where that
// pays.
template <class Body>
void over_chunks(std::size_t rows, std::size_t channels, Body&& body) {
  const std::size_t chunk = std::max<std::size_t>(4096 / channels, 8);
  const std::size_t grain = (parallel_grain / channels / chunk + 1) * chunk;
  parallel_for(rows, grain, [&](std::size_t begin, std::size_t end, int thread) {
    for (std::size_t row = begin; row < end; row += chunk) body(row, std::min(chunk, end - row), thread);
  });
}

}  // namespace halfwave::kernel
