// The kernels of batch norm against double.
#include "halfwave/kernel/normalisation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernel_testing.h"

namespace halfwave::kernel {
namespace {

struct Extent {
  std::size_t rows, channels;
};

// Fewer rows than sums run side by side, several chunks, several threads' parts; channels beside vectors.
const std::vector<Extent>& extents() {
  static const std::vector<Extent> all = [] {
    std::vector<Extent> list{{1, 1}, {3, 1}, {40000, 1}, {5000, 3}, {2, 16}, {1000, 70}, {600, 64}};
    for (std::size_t channels = 1; channels <= 70; ++channels)
      list.push_back({5 + channels * 7 % 60, channels});
    return list;
  }();
  return all;
}

// Calls test(extent, edge) for all extents with 1 and 2 threads and with every instruction set.
template <class Test>
void over_extents(Test&& test) {
  for (const Extent& extent : extents()) {
    SCOPED_TRACE(fmt::format("{} rows of {} channels", extent.rows, extent.channels));
    const Edge edge = extent.channels % 2 == 0 ? Edge::back : Edge::front;
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      test(extent, edge);
    }
    for_each_target([&] { test(extent, edge); });
  }
}

// Values about `offset` with deviation 1. A chunk's mean is summed in float: with the offset's 24 bits each
// of its at most 4096 (or 8 rows) additions rounds to 2^-24 of the running sum, in 4 sums side by side, so it
// is off by at most rows_of_a_chunk / 4 * 2^-24 * (offset + 4), here under 4096 / 4 * 2^-24 (offset + 4). The
// sum of squares is taken from that mean, which adds the square of its error; the distances round once each
// and add at most chunk / 4 roundings of the sum.
void expect_statistics(const Extent& e, Edge edge, float offset) {
  RandomStream random = random_of(e.channels);
  std::vector<float> values = normal_values(random, e.rows * e.channels);
  for (float& value : values) value += offset;
  const Guarded<float> x(values, edge);
  Guarded<double> mean(e.channels, edge);
  Guarded<double> variance(e.channels, edge);
  Workspace workspace;
  channel_statistics(e.rows, e.channels, x.data(), mean.data(), variance.data(), workspace);
  const double chunk =
      std::min(static_cast<double>(e.rows), std::max(4096.0 / static_cast<double>(e.channels), 8.0));
  const double mean_bound = (chunk / 4 + 4) * rounding * (std::abs(static_cast<double>(offset)) + 5);
  for (std::size_t c = 0; c < e.channels; ++c) {
    double sum = 0;
    for (std::size_t r = 0; r < e.rows; ++r) sum += static_cast<double>(values[r * e.channels + c]);
    const double exact_mean = sum / static_cast<double>(e.rows);
    double squares = 0;
    for (std::size_t r = 0; r < e.rows; ++r) {
      squares += std::pow(static_cast<double>(values[r * e.channels + c]) - exact_mean, 2);
    }
    const double exact = squares / static_cast<double>(e.rows);
    ASSERT_NEAR(mean[c], exact_mean, mean_bound) << "mean of channel " << c;
    const double bound = mean_bound * mean_bound + 2 * mean_bound * rounding +
                         (chunk / 4 + 8) * rounding * exact +
                         2 * rounding * (std::abs(static_cast<double>(offset)) * rounding + 1e-30);
    ASSERT_NEAR(variance[c], exact, bound) << "variance of channel " << c;
  }
}

TEST(Normalisation, TakesTheStatisticsOfEachChannel) {
  over_extents([](const Extent& e, Edge edge) { expect_statistics(e, edge, 0.5F); });
}

// A variance from the sum of squares would be all rounding here: 1e8 beside 1.
TEST(Normalisation, TakesTheStatisticsOfLargeOffsets) {
  over_extents([](const Extent& e, Edge edge) { expect_statistics(e, edge, 1e4F); });
  over_extents([](const Extent& e, Edge edge) { expect_statistics(e, edge, -3e4F); });
}

TEST(Normalisation, GivesNoVarianceToAConstant) {
  const std::vector<float> x(300, 0.1F);
  double mean[3];
  double variance[3];
  Workspace workspace;
  channel_statistics(100, 3, x.data(), mean, variance, workspace);
  for (int c = 0; c < 3; ++c) {
    // The sum of 25 values in each of four sums rounds 24 times at most.
    EXPECT_NEAR(mean[c], static_cast<double>(0.1F), 28 * rounding * 0.1);
    EXPECT_GE(variance[c], 0);
    EXPECT_LE(variance[c], std::pow(28 * rounding * 0.1, 2));
  }
}

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

TEST(Normalisation, SumsGradientsOfEachChannel) {
  over_extents([](const Extent& e, Edge edge) {
    RandomStream random = random_of(100 + e.channels);
    const Guarded<float> x(normal_values(random, e.rows * e.channels), edge);
    Guarded<float> dy(normal_values(random, e.rows * e.channels), edge);
    const Guarded<float> mean(normal_values(random, e.channels), edge);
    Guarded<double> sum(e.channels, edge);
    Guarded<double> sum_x(e.channels, edge);
    Workspace workspace;
    channel_gradient_sums(e.rows, e.channels, x.data(), dy.data(), {}, mean.data(), sum.data(), sum_x.data(),
                          workspace);
    // In a chunk each of four sums side by side rounds at most chunk / 4 times; a product and a difference
    // more.
    const double chunk =
        std::min(static_cast<double>(e.rows), std::max(4096.0 / static_cast<double>(e.channels), 8.0));
    for (std::size_t c = 0; c < e.channels; ++c) {
      double one = 0;
      double two = 0;
      double one_magnitude = 0;
      double two_magnitude = 0;
      for (std::size_t i = c; i < x.size(); i += e.channels) {
        const auto g = static_cast<double>(dy.data()[i]);
        const double product = g * (static_cast<double>(x.data()[i]) - static_cast<double>(mean.data()[c]));
        one += g;
        two += product;
        one_magnitude += std::abs(g);
        two_magnitude += std::abs(product);
      }
      ASSERT_NEAR(sum[c], one, (chunk / 4 + 6) * rounding * one_magnitude) << c;
      ASSERT_NEAR(sum_x[c], two, (chunk / 4 + 8) * rounding * two_magnitude) << c;
    }
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

TEST(Normalisation, GivesTheSameBitsAtEveryAddress) {
  RandomStream random = random_of(9);
  const std::size_t rows = 500;
  for (const std::size_t channels : {1U, 3U, 16U, 33U}) {
    const std::vector<float> values = normal_values(random, rows * channels);
    std::vector<double> first;
    for (std::size_t shift = 0; shift < 5; ++shift) {
      std::vector<float> room(values.size() + shift);
      std::copy(values.begin(), values.end(), room.begin() + static_cast<std::ptrdiff_t>(shift));
      std::vector<double> result(2 * channels);
      Workspace workspace;
      channel_statistics(rows, channels, room.data() + shift, result.data(), result.data() + channels,
                         workspace);
      if (shift == 0) first = result;
      EXPECT_EQ(result, first) << channels << " channels, shifted by " << shift;
    }
  }
}

}  // namespace
}  // namespace halfwave::kernel
