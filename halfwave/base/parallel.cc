#include "halfwave/base/parallel.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <exception>
#include <utility>

#include "halfwave/base/team.h"

namespace halfwave {

namespace {

// That which the calling thread leads while it is not at work itself.
thread_local Team* team = nullptr;

}  // namespace

int thread_count() {
  if (team == nullptr && omp_in_parallel() != 0) return 1;
  return std::min(omp_get_max_threads(), omp_get_thread_limit());
}

int threads_at_work() { return team != nullptr ? 1 : omp_get_num_threads(); }

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

// Calls work(thread, given) on each of `given` threads: as many as are wanted, or fewer. Loops inside,
// oneDNN's among them, run on their thread alone.
template <class Work>
void on_threads(std::size_t wanted, const Work& work) {
  if (Team* const led = std::exchange(team, nullptr)) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(1);
    const auto share = [&work, given = std::min(wanted, led->threads())](std::size_t thread) {
      if (thread < given) work(thread, given);
    };
    led->run([](void* context, std::size_t thread) { (*static_cast<decltype(&share)>(context))(thread); },
             const_cast<void*>(static_cast<const void*>(&share)));
    omp_set_num_threads(before);
    team = led;
    return;
  }
#pragma omp parallel num_threads(static_cast <int>(wanted))
  {
    omp_set_num_threads(1);  // for this thread and this region
    work(static_cast<std::size_t>(omp_get_thread_num()), static_cast<std::size_t>(omp_get_num_threads()));
  }
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
  on_threads(threads, [&](std::size_t thread, std::size_t given) {
    // A part is the same whoever works on it.
    for (std::size_t part = thread; part < threads; part += given) {
      const std::size_t begin = std::min(blocks * part / threads * grain, count);
      const std::size_t end = std::min(blocks * (part + 1) / threads * grain, count);
      if (begin < end) error.keep([&] { function(context, begin, end, static_cast<int>(part)); });
    }
  });
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
  on_threads(threads, [&](std::size_t thread, std::size_t) {
    for (std::size_t i = 0; i < sharers; ++i) {
      Share& share = shares[(thread + i) % sharers];
      for (;;) {
        const std::size_t begin = share.next.fetch_add(step);
        if (begin >= share.end) break;
        const std::size_t end = std::min(begin + step, share.end);
        error.keep([&] {
          function(context, begin * grain, std::min(end * grain, count), static_cast<int>(thread));
        });
      }
    }
  });
  error.rethrow();
}

void with_team(Function function, void* context) {
  const int threads = thread_count();
  if (threads <= 1 || team != nullptr) return function(context);
  Team all;
  FirstError error;
#pragma omp parallel num_threads(threads)
  {
    if (const int thread = omp_get_thread_num(); thread > 0) {
      omp_set_num_threads(1);
      all.follow(static_cast<std::size_t>(thread));
    } else {
      all.lead(static_cast<std::size_t>(omp_get_num_threads()));
      team = &all;
      error.keep([&] { function(context); });
      team = nullptr;
      all.dismiss();
    }
  }
  error.rethrow();
}

}  // namespace detail
}  // namespace halfwave
