// The kernels of batch norm against double, but for its sums.
#include "halfwave/kernel/normalisation.h"

#include <gtest/gtest.h>

#include "extent_testing.h"

namespace halfwave::kernel {
namespace {

TEST(Normalisation, ScalesAndShifts) {
  over_extents([](const Extent& e, Edge edge) {
    RandomStream random = random_of(e.channels);
    const Guarded<float> x(normal_values(random, e.rows * e.channels), edge);
    const Guarded<float> scale(normal_values(random, e.channels), edge);
    const Guarded<float> shift(normal_values(random, e.channels), edge);
    Guarded<float> y(x.size(), edge);
    scale_shift(e.rows, e.channels, x.data(), scale.data(), shift.data(), y.data(), {});
    for (std::size_t i = 0; i < y.size(); ++i) {
      const auto a = static_cast<double>(x.data()[i]) * static_cast<double>(scale.data()[i % e.channels]);
      const auto b = static_cast<double>(shift.data()[i % e.channels]);
      // A product and a sum.
      ASSERT_NEAR(y[i], a + b, rounding * (2 * std::abs(a) + std::abs(b))) << i;
    }
    Guarded<float> twice(x.values(), edge);  // in place, with the epilogue
    scale_shift(e.rows, e.channels, twice.data(), scale.data(), shift.data(), twice.data(),
                counting_epilogue());
    for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(twice[i], y[i] + epilogue_step) << i;
  });
}

TEST(Normalisation, CombinesGradients) {
  over_extents([](const Extent& e, Edge edge) {
    RandomStream random = random_of(200 + e.channels);
    const Guarded<float> x(normal_values(random, e.rows * e.channels), edge);
    const Guarded<float> dy(normal_values(random, e.rows * e.channels), edge);
    const Guarded<float> a(normal_values(random, e.channels), edge);
    const Guarded<float> b(normal_values(random, e.channels), edge);
    const Guarded<float> c(normal_values(random, e.channels), edge);
    Guarded<float> dx(dy.values(), edge);  // in place
    combine_gradient(e.rows, e.channels, x.data(), dx.data(), a.data(), b.data(), c.data(), dx.data());
    for (std::size_t i = 0; i < dx.size(); ++i) {
      const std::size_t channel = i % e.channels;
      const auto first = static_cast<double>(dy.data()[i]) * static_cast<double>(a.data()[channel]);
      const auto second = static_cast<double>(x.data()[i]) * static_cast<double>(b.data()[channel]);
      const auto third = static_cast<double>(c.data()[channel]);
      // Each product rounds once at most, each of two sums once.
      ASSERT_NEAR(dx[i], first + second + third,
                  4 * rounding * (std::abs(first) + std::abs(second) + std::abs(third)))
          << i;
    }
  });
}

}  // namespace
}  // namespace halfwave::kernel
