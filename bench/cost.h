// What the programs share that measure the costs of kernels.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

#include "halfwave/base/clock.h"
#include "halfwave/base/random.h"
#include "halfwave/tensor/buffer.h"

namespace halfwave {

constexpr double least_seconds = 0.02;  // of a repeat

// Normal values, of which a share is 0; aligned, as those of a plan are.
inline Buffer values(std::size_t count, double zeros) {
  RandomStream random(1, RandomPurpose::bench);
  Buffer all(count);
  for (float& value : all.span()) {
    const float normal = random.normal();
    value = random.uniform() < static_cast<float>(zeros) ? 0.0F : normal;
  }
  return all;
}

inline double median_seconds(int repeats, const std::function<void()>& work) {
  work();
  std::vector<double> seconds;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const double start = seconds_now();
    double elapsed = 0;
    int count = 0;
    do {
      work();
      ++count;
      elapsed = seconds_now() - start;
    } while (elapsed < least_seconds);
    seconds.push_back(elapsed / count);
  }
  std::nth_element(seconds.begin(), seconds.begin() + repeats / 2, seconds.end());
  return seconds[static_cast<std::size_t>(repeats / 2)];
}

}  // namespace halfwave
