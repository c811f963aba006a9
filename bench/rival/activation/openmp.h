// For the rivals whose threads are OpenMP's.
#pragma once

#include <omp.h>

#include <cstddef>
#include <cstring>

#include "rival.h"

namespace rival {

// As many values are the least that pay for a second thread.
constexpr std::size_t parallel_least = 1 << 15;

inline Copy openmp_copy(int threads) {
  return [threads](std::size_t n, float* to, const float* from) {
    if (threads == 1 || n < parallel_least) {
      std::memcpy(to, from, n * sizeof(float));
      return;
    }
#pragma omp parallel num_threads(threads)
    {
      const auto part = static_cast<std::size_t>(omp_get_thread_num());
      const auto parts = static_cast<std::size_t>(omp_get_num_threads());
      const std::size_t begin = n / 16 * part / parts * 16;
      const std::size_t end = part + 1 == parts ? n : n / 16 * (part + 1) / parts * 16;
      std::memcpy(to + begin, from + begin, (end - begin) * sizeof(float));
    }
  };
}

}  // namespace rival
