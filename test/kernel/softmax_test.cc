// Softmax of one vector: exact sums to one, large values, infinities and NaN.
#include "halfwave/kernel/softmax.h"

#include <gtest/gtest.h>

#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

// All is computed in double, so only the last rounding to float (and a few of exp and log, 2^-52 each, times
// the size of x) is left.
TEST(Softmax, AgreesWithTheFormulaInLongDouble) {
  RandomStream random = random_of(1);
  for (const std::size_t count : {1U, 2U, 10U, 1000U}) {
    for (const float scale : {0.01F, 1.0F, 40.0F}) {
      std::vector<float> x = normal_values(random, count);
      for (float& value : x) value *= scale;
      long double sum = 0;
      for (const float value : x) sum += std::exp(static_cast<long double>(value));
      std::vector<float> y(count, not_a_number);
      softmax(x.data(), y.data(), count);
      double total = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const auto expected = static_cast<double>(std::exp(static_cast<long double>(x[i])) / sum);
        ASSERT_NEAR(y[i], expected, 1.01 * rounding * expected + 0x1p-150);
        total += static_cast<double>(y[i]);
      }
      EXPECT_NEAR(total, 1, 1.01 * rounding);
      EXPECT_NEAR(log_sum_exp(x.data(), count), static_cast<double>(std::log(sum)),
                  1e-13 * (1 + static_cast<double>(scale)));
      std::vector<float> in_place = x;
      softmax(in_place.data(), in_place.data(), count);
      EXPECT_EQ(bits(in_place), bits(y));
    }
  }
}

TEST(Softmax, DoesNotOverflow) {
  for (const float offset : {3e38F, -3e38F, 1000.0F, -1000.0F}) {
    const std::vector<float> x{offset, offset};
    std::vector<float> y(2);
    softmax(x.data(), y.data(), 2);
    EXPECT_EQ(y, (std::vector<float>{0.5F, 0.5F})) << offset;
  }
  const std::vector<float> far{-3e38F, 3e38F, 0};
  std::vector<float> y(3);
  softmax(far.data(), y.data(), 3);
  EXPECT_EQ(y, (std::vector<float>{0, 1, 0}));
}

TEST(Softmax, GivesNothingToMinusInfinity) {
  const std::vector<float> x{-infinity, 1, -infinity, 1};
  std::vector<float> y(4);
  softmax(x.data(), y.data(), 4);
  EXPECT_EQ(y, (std::vector<float>{0, 0.5F, 0, 0.5F}));
}

// "NaN if any x is; infinite if the largest x is", wherever they stand.
TEST(Softmax, SumsSpecialValuesAsItsHeaderSays) {
  const auto sum = [](std::vector<float> x) { return log_sum_exp(x.data(), x.size()); };
  EXPECT_EQ(sum({1, infinity, 2}), HUGE_VAL);
  EXPECT_EQ(sum({-infinity, -infinity}), -HUGE_VAL);
  const std::vector<float> others{1, 0, infinity, -infinity};
  for (const float first : others) {
    for (const float second : others) {
      EXPECT_TRUE(std::isnan(sum({not_a_number, first, second}))) << first << ' ' << second;
      EXPECT_TRUE(std::isnan(sum({first, not_a_number, second}))) << first << ' ' << second;
      EXPECT_TRUE(std::isnan(sum({first, second, not_a_number}))) << first << ' ' << second;
    }
  }
}

TEST(Softmax, KeepsNaN) {
  for (std::size_t at = 0; at < 3; ++at) {
    std::vector<float> x{1, 2, 3};
    x[at] = not_a_number;
    std::vector<float> y(3);
    softmax(x.data(), y.data(), 3);
    for (const float value : y) EXPECT_TRUE(std::isnan(value)) << at;
  }
}

}  // namespace
}  // namespace halfwave::kernel
