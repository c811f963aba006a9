// Softmax and what belongs to it against long double: every instruction set, lengths beside vectors, at the
// edge of memory, in place; large values, infinities and NaN.
#include "halfwave/kernel/softmax.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

using Exact = std::vector<long double>;

// Half a unit in the last place of a float, and a little.
double rounded_once(long double exact) {
  const int exponent = exact == 0 ? -126 : std::max(std::ilogb(exact), -126);
  return std::ldexp(0.501, exponent - 23);
}

// x - log(sum of exp(x)), the 1 of the largest taken from the sum, beside which small ones would be lost.
Exact exact_log_softmax(const std::vector<float>& x) {
  const auto best = std::max_element(x.begin(), x.end());
  const auto largest = static_cast<long double>(*best);
  long double others = 0;
  for (auto at = x.begin(); at != x.end(); ++at) {
    if (at != best) others += std::exp(static_cast<long double>(*at) - largest);
  }
  Exact y;
  for (const float value : x) y.push_back(static_cast<long double>(value) - largest - std::log1p(others));
  return y;
}
Exact exact_softmax(const std::vector<float>& x) {
  Exact y = exact_log_softmax(x);
  for (long double& value : y) value = std::exp(value);
  return y;
}

// Rows below and above a vector, and what is kept of a row.
constexpr std::size_t counts[] = {1,  2,  3,  4,  5,   7,   8,    9,    10,   15,  16,
                                  17, 31, 33, 64, 100, 255, 1000, 1024, 1025, 3001};
constexpr std::size_t rows = 3;

// Calls test(count, scale, edge) for all of them with every instruction set.
template <class Test>
void over_rows(Test&& test) {
  for (const std::size_t count : counts) {
    for (const float scale : {0.01F, 1.0F, 40.0F, 1e4F, 1e36F}) {
      SCOPED_TRACE(fmt::format("rows of {} times {}", count, scale));
      for_each_target([&] { test(count, scale, count % 2 == 0 ? Edge::back : Edge::front); });
    }
  }
}

std::vector<float> random_values(std::size_t seed, std::size_t count, float scale) {
  RandomStream random = random_of(seed);
  std::vector<float> x = normal_values(random, count);
  for (float& value : x) value *= scale;
  return x;
}

std::vector<float> row_of(const std::vector<float>& x, std::size_t row, std::size_t count) {
  return {x.begin() + static_cast<std::ptrdiff_t>(row * count),
          x.begin() + static_cast<std::ptrdiff_t>((row + 1) * count)};
}

template <class Kernel, class Reference>
void expect_forward(const Kernel& kernel, const Reference& reference) {
  over_rows([&](std::size_t count, float scale, Edge edge) {
    Guarded<float> x(random_values(count, rows * count, scale), edge);
    Guarded<float> y(rows * count, edge);
    kernel(rows, count, x.data(), y.data());
    for (std::size_t row = 0; row < rows; ++row) {
      const Exact exact = reference(row_of(x.values(), row, count));
      for (std::size_t i = 0; i < count; ++i) {
        ASSERT_LE(std::abs(static_cast<long double>(y[row * count + i]) - exact[i]), rounded_once(exact[i]))
            << i << " of row " << row;
      }
    }
    kernel(rows, count, x.data(), x.data());
    ASSERT_EQ(bits(x.values()), bits(y.values())) << "in place";
  });
}

TEST(Softmax, IsRoundedOnce) { expect_forward(softmax, exact_softmax); }
TEST(Softmax, HasALogarithmThatIsRoundedOnce) { expect_forward(log_softmax, exact_log_softmax); }

