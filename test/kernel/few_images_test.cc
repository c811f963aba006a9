// Few images for many threads: Winograd's kernels share out the outputs where that costs less than each
// thread's reading of all weights, zero-skipping ones the outputs and the rows of an image.
#include <gtest/gtest.h>

#include "convolution_testing.h"
#include "halfwave/kernel/convolution_cost.h"
#include "halfwave/kernel/vector_lanes.h"

namespace halfwave::kernel {
namespace {

ConvolutionSize size_of(std::int64_t height, std::int64_t width, std::int64_t in, std::int64_t out,
                        std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  ConvolutionSize s{};
  s.input_height = height;
  s.input_width = width;
  s.input_channels = in;
  s.output_channels = out;
  s.kernel_height = s.kernel_width = kernel;
  s.stride_height = s.stride_width = stride;
  s.pad_height = s.pad_width = pad;
  EXPECT_TRUE(fit(s));
  return s;
}

// Of one strip of tiles, of two and a part of one; outputs that fill their panels and that do not.
TEST(FewImages, WinogradSharesOutTheOutputs) {
  for (const ConvolutionSize& size :
       {size_of(4, 4, 32, 96, 3, 1, 1), size_of(9, 6, 20, 70, 3, 1, 1), size_of(8, 8, 64, 64, 3, 1, 1)}) {
    SCOPED_TRACE(text_of(size));
    const winograd::Shape shape = winograd::shape_of(size);
    const winograd::ForwardLayout layout(shape, 4, 6, vector_lanes());
    EXPECT_TRUE(winograd_shares_outputs(shape, layout, layout.tiles.rows, 2));
    EXPECT_FALSE(winograd_shares_outputs(shape, layout, 64 * layout.tiles.rows, 2));
    EXPECT_FALSE(winograd_shares_outputs(shape, layout, layout.tiles.rows, 1));
    const ConvolutionCase c(size, 1, 8);
    const PoolSize pool{.input_height = size.output_height,
                        .input_width = size.output_width,
                        .channels = size.output_channels,
                        .output_height = size.output_height / 2,
                        .output_width = size.output_width / 2,
                        .kernel_height = 2,
                        .kernel_width = 2,
                        .stride_height = 2,
                        .stride_width = 2};
    for (const bool adds : {false, true}) {
      const auto run_with = [&](int threads) {
        const ThreadScope scope(threads);
        const auto forward =
            make_winograd_forward(size, WinogradTile::f4x4_3x3, {.training = false, .adds = adds});
        const Guarded<float> x(c.x, Edge::back);
        Guarded<float> y(c.dy, Edge::back);
        Guarded<float> pooled(pool.output_size(), Edge::back);
        Workspace workspace;
        forward->load(c.w.data(), c.b.data());
        forward->run(1, x.data(), y.data(), counting_epilogue(), workspace);
        EXPECT_EQ(forward->run_pooled(1, x.data(), {pool, false, pooled.data(), nullptr}, workspace), !adds);
        return std::pair(bits(y.values()), adds ? std::vector<std::uint32_t>() : bits(pooled.values()));
      };
      for_each_target([&] {
        const auto alone = run_with(1);
        for (const int threads : {2, 3, 7}) EXPECT_EQ(run_with(threads), alone) << threads << " threads";
      });
    }
  }
}

// One block of outputs and several, all rows of a filter at once and one by one, strides, padding beyond the
// filter's reach, more threads than rows.
TEST(FewImages, ZeroSkippingSharesOutOutputsAndRows) {
  for (const ConvolutionSize& size :
       {size_of(11, 9, 5, 16, 3, 1, 1), size_of(9, 8, 7, 6, 5, 1, 2), size_of(12, 7, 20, 40, 3, 1, 0),
        size_of(13, 9, 9, 32, 3, 2, 1), size_of(8, 9, 6, 16, 5, 3, 2), size_of(3, 5, 4, 100, 3, 1, 1),
        size_of(9, 9, 8, 16, 1, 2, 0), size_of(4, 4, 3, 5, 4, 1, 3), size_of(7, 6, 3, 4, 2, 3, 1)}) {
    SCOPED_TRACE(text_of(size));
    for (const std::int64_t n : {1, 2}) {
      const ConvolutionCase c(size, n, 5);  // half of x and of dy are 0
      const NaiveConvolution expected(size, n, c.x, c.w, c.b, c.dy);
      for (const int threads : {2, 3, 7}) {
        SCOPED_TRACE(fmt::format("batch {}, {} threads", n, threads));
        const ThreadScope scope(threads);
        for_each_target([&] {
          const ConvolutionResult got = run(zero_skipping, c, Edge::back);
          expect_within(got.y, expected.y.value, expected.y.bound(), "y");
          expect_within(got.dx, expected.dx.value, expected.dx.bound(), "dx");
          std::vector<float> counted = got.y;
          for (float& value : counted) value += epilogue_step;
          EXPECT_EQ(bits(run(zero_skipping, c, Edge::back, true, counting_epilogue()).y), bits(counted));
        });
      }
    }
  }
}

}  // namespace
}  // namespace halfwave::kernel
