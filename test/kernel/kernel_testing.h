// What the tests of kernels share: random values, buffers between pages that must not be touched, a number of
// threads for a while, every instruction set.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "halfwave/base/parallel.h"
#include "halfwave/base/random.h"
#include "halfwave/kernel/epilogue.h"

namespace halfwave::kernel {

inline constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
inline constexpr float infinity = std::numeric_limits<float>::infinity();

// The relative error of one rounding to float.
inline constexpr double rounding = 0x1p-24;

inline RandomStream random_of(std::uint64_t seed) { return {seed, RandomPurpose::test}; }

// In [low, high], both ends included.
inline std::int64_t between(RandomStream& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(high - low + 1)));
}

template <class T>
const T& one_of(RandomStream& random, const std::vector<T>& values) {
  return values[random.below(static_cast<std::uint32_t>(values.size()))];
}

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

inline std::vector<float> normal_values(RandomStream& random, std::size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = random.normal();
  return values;
}

inline std::vector<std::uint32_t> bits(std::span<const float> values) {
  std::vector<std::uint32_t> result;
  for (const float value : values) result.push_back(std::bit_cast<std::uint32_t>(value));
  return result;
}

// A number of threads until the end of the scope.
class Threads {
 public:
  explicit Threads(int count) : before_(thread_count()) { set_thread_count(count); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() { set_thread_count(before_); }

 private:
  int before_;
};

// Calls test() once for each instruction set that the library was built for and this CPU has.
template <class Test>
void for_each_target(Test&& test) {
  struct Restore {
    ~Restore() {
      hwy::SetSupportedTargetsForTest(0);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    }
  } restore;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    test();
  }
}

// Adds 1000 in place: twice would show, and so would a value left out.
inline constexpr float epilogue_step = 1000;
inline Epilogue counting_epilogue() {
  return {[](const void*, float* y, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) y[i] += epilogue_step;
          },
          nullptr};
}

// |got - expected| <= bound, element by element; NaN and infinities must agree.
inline void expect_within(std::span<const float> got, std::span<const double> expected,
                          std::span<const double> bound, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isfinite(expected[i])) {
      ASSERT_LE(std::abs(static_cast<double>(got[i]) - expected[i]), bound[i])
          << what << " at " << i << ": got " << got[i] << ", expected " << expected[i];
    } else if (std::isnan(expected[i])) {
      ASSERT_TRUE(std::isnan(got[i])) << what << " at " << i << ": got " << got[i] << ", expected NaN";
    } else {
      ASSERT_EQ(static_cast<double>(got[i]), expected[i]) << what << " at " << i;
    }
  }
}

}  // namespace halfwave::kernel
