// One pool of threads for everything: OpenMP's, which oneDNN uses too.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace halfwave {

// How many threads a parallel loop started from the calling thread uses.
int thread_count();

// How many threads work on the parallel loop around the caller, itself included; 1 where there is none.
int threads_at_work();

// Sets it for loops (and oneDNN's primitives) started from the calling thread; count >= 1.
void set_thread_count(int count);

// A number of threads until the end of the scope, then the one before.
class ThreadScope {
 public:
  explicit ThreadScope(int count);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int before_;
};

// So many values, each read, worked on a little and written, are the least that pay for a second thread.
inline constexpr std::size_t parallel_grain = 1 << 14;

namespace detail {
using RangeFunction = void (*)(void* context, std::size_t begin, std::size_t end, int thread);
void parallel_ranges(std::size_t count, std::size_t grain, RangeFunction function, void* context);
void parallel_shares(std::size_t count, std::size_t grain, RangeFunction function, void* context);
using Function = void (*)(void* context);
void with_team(Function function, void* context);

template <class Body>
void call(void* body, std::size_t begin, std::size_t end, int thread) {
  (*static_cast<Body*>(body))(begin, end, thread);
}
template <class Body>
void* context_of(Body& body) {
  return const_cast<void*>(static_cast<const void*>(&body));
}
}  // namespace detail

// Calls body(begin, end, thread) for consecutive parts of [0, count), one part a thread, each but the last a
// multiple of grain long. thread, the part's number, is in [0, thread_count()). The parts depend on count,
// grain and the number of threads alone, never on timing. What the body throws (of several parts: one) comes
// out when all have ended. Inside another parallel loop it runs on the calling thread alone.
template <class Body>
void parallel_for(std::size_t count, std::size_t grain, Body&& body) {
  detail::parallel_ranges(count, grain, &detail::call<std::remove_reference_t<Body>>,
                          detail::context_of(body));
}

// The same where it makes no difference to what is computed who does what: each thread has some parts, one
// after the other, and takes over parts of others when it is done, so that none waits for one that was held
// up. thread is that which calls.
template <class Body>
void parallel_for_all(std::size_t count, std::size_t grain, Body&& body) {
  detail::parallel_shares(count, grain, &detail::call<std::remove_reference_t<Body>>,
                          detail::context_of(body));
}

// Calls body(); meanwhile the other threads wait awake for the loops that it starts, which are the same as
// outside and begin and end sooner: for many short ones. What calls OpenMP itself, as oneDNN does, has but
// one thread in there.
template <class Body>
void with_team(Body&& body) {
  detail::with_team([](void* context) { (*static_cast<std::remove_reference_t<Body>*>(context))(); },
                    detail::context_of(body));
}

}  // namespace halfwave
