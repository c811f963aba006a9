// Scratch memory that the kernels of one run share; it grows to what the hungriest asks for and stays.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace halfwave::kernel {

class Workspace {
 public:
  // At least this many bytes, aligned to 64, contents undefined; valid until the next call.
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

  float* floats(std::size_t count) { return reinterpret_cast<float*>(get(count * sizeof(float))); }

 private:
  struct Free {
    void operator()(std::byte* pointer) const { std::free(pointer); }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace halfwave::kernel
