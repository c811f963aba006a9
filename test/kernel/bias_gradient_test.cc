// The gradient of a bias: sums against double, the slope before the sums, neighbouring memory, many terms.
#include "halfwave/kernel/channel_sum.h"

#include "extent_testing.h"

namespace halfwave::kernel {
namespace {

TEST(BiasGradient, AddsTheSumsAfterTheSlope) {
  const auto test = [](const Extent& e, Edge edge) {
    RandomStream random = random_of(e.channels);
    const std::vector<float> gradients = normal_values(random, e.rows * e.channels);
    const std::vector<float> start = normal_values(random, e.channels);
    for (const Epilogue& slope : {Epilogue{}, counting_epilogue()}) {
      Guarded<float> dy(gradients, edge);
      Guarded<float> db(start, edge);
      Workspace workspace;
      bias_gradient(e.rows, e.channels, dy.data(), slope, db.data(), workspace);
      const float step = slope.apply != nullptr ? epilogue_step : 0;
      for (std::size_t i = 0; i < gradients.size(); ++i) ASSERT_EQ(dy[i], gradients[i] + step) << i;
      for (std::size_t c = 0; c < e.channels; ++c) {
        double sum = static_cast<double>(start[c]);
        double magnitude = std::abs(sum);
        for (std::size_t row = 0; row < e.rows; ++row) {
          sum += static_cast<double>(dy[row * e.channels + c]);
          magnitude += std::abs(static_cast<double>(dy[row * e.channels + c]));
        }
        // 16 additions of floats, two to join the chains, one to db.
        ASSERT_NEAR(db[c], sum, 19 * rounding * magnitude) << c;
      }
    }
  };
  over_extents(test);
  over_extents(test, {{0, 3}, {9000, 16}, {3, 9000}});
}

TEST(BiasGradient, AppliesTheSlopeWithoutABias) {
  std::vector<float> dy(1000, 1);
  Workspace workspace;
  bias_gradient(100, 10, dy.data(), counting_epilogue(), nullptr, workspace);
  for (const float value : dy) ASSERT_EQ(value, 1 + epilogue_step);
}

// Ten million equal numbers: plain float sums of them are off in the second digit.
TEST(BiasGradient, ManyTermsLoseNothing) {
  const std::size_t rows = 10'000'000;
  std::vector<float> dy(rows, 0.1F);
  float db = 0;
  Workspace workspace;
  bias_gradient(rows, 1, dy.data(), {}, &db, workspace);
  EXPECT_NEAR(static_cast<double>(db) / static_cast<double>(rows), static_cast<double>(0.1F), 0.1e-6);
}

}  // namespace
}  // namespace halfwave::kernel
