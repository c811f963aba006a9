// Convolutions that make the output of a max-pool behind them, and take its gradient before it is spread out:
// what comes out must be what the two make one after the other.
#include <gtest/gtest.h>

#include <cstring>

#include "convolution_testing.h"
#include "pool_testing.h"

namespace halfwave::kernel {
namespace {

constexpr std::uint64_t generated_pairs = 80;

// A convolution and the pool behind it, with windows side by side, overlapping or with gaps, padded or not,
// with pixels left over.
struct Pair {
  ConvolutionSize convolution;
  PoolSize pool;
};

Pair generated_pair(std::uint64_t number) {
  RandomStream random = random_of(1000 + number);
  for (std::uint64_t attempt = 0;; ++attempt) {
    PoolSize pool = generated_pool(number * 1000 + attempt, 4);
    ConvolutionSize s{};
    s.output_height = pool.input_height;
    s.output_width = pool.input_width;
    s.output_channels = pool.channels;
    const std::vector<std::int64_t> channels{1, 3, 16, 20, 37};
    s.input_channels = one_of(random, channels);
    s.kernel_height = between(random, 1, 5);
    s.kernel_width = random.below(2) == 0 ? s.kernel_height : between(random, 1, 5);
    s.stride_height = between(random, 1, 2);
    s.stride_width = between(random, 1, 2);
    s.pad_height = between(random, 0, s.kernel_height - 1);
    s.pad_width = between(random, 0, s.kernel_width - 1);
    s.input_height = (s.output_height - 1) * s.stride_height + s.kernel_height - 2 * s.pad_height;
    s.input_width = (s.output_width - 1) * s.stride_width + s.kernel_width - 2 * s.pad_width;
    if (s.input_height > 0 && s.input_width > 0) return {s, pool};
  }
}

// More rows than a tile of pixels has, and several images in one.
const std::vector<Pair>& pairs() {
  static const std::vector<Pair> all = [] {
    std::vector<Pair> list;
    for (std::uint64_t number = 0; number < generated_pairs; ++number) list.push_back(generated_pair(number));
    for (const auto& [window, stride] : {std::pair{3, 2}, {3, 1}, {2, 2}, {3, 3}}) {
      const std::int64_t side = 31;
      list.push_back({{.input_height = side,
                       .input_width = side,
                       .input_channels = 5,
                       .output_height = side,
                       .output_width = side,
                       .output_channels = 20,
                       .kernel_height = 3,
                       .kernel_width = 3,
                       .pad_height = 1,
                       .pad_width = 1},
                      square_pool(side, side, 20, window, stride)});
    }
    return list;
  }();
  return all;
}

// A gradient of the pool, as it is and spread out.
struct Gradient {
  Gradient(const PoolSize& size, std::int64_t n, std::uint64_t seed)
      : size_(size),
        n_(n),
        rectify_(seed % 3 != 0),
        saved_(max_pool_saved_bytes(size, n)),
        pooled_(static_cast<std::size_t>(n) * size.output_size()),
        spread(static_cast<std::size_t>(n) * size.input_size()),
        magnitude(spread.size()) {
    RandomStream random = random_of(seed);
    const std::vector<float> x = normal_values(random, spread.size());
    std::vector<float> y(pooled_.size());
    max_pool_forward(size, n, rectify_, x.data(), y.data(), saved_.data());
    pooled_ = normal_values(random, pooled_.size());
    make_zeros(random, seed % 2 == 0 ? 0 : 0.7, pooled_);
    settle();
  }

  void set(std::size_t i, float value) {
    pooled_[i] = value;
    settle();
  }

  // Where nothing lies behind or before it that could be read or written.
  PooledGradient guarded(Guarded<float>& dy, Guarded<std::uint8_t>& winners) const {
    std::copy(pooled_.begin(), pooled_.end(), dy.data());
    std::memcpy(winners.data(), saved_.data(), saved_.size());
    return pooled_gradient(size_, n_, rectify_, dy.data(),
                           reinterpret_cast<const std::byte*>(winners.data()));
  }

  std::size_t values() const { return pooled_.size(); }
  std::size_t saved_bytes() const { return saved_.size(); }

