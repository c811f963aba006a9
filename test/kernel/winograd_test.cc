// Winograd's convolution against the definition in double, over generated shapes. Its bound is that of its
// own arithmetic (Barabasz et al. 2020, ACM Transactions on Mathematical Software 46(4), section 3): the same
// formula on magnitudes, times the roundings that a product passes through.
#include <gtest/gtest.h>

#include "convolution_testing.h"
#include "halfwave/kernel/winograd_matrix.h"

namespace halfwave::kernel {
namespace {

template <WinogradTile kind>
constexpr Implementation implementation_of(const char* name) {
  return {name,
          [](const ConvolutionSize& size) {
            return make_winograd_forward(size, kind, {.training = size.input_height % 2 == 0});
          },
          [](const ConvolutionSize& size) { return make_winograd_backward_data(size, kind); },
          [](const ConvolutionSize& size) { return make_winograd_backward_weights(size, kind); }};
}

// A square of values, row by row.
using Square = std::vector<double>;

// |Matrix| in |Matrix|^T, or with `back` |Matrix|^T in |Matrix|.
template <class Matrix, bool back>
Square spread(const Square& in) {
  constexpr int from = back ? Matrix::rows : Matrix::columns;
  constexpr int to = back ? Matrix::columns : Matrix::rows;
  const auto at = [](int i, int j) { return std::abs(back ? Matrix::at(j, i) : Matrix::at(i, j)); };
  Square out(static_cast<std::size_t>(to * to));
  for (int i = 0; i < to; ++i) {
    for (int j = 0; j < to; ++j) {
      for (int k = 0; k < from; ++k) {
        for (int l = 0; l < from; ++l)
          out[static_cast<std::size_t>(i * to + j)] +=
              at(i, k) * at(j, l) * in[static_cast<std::size_t>(k * from + l)];
      }
    }
  }
  return out;
}

// So many roundings a product passes through in both directions of a transform by sums of so many terms: each
// term its factor's, its product's and those of the additions; a pair's factor and addition.
constexpr double roundings_of(int terms) { return 2.0 * (terms + 4); }

// A picture of magnitudes, 0 outside.
struct Magnitudes {
  std::span<const float> values;
  std::int64_t height, width, channels;

