// Owning, aligned memory for values; the only place where the library takes large blocks.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace halfwave {

// Every buffer, and every part of an arena, starts at a multiple of this many bytes: a cache line and
// the widest vector.
inline constexpr std::size_t alignment = 64;

constexpr std::size_t align_up(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

// Bytes, aligned, zero at first. Throws std::bad_alloc. Moved from, it is not to be used.
class Memory {
 public:
  Memory() = default;
  explicit Memory(std::size_t bytes);

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(void* pointer) const;
  };
  std::unique_ptr<void, Free> base_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Floats, aligned, zero at first.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t count) : memory_(count * sizeof(float)), count_(count) {}

  float* data() { return reinterpret_cast<float*>(memory_.data()); }
  const float* data() const { return reinterpret_cast<const float*>(memory_.data()); }
  std::size_t size() const { return count_; }
  std::span<float> span() { return {data(), count_}; }
  std::span<const float> span() const { return {data(), count_}; }
  float& operator[](std::size_t i) { return data()[i]; }
  float operator[](std::size_t i) const { return data()[i]; }

 private:
  Memory memory_;
  std::size_t count_ = 0;
};

}  // namespace halfwave
