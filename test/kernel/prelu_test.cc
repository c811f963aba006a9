// PReLU against plain formulas, on every instruction set, with its sums against double.
#include "halfwave/kernel/prelu.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

struct Extent {
  std::size_t rows, channels;
};

TEST(PRelu, RunsForwardAndBackward) {
  for (const Extent& e : std::vector<Extent>{{1, 1}, {5, 3}, {16, 16}, {17, 33}, {100, 7}, {9000, 8}}) {
    SCOPED_TRACE(fmt::format("{} rows of {}", e.rows, e.channels));
    RandomStream random = random_of(e.channels);
    const std::vector<float> dy = normal_values(random, e.rows * e.channels);
    const std::vector<float> slope = normal_values(random, e.channels);
    const std::vector<float> start = normal_values(random, e.channels);
    std::vector<float> x = normal_values(random, dy.size());
    x[0] = -0.0F;
    const Edge edge = e.rows % 2 == 0 ? Edge::back : Edge::front;
    const auto test = [&] {
      const Guarded<float> in(x, edge);
      const Guarded<float> gradient(dy, edge);
      Guarded<float> y(x.size(), edge);
      Guarded<float> dx(x.size(), edge);
      Guarded<float> dslope(start, edge);
      Workspace workspace;
      prelu_forward(e.rows, e.channels, in.data(), slope.data(), y.data());
      prelu_backward(e.rows, e.channels, in.data(), slope.data(), gradient.data(), dx.data(), dslope.data(),
                     workspace);
      std::vector<double> sum(start.begin(), start.end());
      std::vector<double> magnitude(e.channels);
      for (std::size_t i = 0; i < x.size(); ++i) {
        const std::size_t c = i % e.channels;
        ASSERT_EQ(y[i], x[i] > 0 ? x[i] : x[i] * slope[c]) << i;
        ASSERT_EQ(dx[i], dy[i] * (x[i] > 0 ? 1 : slope[c])) << i;
        if (x[i] > 0) continue;
        sum[c] += static_cast<double>(dy[i]) * static_cast<double>(x[i]);
        magnitude[c] += std::abs(static_cast<double>(dy[i]) * static_cast<double>(x[i]));
      }
      for (std::size_t c = 0; c < e.channels; ++c) {
        // A product, 16 additions, and the last to what was there.
        ASSERT_NEAR(dslope[c], sum[c], 18 * rounding * (magnitude[c] + std::abs(sum[c]))) << c;
      }
      Guarded<float> in_place(dy, edge);
      Guarded<float> again(start, edge);
      prelu_backward(e.rows, e.channels, in.data(), slope.data(), in_place.data(), in_place.data(),
                     again.data(), workspace);
      EXPECT_EQ(bits(in_place.values()), bits(dx.values()));
      prelu_backward(e.rows, e.channels, in.data(), slope.data(), gradient.data(), nullptr, again.data(),
                     workspace);
    };
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      test();
    }
    for_each_target(test);
  }
}

TEST(PRelu, PassesOnNan) {
  for_each_target([] {
    const std::vector<float> x = {not_a_number, 1, -1, not_a_number, 2, -2};
    const std::vector<float> dy = {1, not_a_number, 1, 1, 1, 1};
    const std::vector<float> slope = {0.5F, 0.5F, 0.5F};
    std::vector<float> y(x.size());
    std::vector<float> dx(x.size());
    std::vector<float> dslope(slope.size());
    Workspace workspace;
    prelu_forward(2, 3, x.data(), slope.data(), y.data());
    prelu_backward(2, 3, x.data(), slope.data(), dy.data(), dx.data(), dslope.data(), workspace);
    const std::vector<bool> y_nan = {true, false, false, true, false, false};
    const std::vector<bool> dx_nan = {true, true, false, true, false, false};
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(std::isnan(y[i]), y_nan[i]) << i;
      EXPECT_EQ(std::isnan(dx[i]), dx_nan[i]) << i;
    }
    EXPECT_TRUE(std::isnan(dslope[0]));
    EXPECT_FALSE(std::isnan(dslope[1]));
  });
}

}  // namespace
}  // namespace halfwave::kernel