  double at(std::int64_t image, std::int64_t row, std::int64_t column, std::int64_t channel) const {
    if (row < 0 || row >= height || column < 0 || column >= width) return 0;
    return std::abs(static_cast<double>(
        values[static_cast<std::size_t>(((image * height + row) * width + column) * channels + channel)]));
  }
  template <class Matrix>
  Square tile(std::int64_t image, std::int64_t top, std::int64_t left, std::int64_t channel) const {
    Square in;
    for (int i = 0; i < Matrix::columns; ++i) {
      for (int j = 0; j < Matrix::columns; ++j) in.push_back(at(image, top + i, left + j, channel));
    }
    return spread<Matrix, false>(in);
  }
};

void add_products(Square& sum, const Square& a, const Square& b) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += a[i] * b[i];
}

// Bounds of y for x of so many channels. filter(o, c) is transformed.
template <class W, class Filter>
std::vector<double> forward_bound(const Magnitudes& x, std::int64_t n, std::int64_t height,
                                  std::int64_t width, std::int64_t outputs, std::int64_t pad_height,
                                  std::int64_t pad_width, const Filter& filter) {
  const double roundings = static_cast<double>(x.channels) + roundings_of(W::tile) + roundings_of(W::taps) +
                           roundings_of(W::tile) + 2;
  std::vector<double> bound(static_cast<std::size_t>(n * height * width * outputs));
  for (std::int64_t o = 0; o < outputs; ++o) {
    std::vector<Square> filters;
    for (std::int64_t c = 0; c < x.channels; ++c) filters.push_back(filter(o, c));
    for (std::int64_t image = 0; image < n; ++image) {
      for (std::int64_t top = 0; top < height; top += W::outputs) {
        for (std::int64_t left = 0; left < width; left += W::outputs) {
          Square sum(W::points);
          for (std::int64_t c = 0; c < x.channels; ++c)
            add_products(sum, x.tile<typename W::Input>(image, top - pad_height, left - pad_width, c),
                         filters[static_cast<std::size_t>(c)]);
          const Square out = spread<typename W::Output, true>(sum);
          for (std::int64_t i = 0; i < std::min<std::int64_t>(W::outputs, height - top); ++i) {
            for (std::int64_t j = 0; j < std::min<std::int64_t>(W::outputs, width - left); ++j)
              bound[static_cast<std::size_t>(((image * height + top + i) * width + left + j) * outputs + o)] =
                  roundings * rounding * out[static_cast<std::size_t>(i * W::outputs + j)];
          }
        }
      }
    }
  }
  return bound;
}

struct Bounds {
  std::vector<double> y, dx, dw;
};

template <class W>
Bounds bounds_of(const ConvolutionCase& c) {
  const ConvolutionSize& s = c.size;
  const Magnitudes x{c.x, s.input_height, s.input_width, s.input_channels};
  const Magnitudes dy{c.dy, s.output_height, s.output_width, s.output_channels};
  const auto filter = [&](std::int64_t o, std::int64_t i, bool reversed) {
    Square taps;
    for (std::int64_t t = 0; t < W::taps * W::taps; ++t) {
      const std::int64_t tap = reversed ? W::taps * W::taps - 1 - t : t;
      taps.push_back(std::abs(static_cast<double>(
          c.w[static_cast<std::size_t>((o * W::taps * W::taps + tap) * s.input_channels + i)])));
    }
    return spread<typename W::Weight, false>(taps);
  };
  Bounds b;
  b.y = forward_bound<W>(x, c.n, s.output_height, s.output_width, s.output_channels, s.pad_height,
                         s.pad_width, [&](std::int64_t o, std::int64_t i) { return filter(o, i, false); });
  for (std::size_t i = 0; i < b.y.size(); ++i)
    b.y[i] += rounding * std::abs(static_cast<double>(c.b[i % static_cast<std::size_t>(s.output_channels)]));
  b.dx = forward_bound<W>(dy, c.n, s.input_height, s.input_width, s.input_channels,
                          W::taps - 1 - s.pad_height, W::taps - 1 - s.pad_width,
                          [&](std::int64_t i, std::int64_t o) { return filter(o, i, true); });
  const std::int64_t tiles = c.n * ((s.output_height + W::outputs - 1) / W::outputs) *
                             ((s.output_width + W::outputs - 1) / W::outputs);
  // On top of those of the tiles' sum: one for each part of the strips, and for what was in dw before.
  const double roundings = static_cast<double>(tiles) + roundings_of(W::tile) + roundings_of(W::outputs) +
                           roundings_of(W::tile) + 6;
  b.dw.resize(c.dw.size());
  for (std::int64_t o = 0; o < s.output_channels; ++o) {
    for (std::int64_t i = 0; i < s.input_channels; ++i) {
      Square sum(W::points);
      for (std::int64_t image = 0; image < c.n; ++image) {
        for (std::int64_t top = 0; top < s.output_height; top += W::outputs) {
          for (std::int64_t left = 0; left < s.output_width; left += W::outputs)
            add_products(sum, x.tile<typename W::Input>(image, top - s.pad_height, left - s.pad_width, i),
                         dy.tile<typename W::Output>(image, top, left, o));
        }
      }
      const Square out = spread<typename W::Weight, true>(sum);
      for (std::int64_t t = 0; t < W::taps * W::taps; ++t) {
        const auto at = static_cast<std::size_t>((o * W::taps * W::taps + t) * s.input_channels + i);
        b.dw[at] = roundings * rounding *
                   (out[static_cast<std::size_t>(t)] + std::abs(static_cast<double>(c.dw[at])));
      }
    }
  }
  return b;
}

struct Kind {
  WinogradTile tile;
  std::int64_t kernel;
  Implementation implementation;
  Bounds (*bounds)(const ConvolutionCase&);
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {WinogradTile::f4x4_3x3, 3, implementation_of<WinogradTile::f4x4_3x3>("F(4x4, 3x3)"),
       &bounds_of<Winograd<4, 3>>},
      {WinogradTile::f6x6_3x3, 3, implementation_of<WinogradTile::f6x6_3x3>("F(6x6, 3x3)"),
       &bounds_of<Winograd<6, 3>>},
      {WinogradTile::f2x2_5x5, 5, implementation_of<WinogradTile::f2x2_5x5>("F(2x2, 5x5)"),
       &bounds_of<Winograd<2, 5>>},
      {WinogradTile::f4x4_5x5, 5, implementation_of<WinogradTile::f4x4_5x5>("F(4x4, 5x5)"),
       &bounds_of<Winograd<4, 5>>}};
  return all;
}

