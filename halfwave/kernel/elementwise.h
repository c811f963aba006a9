// Whole-array additions and copies, on all threads.
#pragma once

#include <cstddef>

#include "halfwave/base/parallel.h"
#include "halfwave/kernel/epilogue.h"

namespace halfwave::kernel {

// Calls body(begin, size) for consecutive parts of [0, count), on all threads where that pays.
template <class Body>
void over_blocks(std::size_t count, Body&& body) {
  parallel_for(count, parallel_grain,
               [&](std::size_t begin, std::size_t end, int) { body(begin, end - begin); });
}

// sum += x
void add_to(float* sum, const float* x, std::size_t count);

// y = a + b, then the epilogue; y may be either.
void add(const float* a, const float* b, float* y, std::size_t count, const Epilogue& epilogue = {});

// y = x; nothing happens where they are the same.
void copy(const float* x, float* y, std::size_t count);

}  // namespace halfwave::kernel