// dx = factor (dy - sum of weight dy) or dy - factor sum of weight dy; what rounding leaves of the sum comes
// on top of the last rounding.
template <class Kernel, class Formula>
void expect_backward(const Kernel& kernel, bool logarithm, const Formula& formula) {
  over_rows([&](std::size_t count, float scale, Edge edge) {
    Guarded<float> y(random_values(count, rows * count, scale), edge);
    (logarithm ? log_softmax : softmax)(rows, count, y.data(), y.data());
    Guarded<float> dy(random_values(count + 1, rows * count, 1), edge);
    Guarded<float> dx(rows * count, edge);
    kernel(rows, count, y.data(), dy.data(), dx.data());
    for (std::size_t row = 0; row < rows; ++row) {
      long double sum = 0;
      long double magnitude = 0;
      for (std::size_t i = row * count; i < (row + 1) * count; ++i) {
        const auto term = static_cast<long double>(dy[i]) * (logarithm ? 1 : static_cast<long double>(y[i]));
        sum += term;
        magnitude += std::abs(term);
      }
      for (std::size_t i = row * count; i < (row + 1) * count; ++i) {
        const auto share = static_cast<long double>(y[i]);
        const long double exact = formula(share, static_cast<long double>(dy[i]), sum);
        const long double factor = logarithm ? std::exp(share) : share;
        const double bound =
            rounded_once(exact) +
            0x1p-52 * static_cast<double>(factor * (static_cast<long double>(count) + 50) * magnitude);
        ASSERT_LE(std::abs(static_cast<long double>(dx[i]) - exact), bound) << i << " of row " << row;
      }
    }
    kernel(rows, count, y.data(), dy.data(), dy.data());
    ASSERT_EQ(bits(dy.values()), bits(dx.values())) << "in place";
  });
}

TEST(Softmax, HasItsGradient) {
  expect_backward(softmax_backward, false,
                  [](long double y, long double dy, long double sum) { return y * (dy - sum); });
}
TEST(Softmax, HasItsLogarithmsGradient) {
  expect_backward(log_softmax_backward, true,
                  [](long double y, long double dy, long double sum) { return dy - std::exp(y) * sum; });
}

TEST(Softmax, HasItsCrossEntropy) {
  over_rows([&](std::size_t count, float scale, Edge edge) {
    const Guarded<float> x(random_values(count, count, scale), edge);
    Guarded<float> gradient(count, edge);
    const std::size_t label = count / 3;
    const double share = 1.0 / 96;
    const double loss = softmax_cross_entropy(count, x.data(), label, share, gradient.data());
    const Exact exact = exact_log_softmax(x.values());
    const double error = (static_cast<double>(count) + 50) * 0x1p-52;
    ASSERT_NEAR(loss, static_cast<double>(-exact[label]), error * (1 - static_cast<double>(exact[label])));
    for (std::size_t i = 0; i < count; ++i) {
      const long double slope =
          (i == label ? std::expm1(exact[i]) : std::exp(exact[i])) * static_cast<long double>(share);
      ASSERT_LE(std::abs(static_cast<long double>(gradient[i]) - slope), rounded_once(slope) + error * share)
          << i;
    }
    ASSERT_EQ(softmax_cross_entropy(count, x.data(), label, share, nullptr), loss);
  });
}

// The bits of a row do not depend on where it lies, or on the number of threads.
TEST(Softmax, GivesARowTheSameBitsEverywhere) {
  for (const std::size_t count : {3U, 10U, 33U}) {
    const std::vector<float> row = random_values(count, count, 3);
    std::vector<float> alone(count);
    softmax(1, count, row.data(), alone.data());
    const std::size_t many = 5000;
    std::vector<float> x;
    for (std::size_t i = 0; i < many; ++i) x.insert(x.end(), row.begin(), row.end());
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      std::vector<float> y(x.size());
      softmax(many, count, x.data(), y.data());
      for (std::size_t i = 0; i < many; ++i) ASSERT_EQ(bits(row_of(y, i, count)), bits(alone)) << i;
    }
  }
}