ConvolutionSize generated_size(const Kind& kind, std::uint64_t number) {
  RandomStream random = random_of(number);
  for (;;) {
    ConvolutionSize s{};
    const std::int64_t most = number % 4 == 3 ? 70 : 20;
    s.input_channels = between(random, 1, number % 4 == 1 ? 8 : most);
    s.output_channels = between(random, 1, number % 8 == 2 ? 8 : most);
    s.kernel_height = s.kernel_width = kind.kernel;
    s.input_height = between(random, 1, 15);
    s.input_width = between(random, 1, 15);
    s.pad_height = between(random, 0, kind.kernel - 1);
    s.pad_width = between(random, 0, kind.kernel - 1);
    if (fit(s)) return s;
  }
}

class WinogradValue : public testing::TestWithParam<std::uint64_t> {};

TEST_P(WinogradValue, AgreesWithTheDefinition) {
  const std::uint64_t number = GetParam();
  for (const Kind& kind : kinds()) {
    const ConvolutionSize size = generated_size(kind, number);
    RandomStream random = random_of(1000 + number);
    const ConvolutionCase c(size, between(random, 1, 4), 2000 + number);
    SCOPED_TRACE(std::string(kind.implementation.name) + ": " + text_of(size) +
                 fmt::format(", batch {}", c.n));
    ASSERT_TRUE(winograd_possible(size, kind.tile));
    const NaiveConvolution expected(size, c.n, c.x, c.w, c.b, c.dy);
    const Bounds bounds = kind.bounds(c);
    std::vector<double> dw = expected.dw.value;
    for (std::size_t i = 0; i < dw.size(); ++i) dw[i] += static_cast<double>(c.dw[i]);
    const auto check = [&] {
      const ConvolutionResult got = run(kind.implementation, c, number % 2 == 0 ? Edge::back : Edge::front);
      expect_within(got.y, expected.y.value, bounds.y, "y");
      expect_within(got.dx, expected.dx.value, bounds.dx, "dx");
      expect_within(got.dw, dw, bounds.dw, "dw");
    };
    for (const int threads : {1, 2, 5}) {
      SCOPED_TRACE(fmt::format("{} threads", threads));
      const ThreadScope scope(threads);
      check();
    }
    for_each_target(check);
  }
}

struct Channels {
  std::int64_t inputs, outputs;
};

class WinogradContract : public testing::TestWithParam<Channels> {};

// Two strips of tiles and more, and a part of one in either direction.
ConvolutionSize size_of(const Kind& kind, const Channels& channels) {
  ConvolutionSize s{};
  s.input_height = 11;
  s.input_width = 14;
  s.input_channels = channels.inputs;
  s.output_channels = channels.outputs;
  s.kernel_height = s.kernel_width = kind.kernel;
  s.pad_height = s.pad_width = 1;
  EXPECT_TRUE(fit(s));
  return s;
}

TEST_P(WinogradContract, GivesEachValueToTheEpilogueOnce) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.implementation.name);
    const ConvolutionCase c(size_of(kind, GetParam()), 3, 1);
    for (const int threads : {1, 2}) {
      const ThreadScope scope(threads);
      std::vector<float> expected = run(kind.implementation, c, Edge::back).y;
      for (float& value : expected) value += epilogue_step;
      EXPECT_EQ(bits(run(kind.implementation, c, Edge::back, true, counting_epilogue()).y), bits(expected));
    }
  }
}

