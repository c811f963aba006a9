// What each thread has added up, one double a channel, until all are joined.
#pragma once

#include <algorithm>
#include <cstddef>

#include "halfwave/base/parallel.h"
#include "halfwave/kernel/workspace.h"

namespace halfwave::kernel {

// Arrays of a double a channel for each thread, zero at first, with room for whole vectors.
class ThreadSums {
 public:
  ThreadSums(std::size_t arrays, std::size_t channels, Workspace& workspace)
      : arrays_(arrays), length_((channels + 15) / 16 * 16) {
    const std::size_t size = threads_ * arrays_ * length_;
    data_ = reinterpret_cast<double*>(workspace.get(size * sizeof(double)));
    std::fill_n(data_, size, 0.0);
  }

  std::size_t threads() const { return threads_; }
  double* get(std::size_t thread, std::size_t array) const {
    return data_ + (thread * arrays_ + array) * length_;
  }
  // Of all threads, always in the same order.
  double sum(std::size_t array, std::size_t channel) const {
    double total = 0;
    for (std::size_t thread = 0; thread < threads_; ++thread) total += get(thread, array)[channel];
    return total;
  }

 private:
  std::size_t threads_ = static_cast<std::size_t>(thread_count());
  std::size_t arrays_;
  std::size_t length_;
  double* data_;
};

}  // namespace halfwave::kernel
