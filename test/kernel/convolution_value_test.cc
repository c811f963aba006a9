// Every convolution against the definition in double, over a generated range of shapes: each run is made from
// its number alone. Outputs are NaN before, dw is not 0, and no neighbouring memory may be touched.
#include <gtest/gtest.h>

#include "convolution_testing.h"

namespace halfwave::kernel {
namespace {

constexpr std::uint64_t shapes = 96;

ConvolutionSize generated_size(std::uint64_t number) {
  RandomStream random = random_of(number);
  for (;;) {
    ConvolutionSize s{};
    // A few wide ones: more than two vectors of the widest machine, and no multiple of one.
    const bool wide = number % 8 == 7;
    const std::vector<std::int64_t> many{33, 64, 70};
    s.input_channels = wide && number % 16 == 7 ? one_of(random, many) : between(random, 1, 20);
    s.output_channels = wide ? one_of(random, many) : between(random, 1, 20);
    s.kernel_height = between(random, 1, 7);
    s.kernel_width = random.below(2) == 0 ? s.kernel_height : between(random, 1, 7);
    s.input_height = between(random, 1, wide ? 8 : 13);
    s.input_width = between(random, 1, wide ? 8 : 13);
    s.stride_height = between(random, 1, 3);
    s.stride_width = between(random, 1, 3);
    s.pad_height = between(random, 0, 3);
    s.pad_width = between(random, 0, 3);
    if (number % 4 == 3) {  // only for oneDNN
      s.dilation_height = between(random, 1, 3);
      s.dilation_width = between(random, 1, 3);
      s.groups = between(random, 1, 3);
      s.input_channels = (s.input_channels + s.groups - 1) / s.groups * s.groups;
      s.output_channels = random.below(3) == 0 ? s.groups = s.input_channels
                                               : (s.output_channels + s.groups - 1) / s.groups * s.groups;
    }
    if (fit(s)) return s;
  }
}

// What is there before, and a sum on top.
std::vector<double> grown(const Sums& sums, const std::vector<float>& start) {
  std::vector<double> value = sums.value;
  for (std::size_t i = 0; i < value.size(); ++i) value[i] += static_cast<double>(start[i]);
  return value;
}

void expect_right(const ConvolutionCase& c, const NaiveConvolution& expected, const ConvolutionResult& got) {
  expect_within(got.y, expected.y.value, expected.y.bound(), "y");
  expect_within(got.dx, expected.dx.value, expected.dx.bound(), "dx");
  expect_within(got.dw, grown(expected.dw, c.dw), expected.dw.bound(c.dw), "dw");
}

// The forward pass that adds, on top of the values in dy.
void expect_right_sum(const ConvolutionCase& c, const NaiveConvolution& expected, Edge edge, bool bias) {
  const Guarded<float> x(c.x, edge);
  for (const KernelChoice kernels : {KernelChoice::dense, KernelChoice::sparse}) {
    Guarded<float> y(c.dy, edge);
    Workspace workspace;
    const auto add = make_convolution_forward(c.size, {.adds = true, .kernels = kernels});
    add->load(c.w.data(), bias ? c.b.data() : nullptr);
    add->run(c.n, x.data(), y.data(), {}, workspace);
    expect_within(y.values(), grown(expected.y, c.dy), expected.y.bound(c.dy), "y of the sum");
  }
}

// A single image with an epilogue, which oneDNN's forward pass cuts into bands of rows, overwriting and
// adding.
void expect_right_alone(const ConvolutionSize& size, Edge edge, std::uint64_t seed) {
  const ConvolutionCase c(size, 1, seed);
  const NaiveConvolution expected(size, 1, c.x, c.w, c.b, c.dy);
  std::vector<double> bound = expected.y.bound(c.dy);
  for (double& each : bound) each += rounding * 4 * static_cast<double>(epilogue_step);
  const Guarded<float> x(c.x, edge);
  for (const bool adds : {false, true}) {
    if (adds && !convolution_add_possible(size)) continue;
    Guarded<float> y(c.dy, edge);
    Workspace workspace;
    const auto forward = make_onednn_forward(size, adds);
    forward->load(c.w.data(), c.b.data());
    forward->run(1, x.data(), y.data(), counting_epilogue(), workspace);
    std::vector<double> value = adds ? grown(expected.y, c.dy) : expected.y.value;
    for (double& each : value) each += static_cast<double>(epilogue_step);
    expect_within(y.values(), value, bound, adds ? "y of the sum alone" : "y alone");
  }
}

class ConvolutionValue : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ConvolutionValue, AgreesWithTheDefinition) {
  const std::uint64_t number = GetParam();
  const ConvolutionSize size = generated_size(number);
  RandomStream random = random_of(1000 + number);
  const ConvolutionCase c(size, between(random, 1, 5), 2000 + number);
  const bool bias = random.below(2) == 0;
  SCOPED_TRACE(text_of(size) + fmt::format(", batch {}", c.n));
  const NaiveConvolution expected(size, c.n, c.x, c.w,
                                  bias ? std::span<const float>(c.b) : std::span<const float>(), c.dy);
  const Edge edge = number % 2 == 0 ? Edge::back : Edge::front;
  for (const Implementation& implementation : implementations(size)) {
    for (const int threads : {1, 2}) {
      SCOPED_TRACE(fmt::format("{}, {} threads", implementation.name, threads));
      const ThreadScope scope(threads);
      expect_right(c, expected, run(implementation, c, edge, bias));
    }
  }
  for (const int threads : {1, 2}) {
    if (!convolution_add_possible(size)) break;
    SCOPED_TRACE(fmt::format("{} threads", threads));
    const ThreadScope scope(threads);
    expect_right_sum(c, expected, edge, bias);
  }
  for (const int threads : {1, 2, 3}) {
    SCOPED_TRACE(fmt::format("alone, {} threads", threads));
    const ThreadScope scope(threads);
    expect_right_alone(size, edge, 3000 + number);
  }
  for (const Implementation& own : own_implementations(size))
    for_each_target([&] { expect_right(c, expected, run(own, c, edge, bias)); });
}

// Some of which oneDNN must not be given: onednn_backward_weights_possible().
TEST(ConvolutionStrided, PointwiseOfFewChannelsIsRightEachTime) {
  for (std::int64_t channels = 1; channels <= 17; ++channels) {
    ConvolutionSize s{};
    s.input_height = s.input_width = 12;
    s.input_channels = channels;
    s.output_channels = 8;
    s.kernel_height = s.kernel_width = 1;
    s.stride_height = s.stride_width = 2;
    ASSERT_TRUE(fit(s));
    const ConvolutionCase c(s, 3, 16);
    const NaiveConvolution expected(s, c.n, c.x, c.w, c.b, c.dy);
    const ThreadScope scope(2);
    for (const Implementation& implementation : implementations(s)) {
      SCOPED_TRACE(text_of(s) + ", " + implementation.name);
      for (int i = 0; i < 30; ++i) expect_right(c, expected, run(implementation, c, Edge::back));
    }
  }
}

// Where oneDNN would overwrite: outputs that see padding alone, beyond the image or between taps that are
// further apart than it is large.
TEST(ConvolutionAdd, IsNotPossibleWhereAnOutputSeesPaddingAlone) {
  const auto possible = [](std::int64_t kernel, std::int64_t pad, std::int64_t dilation) {
    ConvolutionSize s{};
    s.input_height = s.input_width = 7;
    s.input_channels = s.output_channels = 20;
    s.kernel_height = s.kernel_width = kernel;
    s.pad_height = s.pad_width = pad;
    s.dilation_height = s.dilation_width = dilation;
    EXPECT_TRUE(fit(s));
    bool sees = true;  // that each output sees a pixel
    for (std::int64_t p = 0; p < s.output_height; ++p) {
      bool any = false;
      for (std::int64_t i = 0; i < kernel; ++i) {
        const std::int64_t row = p - pad + i * dilation;
        any = any || (row >= 0 && row < s.input_height);
      }
      sees = sees && any;
    }
    EXPECT_EQ(convolution_add_possible(s), sees) << text_of(s);
    if (!sees) return false;
    const ConvolutionCase c(s, 2, 5);
    expect_right_sum(c, NaiveConvolution(s, c.n, c.x, c.w, c.b, c.dy), Edge::back, true);
    return true;
  };
  EXPECT_TRUE(possible(3, 1, 1));
  EXPECT_TRUE(possible(3, 2, 1));
  EXPECT_FALSE(possible(3, 3, 1));
  EXPECT_FALSE(possible(1, 1, 1));
  EXPECT_TRUE(possible(2, 4, 7));
  EXPECT_FALSE(possible(2, 4, 8));
}

INSTANTIATE_TEST_SUITE_P(Generated, ConvolutionValue, testing::Range<std::uint64_t>(0, shapes));

}  // namespace
}  // namespace halfwave::kernel
