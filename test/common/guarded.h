// Buffers whose neighbouring memory must not be touched.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <vector>

namespace halfwave {

enum class Edge { front, back };

// Memory right behind a page that must not be touched (Edge::front) or right before one (Edge::back), filled
// with NaN: what is not overwritten shows.
template <class T>
class Guarded {
 public:
  explicit Guarded(std::size_t count, Edge edge = Edge::back) : count_(count) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const std::size_t inner = (count * sizeof(T) + page - 1) / page * page;
    size_ = inner + 2 * page;
    base_ = static_cast<std::byte*>(::mmap(nullptr, size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (base_ == MAP_FAILED) std::abort();
    if (inner > 0 && ::mprotect(base_ + page, inner, PROT_READ | PROT_WRITE) != 0) std::abort();
    std::byte* const end = base_ + page + inner;
    data_ = reinterpret_cast<T*>(edge == Edge::front ? base_ + page : end - count * sizeof(T));
    std::fill_n(data_, count,
                std::numeric_limits<T>::has_quiet_NaN ? std::numeric_limits<T>::quiet_NaN() : T{});
  }
  Guarded(const std::vector<T>& values, Edge edge) : Guarded(values.size(), edge) {
    std::copy(values.begin(), values.end(), data_);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { ::munmap(base_, size_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return count_; }
  T& operator[](std::size_t i) { return data_[i]; }
  std::vector<T> values() const { return {data_, data_ + count_}; }

 private:
  std::size_t count_;
  std::size_t size_ = 0;
  std::byte* base_ = nullptr;
  T* data_ = nullptr;
};

}  // namespace halfwave
