// Threads that wait awake for what one of them gives them to do, which takes a fraction of the time that
// OpenMP needs to begin and end a loop.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace halfwave {

class Team {
 public:
  // What all do together, each by its number; the leader's is 0.
  using Work = void (*)(void* context, std::size_t thread);

  // By the leader, before anything else: how many threads there are, itself included.
  void lead(std::size_t threads) { threads_ = threads; }
  std::size_t threads() const { return threads_; }

  // By the leader: all work; returns when they have done so.
  void run(Work work, void* context) {
    post(work, context);
    work(context, 0);
    done_ += static_cast<std::uint32_t>(threads_ - 1);
    await(work_done_.times, done_);
  }

  // By the leader, at the end: the others go.
  void dismiss() { post(nullptr, nullptr); }

  // By the others: works until the leader dismisses them.
  void follow(std::size_t thread) {
    for (std::uint32_t number = 1;; ++number) {
      await(job_.number, number);
      if (job_.work == nullptr) return;
      job_.work(job_.context, thread);
      work_done_.times.fetch_add(1, std::memory_order_release);
    }
  }

 private:
  // Each alone in its lines of the cache, of which cores fetch two together.
  struct alignas(128) Job {
    std::atomic<std::uint32_t> number = 0;
    Work work = nullptr;
    void* context = nullptr;
  };
  struct alignas(128) WorkDone {
    std::atomic<std::uint32_t> times = 0;  // by any of the others
  };

  void post(Work work, void* context) {
    job_.work = work;
    job_.context = context;
    job_.number.store(job_.number.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  // For some tenths of a millisecond awake, then asleep most of the time, so that nobody need be woken.
  static void await(const std::atomic<std::uint32_t>& word, std::uint32_t wanted) {
    constexpr int awake = 1 << 13;
    for (int looks = 0; word.load(std::memory_order_acquire) != wanted; ++looks) {
      if (looks < awake) {
        pause();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }

  // Leaves the core to its other thread for a moment.
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::size_t threads_ = 1;
  std::uint32_t done_ = 0;  // what work_done_ will be; the leader's own
  Job job_;
  WorkDone work_done_;
};

}  // namespace halfwave