 private:
  void settle() {
    max_pool_backward(size_, n_, pooled_.data(), spread.data(), saved_.data());
    std::vector<float> absolute = pooled_;
    for (float& value : absolute) value = std::abs(value);
    max_pool_backward(size_, n_, absolute.data(), magnitude.data(), saved_.data());
  }

  PoolSize size_;
  std::int64_t n_;
  bool rectify_;
  std::vector<std::byte> saved_;
  std::vector<float> pooled_;

 public:
  std::vector<float> spread;
  std::vector<float> magnitude;  // the sums of absolute values, where windows overlap
};

struct Result {
  bool has_dx, has_dw;
  std::vector<float> dx, dw;
};

Result run(const ConvolutionCase& c, const Gradient& gradient, Edge edge) {
  Guarded<float> pooled(gradient.values(), edge);
  Guarded<std::uint8_t> winners(gradient.saved_bytes(), edge);
  const PooledGradient dy = gradient.guarded(pooled, winners);
  const Guarded<float> x(c.x, edge);
  Guarded<float> dx(c.x.size(), edge);
  Guarded<float> dw(c.dw, edge);
  Workspace workspace;
  const auto data = make_sparse_backward_data(c.size);
  data->load(c.w.data());
  const bool has_dx = data->run_pooled(c.n, dy, dx.data(), workspace);
  const bool has_dw =
      make_sparse_dy_backward_weights(c.size)->run_pooled(c.n, x.data(), dy, dw.data(), workspace);
  return {has_dx, has_dw, dx.values(), dw.values()};
}

TEST(PooledConvolution, TakesAGradientAsIfItWereSpreadOut) {
  std::uint64_t number = 0;
  for (const Pair& pair : pairs()) {
    ++number;
    SCOPED_TRACE(text_of(pair.convolution) + "; pool " + text_of(pair.pool));
    ConvolutionCase c(pair.convolution, static_cast<std::int64_t>(1 + number % 4), number);
    const Gradient gradient(pair.pool, c.n, number);
    c.dy = gradient.spread;
    const NaiveConvolution expected(c.size, c.n, c.x, c.w, c.b, c.dy);
    Sums dw = expected.dw;
    if (windows_overlap(pair.pool)) {
      // A product for each window, instead of one with their sum, which was rounded too.
      dw.magnitude = NaiveConvolution(c.size, c.n, c.x, c.w, c.b, gradient.magnitude).dw.magnitude;
      const std::int64_t windows = pair.pool.output_height * pair.pool.output_width;
      const std::int64_t places = pair.pool.kernel_height * pair.pool.kernel_width;
      for (double& terms : dw.terms) terms += static_cast<double>(c.n * windows + places);
    }
    for (std::size_t i = 0; i < c.dw.size(); ++i) dw.value[i] += static_cast<double>(c.dw[i]);
    for_each_target([&] {
      for (const int threads : {1, 2}) {
        const ThreadScope scope(threads);
        const Result got = run(c, gradient, number % 2 == 0 ? Edge::front : Edge::back);
        ASSERT_TRUE(got.has_dw);
        ASSERT_EQ(got.has_dx, !windows_overlap(pair.pool));
        if (got.has_dx) expect_within(got.dx, expected.dx.value, expected.dx.bound(), "dx");
        expect_within(got.dw, dw.value, dw.bound(c.dw), "dw");
      }
    });
  }
}

// NaN and infinity in the gradient come out as they do from dy; where one could hide behind a 0 that is
// skipped, nothing is done.
TEST(PooledConvolution, HidesNothingBehindZeros) {
  const Pair pair = pairs().back();
  ConvolutionCase c(pair.convolution, 2, 7);
  Gradient gradient(pair.pool, c.n, 9);
  gradient.set(3, not_a_number);
  gradient.set(gradient.values() - 40, infinity);
  const auto same_kind = [](const std::vector<float>& got, const std::vector<float>& expected) {
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(std::isnan(got[i]), std::isnan(expected[i])) << i;
      ASSERT_EQ(std::isinf(got[i]), std::isinf(expected[i])) << i;
    }
  };
  for_each_target([&] {
    c.dy = gradient.spread;
    const Result got = run(c, gradient, Edge::back);
    ASSERT_TRUE(got.has_dx && got.has_dw);
    const ConvolutionResult dense = run(zero_skipping, c, Edge::back);
    ASSERT_GT(std::count_if(dense.dx.begin(), dense.dx.end(), [](float v) { return !std::isfinite(v); }), 0);
    same_kind(got.dx, dense.dx);
    same_kind(got.dw, dense.dw);

    ConvolutionCase other = c;
    other.w[1] = infinity;
    EXPECT_FALSE(run(other, gradient, Edge::back).has_dx);
    other.x[other.x.size() - 1] = not_a_number;
    const Result refused = run(other, gradient, Edge::back);
    EXPECT_FALSE(refused.has_dw);
    EXPECT_EQ(bits(refused.dw), bits(other.dw));
  });
}

// Bit for bit: the tiles are the same. Windows that reach over more than two strips of tiles are refused.
// Saved winners without the room behind each pixel's.
std::vector<int> of_channels(const PoolSize& pool, std::size_t count, const std::byte* saved) {
  const auto channels = static_cast<std::size_t>(pool.channels);
  std::vector<int> winners(count);
  for (std::size_t i = 0; i < count; ++i)
    winners[i] = static_cast<int>(saved[i / channels * padded_channels(pool) + i % channels]);
  return winners;
}

TEST(PooledConvolution, MakesTheOutputOfThePool) {
  struct Case {
    std::int64_t height, width, outputs, kernel, window, stride;
    bool ceil, possible;
    WinogradTile tile;
    std::int64_t pad = 0;
    std::int64_t inputs = 5;
  };
  const std::vector<Case> cases{
      {24, 24, 64, 3, 2, 2, false, true, WinogradTile::f4x4_3x3},
      {13, 11, 20, 3, 2, 2, false, true, WinogradTile::f4x4_3x3},  // rows and columns left over
      {13, 11, 20, 3, 2, 2, true, true, WinogradTile::f4x4_3x3},   // a window past the last row
      {12, 9, 200, 3, 2, 2, false, true, WinogradTile::f4x4_3x3},  // more outputs than are made together
      {57, 9, 200, 3, 3, 2, false, true, WinogradTile::f4x4_3x3},  // and rows that windows share
      {13, 10, 17, 3, 3, 3, false, true, WinogradTile::f6x6_3x3},
      {13, 10, 17, 3, 3, 3, false, true, WinogradTile::f4x4_3x3},  // windows across strips
      {12, 12, 8, 3, 2, 4, false, true, WinogradTile::f4x4_3x3},   // gaps
      {15, 12, 8, 3, 2, 3, false, true, WinogradTile::f4x4_3x3},   // gaps, and windows across strips
      {32, 32, 32, 5, 3, 2, true, true, WinogradTile::f4x4_5x5},   // overlaps
      {32, 14, 16, 5, 3, 2, false, true, WinogradTile::f2x2_5x5},
      {17, 18, 9, 3, 3, 2, true, true, WinogradTile::f6x6_3x3, 1},  // and padding
      {11, 12, 9, 3, 3, 1, false, true, WinogradTile::f4x4_3x3, 1},
      {9, 12, 8, 3, 5, 1, false, true, WinogradTile::f4x4_3x3, 2},
      {12, 12, 8, 3, 6, 3, false, false, WinogradTile::f4x4_3x3},
      {7, 12, 33, 5, 2, 2, false, true, WinogradTile::f2x2_5x5},
      {7, 12, 33, 5, 4, 2, false, false, WinogradTile::f2x2_5x5},
      {10, 12, 33, 5, 4, 4, false, true, WinogradTile::f4x4_5x5},
      {32, 32, 32, 5, 3, 2, true, true, WinogradTile::f4x4_5x5, 0, 3},  // few channels
      {29, 9, 150, 3, 3, 2, false, true, WinogradTile::f4x4_3x3, 1, 4},
      {28, 28, 6, 5, 2, 2, false, true, WinogradTile::f4x4_5x5, 0, 1},
  };
  for (const Case& one : cases) {
    const ConvolutionSize s{.input_height = one.height,
                            .input_width = one.width,
                            .input_channels = one.inputs,
                            .output_height = one.height,
                            .output_width = one.width,
                            .output_channels = one.outputs,
                            .kernel_height = one.kernel,
                            .kernel_width = one.kernel,
                            .pad_height = one.kernel / 2,
                            .pad_width = one.kernel / 2};
    const PoolSize pool =
        square_pool(one.height, one.width, one.outputs, one.window, one.stride, one.ceil, one.pad);
    SCOPED_TRACE(text_of(s) + "; pool " + text_of(pool));
    const ConvolutionCase c(s, 3, 2);
    for_each_target([&] {
      for (const bool saves : {false, true}) {
        for (const int threads : {1, 2}) {
          const ThreadScope scope(threads);
          const bool rectify = threads == 2;
          Workspace workspace;
          const auto kernel = make_winograd_forward(s, one.tile, {.training = saves});
          kernel->load(c.w.data(), c.b.data());
          std::vector<float> whole(c.dy.size());
          kernel->run(c.n, c.x.data(), whole.data(), {}, workspace);
          const std::size_t count = static_cast<std::size_t>(c.n) * pool.output_size();
          std::vector<float> expected(count);
          std::vector<std::byte> expected_winners(max_pool_saved_bytes(pool, c.n));
          max_pool_forward(pool, c.n, rectify, whole.data(), expected.data(), expected_winners.data());
          Guarded<float> y(count, threads == 1 ? Edge::front : Edge::back);
          Guarded<std::byte> winners(expected_winners.size(), threads == 1 ? Edge::front : Edge::back);
          const bool done = kernel->run_pooled(
              c.n, c.x.data(), {pool, rectify, y.data(), saves ? winners.data() : nullptr}, workspace);
          ASSERT_EQ(done, one.possible);
          if (!done) continue;
          EXPECT_EQ(bits(y.values()), bits(expected));
          if (saves) {
            EXPECT_EQ(of_channels(pool, count, winners.data()),
                      of_channels(pool, count, expected_winners.data()));
          }
        }
      }
    });
  }
}

TEST(PooledConvolution, NeedsWinnersOfAByte) {
  EXPECT_TRUE(has_pooled_gradient(square_pool(40, 40, 1, 15, 15)));
  EXPECT_FALSE(has_pooled_gradient(square_pool(40, 40, 1, 16, 16)));  // 256 places
}

TEST(PooledConvolution, KnowsWhereWindowsOverlap) {
  EXPECT_FALSE(windows_overlap(square_pool(8, 8, 1, 2, 2)));
  EXPECT_FALSE(windows_overlap(square_pool(8, 8, 1, 2, 3)));
  EXPECT_TRUE(windows_overlap(square_pool(8, 8, 1, 3, 2)));
  PoolSize size = square_pool(8, 8, 1, 2, 2);
  size.kernel_width = 3;
  EXPECT_TRUE(windows_overlap(size));
}

// Against all the rows that each window sees.
TEST(PooledConvolution, KnowsWhichRowsArePooledBeforeARow) {
  for (std::uint64_t number = 0; number < 200; ++number) {
    const PoolSize s = generated_pool(number, 4);
    SCOPED_TRACE(text_of(s));
    for (std::int64_t row = 1; row <= s.input_height; ++row) {
      std::int64_t before = 0;
      for (std::int64_t p = 0; p < s.output_height; ++p) {
        const std::int64_t end =
            std::min(p * s.stride_height - s.pad_height + s.kernel_height, s.input_height);
        if (end <= row) ++before;
      }
      EXPECT_EQ(rows_pooled_before(s, row), before) << row;
    }
    EXPECT_EQ(rows_pooled_before(s, 0), 0);
  }
}

TEST(PooledConvolution, KnowsTheZerosOfItsGradient) {
  const PoolSize size = square_pool(4, 4, 2, 2, 2);
  EXPECT_DOUBLE_EQ((PooledGradient{size, nullptr, nullptr}.zeros(0)), 0.75);
  EXPECT_DOUBLE_EQ((PooledGradient{size, nullptr, nullptr}.zeros(0.6)), 0.9);
}

}  // namespace
}  // namespace halfwave::kernel
