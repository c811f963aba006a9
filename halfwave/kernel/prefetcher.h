// Fetches memory that is needed soon into the caches, a few lines at a time between the calls of a kernel, so
// that it comes while the kernel computes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace halfwave::kernel {

class Prefetcher {
 public:
  // step() will be called so often.
  explicit Prefetcher(std::size_t calls) : calls_(calls) {}

  // To be read, into the second-level cache: it comes long before its use.
  void read(const float* begin, const float* end) { read_ = range(begin, end); }
  void write(const float* begin, const float* end) { write_ = range(begin, end); }

  void step() {
    for (std::size_t i = 0; i < read_.lines && read_.next < read_.end; ++i, read_.next += line)
      __builtin_prefetch(read_.next, 0, 2);
    for (std::size_t i = 0; i < write_.lines && write_.next < write_.end; ++i, write_.next += line)
      __builtin_prefetch(write_.next, 1, 3);
  }

 private:
  static constexpr std::size_t line = 16;  // floats

  struct Range {
    const float* next = nullptr;
    const float* end = nullptr;
    std::size_t lines = 0;  // a step
  };

  Range range(const float* begin, const float* end) const {
    return {begin, end, static_cast<std::size_t>(end - begin) / line / calls_ + 1};
  }

  std::size_t calls_;
  Range read_;
  Range write_;
};

}  // namespace halfwave::kernel
