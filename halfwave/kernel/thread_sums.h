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
      : arrays_(arrays),
        length_((channels + 15) / 16 * 16),
        memory_(workspace.by_thread(arrays_ * length_ * sizeof(double), threads_)) {
    for (std::size_t thread = 0; thread < threads_; ++thread)
      std::fill_n(get(thread, 0), arrays_ * length_, 0.0);
  }

  std::size_t threads() const { return threads_; }
  double* get(std::size_t thread, std::size_t array) const {
    return reinterpret_cast<double*>(memory_.bytes(thread)) + array * length_;
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
  ThreadMemory memory_;
};

}  // namespace halfwave::kernel
