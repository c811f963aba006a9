#include "halfwave/base/parallel.h"

#include <omp.h>

#include <algorithm>
#include <exception>

namespace halfwave {

int thread_count() {
  return omp_in_parallel() != 0 ? 1 : std::min(omp_get_max_threads(), omp_get_thread_limit());
}

int threads_at_work() { return omp_get_num_threads(); }

void set_thread_count(int count) { omp_set_num_threads(std::max(count, 1)); }

ThreadScope::ThreadScope(int count) : before_(thread_count()) { set_thread_count(count); }
ThreadScope::~ThreadScope() { set_thread_count(before_); }

namespace detail {

void parallel_ranges(std::size_t count, std::size_t grain, RangeFunction function, void* context) {
  if (count == 0) return;
  const std::size_t blocks = (count + grain - 1) / grain;
  // For one block OpenMP need not be asked: that would show in a pass over few values.
  const auto threads = blocks == 1 ? 1 : std::min(static_cast<std::size_t>(thread_count()), blocks);
  if (threads == 1) {
    function(context, 0, count, 0);
    return;
  }
  std::exception_ptr error;
#pragma omp parallel num_threads(static_cast <int>(threads))
  {
    omp_set_num_threads(1);  // of loops inside, oneDNN's among them; holds for this part alone
    // OpenMP may give fewer threads than asked for; a part is the same whoever works on it.
    const auto given = static_cast<std::size_t>(omp_get_num_threads());
    for (auto part = static_cast<std::size_t>(omp_get_thread_num()); part < threads; part += given) {
      const std::size_t begin = std::min(blocks * part / threads * grain, count);
      const std::size_t end = std::min(blocks * (part + 1) / threads * grain, count);
      try {
        if (begin < end) function(context, begin, end, static_cast<int>(part));
      } catch (...) {
#pragma omp critical(halfwave_parallel_error)
        error = std::current_exception();
      }
    }
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace detail
}  // namespace halfwave
