// Average pooling against the definition in double.
#include <gtest/gtest.h>

#include "pool_testing.h"

namespace halfwave::kernel {
namespace {

struct AveragePoolCase {
  AveragePoolCase(const PoolSize& size, std::int64_t batch, bool count, std::uint64_t seed)
      : s(size), n(batch), count_pad(count) {
    RandomStream random = random_of(seed);
    x = normal_values(random, inputs_of(s, n));
    dy = normal_values(random, outputs_of(s, n));
    y_value.resize(dy.size());
    y_bound.resize(dy.size());
    dx_value.resize(x.size());
    dx_bound.resize(x.size());
    std::vector<int> parts(x.size());
    // A sum of k values, then a product with a rounded reciprocal: k + 2 roundings of the sum of magnitudes.
    over_windows(s, n, [&](std::size_t out, const std::vector<std::size_t>& window, int padded) {
      const double factor = 1.0 / (count_pad ? padded : static_cast<int>(window.size()));
      for (const std::size_t i : window) {
        const double value = static_cast<double>(x[i]) * factor;
        y_value[out] += value;
        y_bound[out] += std::abs(value) * (static_cast<double>(window.size()) + 2) * rounding;
        const double part = static_cast<double>(dy[out]) * factor;
        dx_value[i] += part;
        dx_bound[i] += std::abs(part) * rounding;
        ++parts[i];
      }
    });
    for (std::size_t i = 0; i < parts.size(); ++i) dx_bound[i] *= parts[i] + 2;
  }

  PoolSize s;
  std::int64_t n;
  bool count_pad;
  std::vector<float> x, dy;
  std::vector<double> y_value, y_bound, dx_value, dx_bound;
};

void expect_right(const AveragePoolCase& c, Edge edge) {
  const Guarded<float> x(c.x, edge);
  const Guarded<float> dy(c.dy, edge);
  Guarded<float> y(dy.size(), edge);
  Guarded<float> dx(x.size(), edge);
  average_pool_forward(c.s, c.n, c.count_pad, x.data(), y.data());
  average_pool_backward(c.s, c.n, c.count_pad, dy.data(), dx.data());
  expect_within(y.values(), c.y_value, c.y_bound, "y");
  expect_within(dx.values(), c.dx_value, c.dx_bound, "dx");
}

TEST(AveragePool, AgreesWithTheDefinition) {
  for (std::uint64_t number = 0; number < 80; ++number) {
    const PoolSize size = generated_pool(500 + number, 5);
    const Edge edge = number % 2 == 0 ? Edge::back : Edge::front;
    for (const bool count_pad : {true, false}) {
      SCOPED_TRACE(text_of(size) + (count_pad ? ", padding counts" : ""));
      const AveragePoolCase c(size, static_cast<std::int64_t>(1 + number % 4), count_pad, number);
      for (const int threads : {1, 2}) {
        const ThreadScope scope(threads);
        expect_right(c, edge);
      }
      for_each_target([&] { expect_right(c, edge); });
    }
  }
}

// 2x2 windows with stride 2 over 3x3 pixels with ceil: the last ones have 2 and 1 pixels, and what lies
// beyond the image without padding is not counted.
TEST(AveragePool, DoesNotCountWhatCeilAdds) {
  const PoolSize size = square_pool(3, 3, 1, 2, 2, true);
  const std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<float> y(4);
  average_pool_forward(size, 1, true, x.data(), y.data());
  EXPECT_EQ(y, (std::vector<float>{3, 4.5, 7.5, 9}));
}

}  // namespace
}  // namespace halfwave::kernel
