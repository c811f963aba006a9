// Fetches memory that is needed soon into the caches, a few lines at a time between the calls of a kernel, so
// that it comes while the kernel computes.
#pragma once

#include <array>
#include <cassert>
#include <cstddef>

namespace halfwave::kernel {

// Fetches a line that will be written, so that no other core keeps it. The compiler's own function for that
// only reads where it may not take the instruction for granted; processors without it do nothing.
inline void prefetch_to_write(const void* place) {
#ifdef __x86_64__
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(place)));
#else
  __builtin_prefetch(place, 1, 3);
#endif
}

class Prefetcher {
 public:
  // step() will be called so often.
  explicit Prefetcher(std::size_t calls) : calls_(calls) {}

  // To be read, into the second-level cache: it comes long before its use. At most two ranges in all.
  void read(const float* begin, const float* end) { add(begin, end, false); }
  void write(const float* begin, const float* end) { add(begin, end, true); }

  void step() {
    for (Range& range : ranges_) {
      for (std::size_t i = 0; i < range.lines && range.next < range.end; ++i, range.next += line) {
        if (range.written) {
          prefetch_to_write(range.next);
        } else {
          __builtin_prefetch(range.next, 0, 2);
        }
      }
    }
  }

 private:
  static constexpr std::size_t line = 16;  // floats

  struct Range {
    const float* next = nullptr;
    const float* end = nullptr;
    std::size_t lines = 0;  // a step
    bool written = false;
  };

  void add(const float* begin, const float* end, bool written) {
    assert(count_ < ranges_.size());
    ranges_[count_++] = {begin, end, static_cast<std::size_t>(end - begin) / line / calls_ + 1, written};
  }

  std::size_t calls_;
  std::size_t count_ = 0;
  std::array<Range, 2> ranges_{};
};

}  // namespace halfwave::kernel
