// What the tests of kernels share: random values, an epilogue that counts, comparisons.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "common/guarded.h"
#include "common/instruction_sets.h"
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
