#include "halfwave/kernel/elementwise.h"

#include <algorithm>

#include "halfwave/base/parallel.h"

namespace halfwave::kernel {

void add_to(float* sum, const float* x, std::size_t count) { add(sum, x, sum, count); }

void add(const float* a, const float* b, float* y, std::size_t count, const Epilogue& epilogue) {
  constexpr std::size_t block = 2048;  // stays in the first-level cache between the sum and the epilogue
  parallel_for(count, parallel_grain, [&](std::size_t begin, std::size_t end, int) {
    for (; begin < end; begin += block) {
      const std::size_t stop = std::min(begin + block, end);
      for (std::size_t i = begin; i < stop; ++i) y[i] = a[i] + b[i];
      epilogue(y + begin, stop - begin);
    }
  });
}

void copy(const float* x, float* y, std::size_t count) {
  if (x == y) return;
  parallel_for(count, parallel_grain,
               [=](std::size_t begin, std::size_t end, int) { std::copy(x + begin, x + end, y + begin); });
}

}  // namespace halfwave::kernel
