// The numeric contract of every activation: kernels against the formulas in double, the formulas against
// known values, the slope against a difference quotient, NaN, infinities, zeros, kinks, range.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "catalogue_testing.h"

namespace halfwave {
namespace {

// |got - exact| in units in the last place of exact as a float.
double ulp_error(float got, double exact) {
  if (std::isnan(got) || std::isnan(exact)) return std::isnan(got) && std::isnan(exact) ? 0 : HUGE_VAL;
  // Beyond the largest float, infinity stands for the next number.
  const double overflow = 0x1p128;
  const double value = std::isinf(got) ? std::copysign(overflow, got) : static_cast<double>(got);
  const double target = std::clamp(exact, -overflow, overflow);
  const int exponent = std::clamp(std::ilogb(target), -126, 127);
  return std::abs(value - target) / std::ldexp(1.0, exponent - 23);
}

struct Worst {
  double ulp = 0;  // where the absolute error is beyond its bound
  float at = 0;
};

Worst worst_error(const std::vector<float>& x, const std::vector<float>& got,
                  const std::vector<double>& exact, const ErrorBound& bound) {
  Worst worst;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double ulp = ulp_error(got[i], exact[i]);
    if (ulp > worst.ulp && !(std::abs(got[i] - exact[i]) <= bound.absolute)) worst = {ulp, x[i]};
  }
  return worst;
}

// Rounding the exact result to float costs half a unit whatever the kernel does.
double allowed_ulp(const ErrorBound& bound) { return std::max(bound.ulp, 0.5) + 1e-6; }

void expect_error_bounds(const Activation& activation, std::uint32_t stride, double more = 0) {
  SCOPED_TRACE(activation.text());
  const std::vector<float> x = float_sample(activation, stride);
  std::vector<double> values;
  std::vector<double> slopes;
  for (const float value : x) {
    values.push_back(activation.value(value));
    slopes.push_back(activation.slope(value));
  }
  const ErrorBound& forward_bound = activation.info().forward_error;
  const ErrorBound& backward_bound = activation.info().backward_error;
  for_each_target([&] {
    const Worst value = worst_error(x, forward(activation, x), values, forward_bound);
    EXPECT_LE(value.ulp, allowed_ulp(forward_bound) + more) << "value at " << value.at;
    const Worst slope = worst_error(x, float_slopes(activation, x), slopes, backward_bound);
    EXPECT_LE(slope.ulp, allowed_ulp(backward_bound) + more) << "slope at " << slope.at;
  });
}

TEST(Value, DefaultsKeepTheirErrorBounds) {
  for (const Activation& activation : defaults()) expect_error_bounds(activation, (1U << 13) + 1);
}

TEST(Value, OtherParametersKeepTheErrorBounds) {
  // A product with a parameter that is no power of two rounds where the default does not: one or two of them.
  for (const Activation& activation : variants()) expect_error_bounds(activation, (1U << 15) + 1, 1);
}

// Computed with 40 digits from the definitions of PyTorch and ONNX, not by this library.
TEST(Value, AgreesWithKnownValues) {
  struct Known {
    std::string_view text;
    double x;
    double y;
  };
  const std::vector<Known> known = {
      {"linear", -2, -2},
      {"relu", -0.0, 0},
      {"relu", 3, 3},
      {"relu6", 7, 6},
      {"leaky_relu:slope=0.25", -4, -1},
      {"thresholded_relu", 1, 0},
      {"thresholded_relu", 1.5, 1.5},
      {"elu", -1, -0.63212055882855768},
      {"elu:alpha=0.5", -2, -0.43233235838169365},
      {"selu", -1, -1.1113307378125628},
      {"selu", 2, 2.101401974710961},
      {"celu:alpha=0.5", -1, -0.43233235838169365},
      {"sigmoid", 2, 0.88079707797788244},
      {"log_sigmoid", -30, -30.000000000000094},
      {"log_sigmoid", 30, -9.3576229688397368e-14},
      {"hard_sigmoid", 1, 2.0 / 3},
      {"tanh", 0.5, 0.46211715726000976},
      {"hard_tanh", -3, -1},
      {"softplus", 0, 0.69314718055994531},
      {"softplus:beta=2", 0.5, 0.65663084375911142},
      {"softplus", -40, 4.248354255291589e-18},
      {"softsign", -3, -0.75},
      {"gelu", 1, 0.84134474606854295},
      {"gelu", -1, -0.15865525393145705},
      {"gelu", -6, -5.9195258702261888e-9},
      {"gelu", -13, -7.9523137194148436e-38},
      {"gelu_tanh", 1, 0.8411919906082767},
      {"gelu_tanh", -2, -0.045402305912224981},
      {"silu", 1, 0.73105857863000488},
      {"silu", -90, -7.3746113615914639e-38},
      {"hard_silu", 1, 2.0 / 3},
      {"hard_silu", -3.5, 0},
      {"mish", 1, 0.86509838826731035},
      {"mish", -2, -0.25250148269570886},
      {"hard_shrink", 0.5, 0},
      {"hard_shrink", -0.75, -0.75},
      {"soft_shrink", -0.75, -0.25},
      {"tanh_shrink", 0.001953125, 2.4835230760858699e-9},
      {"tanh_shrink", 2, 1.0359724199241831},
      {"step", -0.0, 0},
      {"step", 0, 0},
      {"step", 1e-45, 1},
      {"abs", -2, 2},
      {"square", -3, 9},
      {"gaussian", 1, 0.36787944117144232},
      {"gaussian:width=2", 3, 0.10539922456186434},
      {"inverse_multiquadric", 1, 0.70710678118654752},
      {"inverse_multiquadric:width=2", -1, 0.44721359549995794},
  };
  for (const auto& [text, x, y] : known) {
    EXPECT_NEAR(Activation::parse(text).value(x), y, 1e-14 * std::abs(y)) << text << " at " << x;
  }
  for_each_target([] {
    EXPECT_EQ(bits_of(forward(Activation::parse("relu"), -0.0F)), bits_of(0.0F));
    EXPECT_EQ(float_slope(Activation::parse("relu"), 0.0F), 0);
    EXPECT_EQ(float_slope(Activation::parse("relu"), -0.0F), 0);
  });
}

std::vector<double> gradient_points(const Activation& activation) {
  std::vector<double> points;
  for (int i = -320; i <= 320; ++i) points.push_back(i * 0.0625);
  for (int i = -40; i <= 40; ++i) {
    const double x = std::exp2(i / 2.0);
    points.insert(points.end(), {x, -x});
  }
  const std::vector<double> kinks = kinks_of(activation);
  std::erase_if(points, [&](double x) {
    return std::ranges::any_of(
        kinks, [&](double kink) { return std::abs(x - kink) < 1e-3 * std::max(1.0, std::abs(x)); });
  });
  return points;
}

TEST(Slope, IsTheDerivativeAwayFromKinks) {
  for (const Activation& activation : variants()) {
    SCOPED_TRACE(activation.text());
    for (const double x : gradient_points(activation)) {
      const double h = 1e-6 * std::max(1.0, std::abs(x));
      const double quotient = (activation.value(x + h) - activation.value(x - h)) / (2 * h);
      const double slope = activation.slope(x);
      ASSERT_NEAR(quotient, slope, 2e-6 * (1 + std::abs(slope))) << "at " << x;
    }
  }
}

TEST(Slope, AtAKinkIsAsDeclared) {
  for (const Activation& activation : variants()) {
    SCOPED_TRACE(activation.text());
    const std::vector<double> kinks = kinks_of(activation);
    EXPECT_TRUE(std::ranges::is_sorted(kinks));
    EXPECT_EQ(std::ranges::adjacent_find(kinks), kinks.end());
    for (const double kink : kinks) {
      SCOPED_TRACE(kink);
      const double left = activation.slope(kink - 1e-9);
      const double right = activation.slope(kink + 1e-9);
      const double jump = activation.value(kink + 1e-9) - activation.value(kink - 1e-9);
      EXPECT_TRUE(std::abs(left - right) > 1e-6 || std::abs(jump) > 1e-6) << "no kink";
      const bool zero = left == 0 || right == 0 || left == -right;
      const double declared = zero ? 0 : left;
      EXPECT_NEAR(activation.slope(kink), declared, 1e-7);
      for_each_target(
          [&] { EXPECT_NEAR(float_slope(activation, static_cast<float>(kink)), declared, 1e-6); });
      if (kink == 0) {
        EXPECT_NEAR(activation.slope(-0.0), declared, 1e-7);
      }
    }
  }
}

TEST(Slope, VanishesOnBothSidesWhereTheCatalogueSaysSo) {
  for (const Activation& activation : variants()) {
    const bool vanishes = std::abs(activation.slope(-1e9)) < 1e-6 && std::abs(activation.slope(1e9)) < 1e-6;
    EXPECT_EQ(vanishes, activation.info().saturates) << activation.text();
  }
}

TEST(Value, NeverFallsWhereTheCatalogueSaysSo) {
  for (const Activation& activation : variants()) {
    bool falls = false;
    double before = activation.value(-50.0);
    for (int i = -49'999; i <= 50'000; ++i) {
      const double value = activation.value(i / 1000.0);
      falls = falls || value < before - 1e-14 * std::abs(before);  // the formulas round
      before = value;
    }
    EXPECT_EQ(falls, !activation.info().rises) << activation.text();
  }
}

TEST(Value, StaysInTheRangeAndFillsIt) {
  for (const Activation& activation : variants()) {
    SCOPED_TRACE(activation.text());
    const Activation::Range range = activation.range();
    ASSERT_LT(range.minimum, range.maximum);
    const std::vector<float> x = float_sample(activation, (1U << 12) - 1);
    for_each_target([&] {
      const std::vector<float> y = forward(activation, x);
      const auto [smallest, largest] = std::ranges::minmax(y);
      // Bounds that no float hits may be passed by rounding to the next one.
      EXPECT_GE(smallest, std::nextafter(static_cast<float>(range.minimum), -float_infinity));
      EXPECT_LE(largest, std::nextafter(static_cast<float>(range.maximum), float_infinity));
      if (range.minimum == std::round(range.minimum)) {
        EXPECT_GE(smallest, range.minimum);
      }
      if (range.maximum == std::round(range.maximum)) {
        EXPECT_LE(largest, range.maximum);
      }
      if (std::isinf(range.minimum)) {
        EXPECT_LT(smallest, -1e30);
      } else {
        EXPECT_NEAR(smallest, range.minimum, 1e-6);
      }
      if (std::isinf(range.maximum)) {
        EXPECT_GT(largest, 1e30);
      } else {
        EXPECT_NEAR(largest, range.maximum, 1e-6 * std::max(1.0, range.maximum));
      }
    });
  }
}

TEST(Special, NanInNanOut) {
  std::vector<float> nans;
  for (const std::uint32_t bits :
       {0x7FC00000U, 0xFFC00000U, 0x7F800001U, 0xFF800001U, 0x7FFFFFFFU, 0xFFFFFFFFU}) {
    nans.push_back(std::bit_cast<float>(bits));
  }
  const std::vector<float> ones(nans.size(), 1);
  const std::vector<float> numbers = {-2, -0.0F, 0, 0.25F, 2, 10};
  for (const Activation& activation : variants()) {
    SCOPED_TRACE(activation.text());
    EXPECT_TRUE(std::isnan(activation.value(std::numeric_limits<double>::quiet_NaN())));
    EXPECT_TRUE(std::isnan(activation.slope(std::numeric_limits<double>::quiet_NaN())));
    for_each_target([&] {
      for (const float y : forward(activation, nans)) EXPECT_TRUE(std::isnan(y));
      std::vector<float> dx(nans.size());
      activation.backward(nans.data(), ones.data(), dx.data(), nans.size());
      for (const float value : dx) EXPECT_TRUE(std::isnan(value)) << "from a NaN saved";
      activation.backward(numbers.data(), nans.data(), dx.data(), nans.size());
      for (const float value : dx) EXPECT_TRUE(std::isnan(value)) << "from a NaN dy";
    });
  }
}

TEST(Special, InfinityGivesTheLimit) {
  for (const Activation& activation : variants()) {
    SCOPED_TRACE(activation.text());
    for (const double sign : {-1.0, 1.0}) {
      SCOPED_TRACE(sign);
      const auto expect_limit = [&](double got, double far) {
        if (std::abs(far) > 1e20) {
          EXPECT_EQ(got, std::copysign(HUGE_VAL, far));
        } else {
          EXPECT_NEAR(got, far, 1e-6);
        }
      };
      const double value = activation.value(sign * 1e30);
      const double slope = activation.slope(sign * 1e30);
      expect_limit(activation.value(sign * HUGE_VAL), value);
      expect_limit(activation.slope(sign * HUGE_VAL), slope);
      for_each_target([&] {
        const auto x = static_cast<float>(sign * HUGE_VAL);
        expect_limit(forward(activation, x), value);
        expect_limit(float_slope(activation, x), slope);
      });
    }
  }
}

TEST(Special, ZeroSlopeGivesZero) {
  const std::vector<float> gradients = {1, -1, float_largest, -float_largest, float_tiniest, 0, -0.0F};
  for (const Activation& activation : variants()) {
    SCOPED_TRACE(activation.text());
    std::vector<float> x;
    for (const float candidate : float_sample(activation, 1U << 20)) {
      if (activation.slope(candidate) == 0) x.push_back(candidate);
    }
    for_each_target([&] {
      for (const float dy : gradients) {
        std::vector<float> dx(x.size(), dy);
        const std::vector<float> saved = activation.info().backward_from_y ? forward(activation, x) : x;
        activation.backward(saved.data(), dx.data(), dx.data(), x.size());
        for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(dx[i], 0) << "at " << x[i] << ", dy " << dy;
      }
    });
  }
}

}  // namespace
}  // namespace halfwave
