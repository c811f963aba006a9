// Max-pooling against the definition, exactly: values are few small integers (so that many are equal), and
// gradients integers (so that every sum of them is exact).
#include <gtest/gtest.h>

#include "pool_testing.h"

namespace halfwave::kernel {
namespace {

struct MaxPoolCase {
  MaxPoolCase(const PoolSize& s, std::int64_t batch, std::uint64_t seed) : size(s), n(batch) {
    RandomStream random = random_of(seed);
    for (std::size_t i = 0; i < inputs_of(s, n); ++i) {
      const std::uint32_t kind = random.below(60);
      x.push_back(kind == 0   ? not_a_number
                  : kind == 1 ? -infinity
                  : kind == 2 ? infinity
                              : static_cast<float>(between(random, -4, 3)));
    }
    for (std::size_t i = 0; i < outputs_of(s, n); ++i)
      dy.push_back(static_cast<float>(between(random, 1, 100)));
  }

  PoolSize size;
  std::int64_t n;
  std::vector<float> x, dy;
};

struct MaxPoolResult {
  std::vector<float> y, dx;
};

// The first of equal values wins; of several NaN the last (PyTorch's rule).
MaxPoolResult definition(const MaxPoolCase& c, bool rectify) {
  MaxPoolResult result{std::vector<float>(c.dy.size()), std::vector<float>(c.x.size())};
  over_windows(c.size, c.n, [&](std::size_t out, const std::vector<std::size_t>& window, int) {
    std::size_t winner = window.at(0);
    for (const std::size_t i : window) {
      if (c.x[i] > c.x[winner] || std::isnan(c.x[i])) winner = i;
    }
    const float best = c.x[winner];
    result.y[out] = rectify && best <= 0 ? 0.0F : best;
    if (!rectify || !(best <= 0)) result.dx[winner] += c.dy[out];
  });
  return result;
}

void expect_equal(const Guarded<float>& got, const std::vector<float>& expected, const char* what) {
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const float value = got.data()[i];
    ASSERT_TRUE(std::isnan(expected[i]) ? std::isnan(value) : value == expected[i])
        << what << " at " << i << ": got " << value << ", expected " << expected[i];
  }
}

void expect_right(const MaxPoolCase& c, bool rectify, const MaxPoolResult& expected, Edge edge) {
  const Guarded<float> x(c.x, edge);
  const Guarded<float> dy(c.dy, edge);
  Guarded<float> y(c.dy.size(), edge);
  Guarded<float> unsaved(c.dy.size(), edge);
  Guarded<float> dx(c.x.size(), edge);
  Guarded<std::byte> saved(max_pool_saved_bytes(c.size, c.n), edge);
  max_pool_forward(c.size, c.n, rectify, x.data(), y.data(), saved.data());
  max_pool_forward(c.size, c.n, rectify, x.data(), unsaved.data(), nullptr);
  max_pool_backward(c.size, c.n, dy.data(), dx.data(), saved.data());
  expect_equal(y, expected.y, "y");
  expect_equal(unsaved, expected.y, "y without saving");
  expect_equal(dx, expected.dx, "dx");
}

void expect_right(const PoolSize& size, std::uint64_t seed) {
  SCOPED_TRACE(text_of(size));
  RandomStream random = random_of(seed);
  const MaxPoolCase c(size, between(random, 1, 4), seed);
  const Edge edge = seed % 2 == 0 ? Edge::back : Edge::front;
  for (const bool rectify : {false, true}) {
    SCOPED_TRACE(rectify ? "rectified" : "plain");
    const MaxPoolResult expected = definition(c, rectify);
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      expect_right(c, rectify, expected, edge);
    }
    for_each_target([&] { expect_right(c, rectify, expected, edge); });
  }
}

TEST(MaxPool, AgreesWithTheDefinition) {
  for (std::uint64_t number = 0; number < 80; ++number) expect_right(generated_pool(number, 5), number);
}

// Up to 254 values a winner is kept in a byte, from 255 on in two.
TEST(MaxPool, TakesWindowsOfAnySize) {
  for (const auto& [height, width] : std::vector<std::pair<std::int64_t, std::int64_t>>{
           {2, 127}, {15, 17}, {16, 16}, {1, 255}, {257, 1}, {20, 30}}) {
    PoolSize size{.input_height = height + 3,
                  .input_width = width + 2,
                  .channels = 5,
                  .output_height = 4,
                  .output_width = 2,
                  .kernel_height = height,
                  .kernel_width = width};
    size.stride_width = 2;
    expect_right(size, static_cast<std::uint64_t>(height));
  }
}

// The winner may be the very last value of the largest window that a byte can hold, and of the next larger
// one.
TEST(MaxPool, FindsTheLastValueOfAWideWindow) {
  for (const std::int64_t width : {254, 255, 256, 257, 65000}) {
    const PoolSize size{.input_height = 1,
                        .input_width = width,
                        .channels = 1,
                        .output_height = 1,
                        .output_width = 1,
                        .kernel_height = 1,
                        .kernel_width = width};
    std::vector<float> x(static_cast<std::size_t>(width));
    x.back() = 1;
    std::vector<std::byte> saved(max_pool_saved_bytes(size, 1));
    float y = 0;
    const float dy = 3;
    std::vector<float> dx(x.size(), not_a_number);
    max_pool_forward(size, 1, true, x.data(), &y, saved.data());
    max_pool_backward(size, 1, &dy, dx.data(), saved.data());
    EXPECT_EQ(y, 1) << width;
    std::vector<float> expected(x.size());
    expected.back() = 3;
    EXPECT_EQ(dx, expected) << width;
  }
}

TEST(MaxPool, RunsASmallerBatchAfterALargerOne) {
  const PoolSize size = generated_pool(5, 4);
  const MaxPoolCase large(size, 4, 1);
  const MaxPoolCase small(size, 2, 2);
  std::vector<std::byte> saved(max_pool_saved_bytes(size, 4));
  std::vector<float> y(large.dy.size());
  max_pool_forward(size, 4, false, large.x.data(), y.data(), saved.data());
  std::vector<float> got(small.x.size(), not_a_number);
  max_pool_forward(size, 2, false, small.x.data(), y.data(), saved.data());
  max_pool_backward(size, 2, small.dy.data(), got.data(), saved.data());
  std::vector<float> expected(small.x.size());
  std::vector<std::byte> fresh(max_pool_saved_bytes(size, 2));
  max_pool_forward(size, 2, false, small.x.data(), y.data(), fresh.data());
  max_pool_backward(size, 2, small.dy.data(), expected.data(), fresh.data());
  EXPECT_EQ(bits(got), bits(expected));
}

}  // namespace
}  // namespace halfwave::kernel