TEST(Softmax, DoesNotOverflow) {
  for_each_target([] {
    for (const float offset : {3e38F, -3e38F, 1000.0F, -1000.0F}) {
      const std::vector<float> x{offset, offset};
      std::vector<float> y(2);
      softmax(1, 2, x.data(), y.data());
      EXPECT_EQ(y, (std::vector<float>{0.5F, 0.5F})) << offset;
    }
    const std::vector<float> far{-3e38F, 3e38F, 0};
    std::vector<float> y(3);
    softmax(1, 3, far.data(), y.data());
    EXPECT_EQ(y, (std::vector<float>{0, 1, 0}));
    log_softmax(1, 3, far.data(), y.data());
    EXPECT_EQ(y, (std::vector<float>{-infinity, 0, -3e38F}));
  });
}

// What the header says of NaN and infinities, by plain formulas, for all rows of three such values, at the
// start and at the end of longer ones.
TEST(Softmax, TreatsSpecialValuesAsItsHeaderSays) {
  const std::vector<float> values{1, 0, infinity, -infinity, not_a_number};
  const auto expect_same = [](float got, double expected) {
    const auto value = static_cast<float>(expected);
    if (std::isfinite(value)) {
      ASSERT_NEAR(got, value, rounding);
    } else {
      ASSERT_EQ(std::isnan(got), std::isnan(value)) << "got " << got << ", expected " << value;
      if (std::isinf(value)) {
        ASSERT_EQ(got, value);
      }
    }
  };
  for_each_target([&] {
    for (std::size_t which = 0; which < 125 * 3; ++which) {
      const std::size_t count = which % 3 == 0 ? 3 : 20;
      std::vector<float> x(count, values[which / 15 % 5]);
      const std::size_t at = which % 3 == 1 ? 0 : count - 3;
      x[at] = values[which / 15 % 5];
      x[at + 1] = values[which / 3 % 5];
      x[at + 2] = values[which / 75];
      SCOPED_TRACE(fmt::format("{}, {}, {} of {}", x[at], x[at + 1], x[at + 2], count));

      double largest = static_cast<double>(x[0]);
      for (const float value : x) {
        if (static_cast<double>(value) > largest || std::isnan(value)) largest = static_cast<double>(value);
      }
      double sum = 0;
      for (const float value : x) sum += std::exp(static_cast<double>(value) - largest);
      const double log_sum = std::isfinite(largest) ? largest + std::log(sum) : largest;

      std::vector<float> y(count);
      std::vector<float> log_y(count);
      std::vector<float> gradient(count);
      softmax(1, count, x.data(), y.data());
      log_softmax(1, count, x.data(), log_y.data());
      const double loss = softmax_cross_entropy(count, x.data(), at, 1, gradient.data());
      expect_same(static_cast<float>(loss), log_sum - static_cast<double>(x[at]));
      for (std::size_t i = 0; i < count; ++i) {
        const auto value = static_cast<double>(x[i]);
        expect_same(y[i], std::exp(value - largest) / sum);
        expect_same(log_y[i], value - log_sum);
        expect_same(gradient[i], std::exp(value - log_sum) - (i == at ? 1 : 0));
      }
    }
  });
}

TEST(Softmax, KeepsNaNInGradients) {
  for_each_target([] {
    for (const std::size_t count : {3U, 20U}) {
      for (std::size_t at = 0; at < count; ++at) {
        std::vector<float> y(count, 1 / static_cast<float>(count));
        std::vector<float> dy(count, 1);
        std::vector<float> dx(count);
        dy[at] = not_a_number;
        softmax_backward(1, count, y.data(), dy.data(), dx.data());
        for (const float value : dx) ASSERT_TRUE(std::isnan(value)) << at;
        log_softmax_backward(1, count, y.data(), dy.data(), dx.data());
        for (const float value : dx) ASSERT_TRUE(std::isnan(value)) << at;
      }
    }
  });
}

}  // namespace
}  // namespace halfwave::kernel
