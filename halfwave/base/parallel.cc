#include "halfwave/base/parallel.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>

namespace halfwave {

int thread_count() {
  return omp_in_parallel() != 0 ? 1 : std::min(omp_get_max_threads(), omp_get_thread_limit());
}

int threads_at_work() { return omp_get_num_threads(); }

void set_thread_count(int count) { omp_set_num_threads(std::max(count, 1)); }

ThreadScope::ThreadScope(int count) : before_(thread_count()) { set_thread_count(count); }
ThreadScope::~ThreadScope() { set_thread_count(before_); }

namespace {

// The first exception of some threads.
class FirstError {
 public:
  template <class Work>
  void keep(Work&& work) {
    try {
      work();
    } catch (...) {
#pragma omp critical(halfwave_parallel_error)
      if (!error_) error_ = std::current_exception();
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::exception_ptr error_;
};

std::size_t blocks_of(std::size_t count, std::size_t grain) { return (count + grain - 1) / grain; }

// For one block OpenMP need not be asked: that would show in a pass over few values.
std::size_t threads_for(std::size_t blocks) {
  return blocks <= 1 ? blocks : std::min(static_cast<std::size_t>(thread_count()), blocks);
}

// What is left of a thread's blocks, alone in its lines of the cache.
struct alignas(128) Share {
  std::atomic<std::size_t> next = 0;
  std::size_t end = 0;
};

}  // namespace

namespace detail {

void parallel_ranges(std::size_t count, std::size_t grain, RangeFunction function, void* context) {
  const std::size_t blocks = blocks_of(count, grain);
  const std::size_t threads = threads_for(blocks);
  if (threads <= 1) {
    if (count > 0) function(context, 0, count, 0);
    return;
  }
  FirstError error;
#pragma omp parallel num_threads(static_cast <int>(threads))
  {
    omp_set_num_threads(1);  // of loops inside, oneDNN's among them; holds for this part alone
    // OpenMP may give fewer threads than asked for; a part is the same whoever works on it.
    const auto given = static_cast<std::size_t>(omp_get_num_threads());
    for (auto part = static_cast<std::size_t>(omp_get_thread_num()); part < threads; part += given) {
      const std::size_t begin = std::min(blocks * part / threads * grain, count);
      const std::size_t end = std::min(blocks * (part + 1) / threads * grain, count);
      if (begin < end) error.keep([&] { function(context, begin, end, static_cast<int>(part)); });
    }
  }
  error.rethrow();
}

void parallel_shares(std::size_t count, std::size_t grain, RangeFunction function, void* context) {
  const std::size_t blocks = blocks_of(count, grain);
  const std::size_t threads = threads_for(blocks);
  if (threads <= 1) {
    if (count > 0) function(context, 0, count, 0);
    return;
  }
  // One block each: there is nothing to take over.
  if (blocks <= threads) return parallel_ranges(count, grain, function, context);
  constexpr std::size_t most_shares = 64;  // further threads only help
  constexpr std::size_t parts = 8;         // of a share
  std::array<Share, most_shares> shares;
  const std::size_t sharers = std::min(threads, most_shares);
  for (std::size_t i = 0; i < sharers; ++i) {
    shares[i].next = blocks * i / sharers;
    shares[i].end = blocks * (i + 1) / sharers;
  }
  const std::size_t step = std::max<std::size_t>(blocks / (threads * parts), 1);
  FirstError error;
#pragma omp parallel num_threads(static_cast <int>(threads))
  {
    omp_set_num_threads(1);
    const int thread = omp_get_thread_num();
    for (std::size_t i = 0; i < sharers; ++i) {
      Share& share = shares[(static_cast<std::size_t>(thread) + i) % sharers];
      for (;;) {
        const std::size_t begin = share.next.fetch_add(step);
        if (begin >= share.end) break;
        const std::size_t end = std::min(begin + step, share.end);
        error.keep([&] { function(context, begin * grain, std::min(end * grain, count), thread); });
      }
    }
  }
  error.rethrow();
}

}  // namespace detail
}  // namespace halfwave