// Outputs and input gradients do not depend on the threads or on who shares the batch.
TEST_P(WinogradContract, GivesTheSameBitsWithOtherThreadsAndInASmallerBatch) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.implementation.name);
    const ConvolutionCase large(size_of(kind, GetParam()), 5, 2);
    ConvolutionCase small = large;
    small.n = 2;
    small.x.resize(2 * small.size.input_size());
    small.dy.resize(2 * small.size.output_size());
    const auto run_with = [&](int threads, const ConvolutionCase& c) {
      const ThreadScope scope(threads);
      return run(kind.implementation, c, Edge::back);
    };
    const ConvolutionResult alone = run_with(1, large);
    const ConvolutionResult shared = run_with(3, large);
    ConvolutionResult part = run_with(2, small);
    EXPECT_EQ(bits(shared.y), bits(alone.y));
    EXPECT_EQ(bits(shared.dx), bits(alone.dx));
    EXPECT_TRUE(run_with(3, large) == shared);
    const auto begin_of = [](const std::vector<float>& values, std::size_t count) {
      return bits(std::span(values).first(count));
    };
    EXPECT_EQ(bits(part.y), begin_of(alone.y, part.y.size()));
    EXPECT_EQ(bits(part.dx), begin_of(alone.dx, part.dx.size()));
    // Weights that have changed are taken, in training (transformed in each run) and else (kept).
    for (const bool training : {false, true}) {
      const auto forward = make_winograd_forward(small.size, kind.tile, {.training = training});
      Workspace workspace;
      std::vector<float> y(small.dy.size());
      const std::vector<float> other(small.w.size(), 1.0F);
      forward->load(other.data(), nullptr);
      forward->run(small.n, small.x.data(), y.data(), {}, workspace);
      forward->load(small.w.data(), small.b.data());
      for (int again = 0; again < 2; ++again) {
        forward->run(small.n, small.x.data(), y.data(), {}, workspace);
        EXPECT_EQ(bits(y), bits(part.y));
      }
    }
  }
}

void expect_not_hidden(std::span<const float> got, const Sums& expected, const std::string& what) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!std::isfinite(expected.value[i])) {
      ASSERT_FALSE(std::isfinite(got[i]))
          << what << " at " << i << ": got " << got[i] << ", expected " << expected.value[i];
    }
  }
}

// They may spread over their tiles.
TEST_P(WinogradContract, HidesNoNanAndNoInfinity) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.implementation.name);
    for (const float special : {not_a_number, infinity, -infinity}) {
      for (int where = 0; where < 9; ++where) {
        ConvolutionCase c(size_of(kind, GetParam()), 2, 7);
        std::vector<float>& victim = where % 3 == 0 ? c.x : where % 3 == 1 ? c.w : c.dy;
        victim[where / 3 == 0 ? 0 : where / 3 == 1 ? victim.size() / 2 : victim.size() - 1] = special;
        SCOPED_TRACE(fmt::format("{}, place {}", special, where));
        const NaiveConvolution expected(c.size, c.n, c.x, c.w, c.b, c.dy);
        for_each_target([&] {
          const ConvolutionResult got = run(kind.implementation, c, Edge::back);
          expect_not_hidden(got.y, expected.y, "y");
          expect_not_hidden(got.dx, expected.dx, "dx");
          expect_not_hidden(got.dw, expected.dw, "dw");
        });
      }
    }
  }
}

// Few channels have a forward pass of their own; backward-data is one over the outputs.
INSTANTIATE_TEST_SUITE_P(ManyAndFew, WinogradContract,
                         testing::Values(Channels{18, 24}, Channels{3, 24}, Channels{1, 6}, Channels{19, 8}),
                         [](const auto& instance) {
                           return fmt::format("{}to{}", instance.param.inputs, instance.param.outputs);
                         });

INSTANTIATE_TEST_SUITE_P(Generated, WinogradValue, testing::Range<std::uint64_t>(0, 40));

// On top of what is in y: the same outputs, and one addition.
TEST_P(WinogradContract, AddsToWhatIsThere) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.implementation.name);
    const ConvolutionSize size = size_of(kind, GetParam());
    const ConvolutionCase c(size, 3, 1);
    for_each_target([&] {
      Workspace workspace;
      std::vector<float> expected(c.dy.size());
      Guarded<float> y(c.dy, Edge::back);
      for (const bool adds : {false, true}) {
        const auto forward = make_winograd_forward(size, kind.tile, {.adds = adds});
        forward->load(c.w.data(), c.b.data());
        forward->run(c.n, c.x.data(), adds ? y.data() : expected.data(), {}, workspace);
      }
      for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += c.dy[i];
      EXPECT_EQ(bits(y.values()), bits(expected));
    });
  }
}

}  // namespace
}  // namespace halfwave::kernel
