// Scratch memory that the kernels of one run share; it grows to what the hungriest asks for and stays.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace halfwave::kernel {

// Memory of each thread of a loop, by its number.
class ThreadMemory {
 public:
  ThreadMemory(std::byte* first, std::size_t distance) : first_(first), distance_(distance) {}

  std::byte* bytes(std::integral auto thread) const {
    return first_ + distance_ * static_cast<std::size_t>(thread);
  }
  float* floats(std::integral auto thread) const { return reinterpret_cast<float*>(bytes(thread)); }
  // From a thread's to the next one's, in floats.
  std::size_t distance() const { return distance_ / sizeof(float); }

 private:
  std::byte* first_;
  std::size_t distance_;
};

class Workspace {
 public:
  // At least this many bytes, aligned to 64, contents undefined; valid until the next call.
  std::byte* get(std::size_t bytes) { return shared_.get(bytes); }

  float* floats(std::size_t count) { return reinterpret_cast<float*>(get(count * sizeof(float))); }

  // The same for each thread. A thread's lies where it lay for the kernel before, in its core's caches, and
  // far from the others': a core fetches ahead of what it reads in even steps, and would take the next one's
  // away from it.
  ThreadMemory by_thread(std::size_t bytes, std::size_t threads) {
    constexpr std::size_t apart = std::size_t{1} << 16;
    distance_ = std::max(distance_, (bytes + 63) / 64 * 64 + apart);
    return {own_.get(distance_ * threads), distance_};
  }

  ThreadMemory floats_by_thread(std::size_t count, std::size_t threads) {
    return by_thread(count * sizeof(float), threads);
  }

 private:
  class Block {
   public:
    std::byte* get(std::size_t bytes) {
      if (bytes > size_) {
        size_ = (bytes + 63) / 64 * 64;
        data_.reset();
        data_.reset(static_cast<std::byte*>(std::aligned_alloc(64, size_)));
        if (!data_) {
          size_ = 0;
          throw std::bad_alloc();
        }
      }
      return data_.get();
    }

   private:
    struct Free {
      void operator()(std::byte* pointer) const { std::free(pointer); }
    };
    std::unique_ptr<std::byte, Free> data_;
    std::size_t size_ = 0;
  };

  Block shared_;
  Block own_;
  std::size_t distance_ = 0;  // bytes from a thread's to the next one's
};

}  // namespace halfwave::kernel
