// What every convolution promises besides its values: no memory touched outside its buffers, the epilogue
// once a value, the same bits again, any batch up to the largest, special values where they belong.
#include <gtest/gtest.h>

#include "convolution_testing.h"

namespace halfwave::kernel {
namespace {

ConvolutionSize size_of(std::int64_t side, std::int64_t in, std::int64_t out, std::int64_t kernel,
                        std::int64_t stride, std::int64_t pad) {
  ConvolutionSize s{};
  s.input_height = side;
  s.input_width = side + 1;
  s.input_channels = in;
  s.output_channels = out;
  s.kernel_height = s.kernel_width = kernel;
  s.stride_height = s.stride_width = stride;
  s.pad_height = s.pad_width = pad;
  EXPECT_TRUE(fit(s));
  return s;
}

// One channel, less and more than a vector of every machine, strides that leave pixels over.
std::vector<ConvolutionSize> few_sizes() {
  return {size_of(9, 1, 6, 5, 1, 2),  size_of(8, 3, 33, 3, 2, 1), size_of(7, 6, 16, 5, 1, 0),
          size_of(10, 5, 7, 3, 3, 0), size_of(5, 20, 9, 1, 2, 0), size_of(4, 1, 1, 4, 1, 3),
          size_of(9, 1, 17, 5, 2, 2)};
}

TEST(ConvolutionContract, TouchesNothingOutsideItsBuffers) {
  for (const ConvolutionSize& size : few_sizes()) {
    SCOPED_TRACE(text_of(size));
    const ConvolutionCase c(size, 2, 1);
    for (const Implementation& implementation : implementations(size)) {
      for (const Edge edge : {Edge::front, Edge::back}) run(implementation, c, edge);
    }
    for_each_target([&] {
      for (const Edge edge : {Edge::front, Edge::back}) {
        for (const Implementation& own : own_implementations(size)) run(own, c, edge);
      }
    });
  }
}

TEST(ConvolutionContract, GivesEachValueToTheEpilogueOnce) {
  for (const ConvolutionSize& size : few_sizes()) {
    SCOPED_TRACE(text_of(size));
    const ConvolutionCase c(size, 3, 2);
    for (const Implementation& implementation : implementations(size)) {
      for (const int threads : {1, 2}) {
        SCOPED_TRACE(fmt::format("{}, {} threads", implementation.name, threads));
        const ThreadScope scope(threads);
        std::vector<float> expected = run(implementation, c, Edge::back).y;
        for (float& value : expected) value += epilogue_step;
        EXPECT_EQ(bits(run(implementation, c, Edge::back, true, counting_epilogue()).y), bits(expected));
      }
    }
  }
}

TEST(ConvolutionContract, GivesTheSameBitsAgain) {
  for (const ConvolutionSize& size : few_sizes()) {
    SCOPED_TRACE(text_of(size));
    const ConvolutionCase c(size, 3, 3);
    for (const Implementation& implementation : implementations(size)) {
      for (const int threads : {1, 2}) {
        const ThreadScope scope(threads);
        EXPECT_TRUE(run(implementation, c, Edge::back) == run(implementation, c, Edge::back))
            << implementation.name;
      }
    }
    // The narrow ones load from any address, so their sums do not depend on it.
    EXPECT_TRUE(run(narrow, c, Edge::back) == run(narrow, c, Edge::front));
  }
}

// Outputs and input gradients belong to one image each; who shares the batch changes nothing.
TEST(ConvolutionContract, RunsASmallerBatchAfterALargerOne) {
  for (const ConvolutionSize& size : few_sizes()) {
    SCOPED_TRACE(text_of(size));
    const ConvolutionCase large(size, 5, 4);
    ConvolutionCase small(size, 2, 5);
    for (const Implementation& implementation : implementations(size)) {
      SCOPED_TRACE(implementation.name);
      Workspace workspace;
      const auto forward = implementation.forward(size);
      const auto data = implementation.backward_data(size);
      const auto weights = implementation.backward_weights(size);
      forward->load(large.w.data(), large.b.data());
      data->load(large.w.data());
      std::vector<float> y(large.dy.size());
      std::vector<float> dx(large.x.size());
      std::vector<float> dw = large.dw;
      forward->run(large.n, large.x.data(), y.data(), {}, workspace);
      data->run(large.n, large.dy.data(), dx.data(), workspace);
      weights->run(large.n, large.x.data(), large.dy.data(), dw.data(), workspace);

      forward->load(small.w.data(), small.b.data());
      data->load(small.w.data());
      ConvolutionResult got{std::vector<float>(small.dy.size(), not_a_number),
                            std::vector<float>(small.x.size(), not_a_number), small.dw};
      forward->run(small.n, small.x.data(), got.y.data(), {}, workspace);
      data->run(small.n, small.dy.data(), got.dx.data(), workspace);
      weights->run(small.n, small.x.data(), small.dy.data(), got.dw.data(), workspace);
      EXPECT_TRUE(got == run(implementation, small, Edge::back));
    }
  }
}

// Made with one number of threads and run with another: the values stay right.
TEST(ConvolutionContract, RunsWithAnotherNumberOfThreadsThanItWasMadeWith) {
  for (const ConvolutionSize& size : few_sizes()) {
    SCOPED_TRACE(text_of(size));
    const ConvolutionCase c(size, 4, 6);
    const NaiveConvolution expected(size, c.n, c.x, c.w, c.b, c.dy);
    for (const Implementation& implementation : implementations(size)) {
      for (const int threads : {1, 2}) {
        SCOPED_TRACE(fmt::format("{}, made with {} threads", implementation.name, threads));
        Workspace workspace;
        const auto forward = implementation.forward(size);
        const auto weights = implementation.backward_weights(size);
        forward->load(c.w.data(), c.b.data());
        std::vector<float> y(c.dy.size());
        for (const int now : {threads, 3 - threads}) {
          const ThreadScope scope(now);
          std::vector<float> dw(c.dw.size());
          forward->run(c.n, c.x.data(), y.data(), {}, workspace);
          weights->run(c.n, c.x.data(), c.dy.data(), dw.data(), workspace);
          expect_within(y, expected.y.value, expected.y.bound(), "y");
          expect_within(dw, expected.dw.value, expected.dw.bound(), "dw");
        }
      }
    }
  }
}

// In a parallel region of somebody else a pass runs on one thread, made there or before.
TEST(ConvolutionContract, RunsInsideAParallelRegion) {
  for (const ConvolutionSize& size : few_sizes()) {
    SCOPED_TRACE(text_of(size));
    const ConvolutionCase c(size, 4, 6);
    const NaiveConvolution expected(size, c.n, c.x, c.w, c.b, c.dy);
    const ThreadScope scope(2);
    const auto before = make_onednn_backward_weights(size);
    Workspace workspace;
    std::vector<float> dw(c.dw.size());
    before->run(c.n, c.x.data(), c.dy.data(), dw.data(), workspace);
    std::vector<std::vector<float>> got(2, std::vector<float>(c.dw.size()));
#pragma omp parallel for num_threads(2)
    for (std::size_t i = 0; i < 2; ++i) {
      Workspace own;
      if (i == 0) {
        before->run(c.n, c.x.data(), c.dy.data(), got[i].data(), own);
      } else {
        make_onednn_backward_weights(size)->run(c.n, c.x.data(), c.dy.data(), got[i].data(), own);
      }
    }
    for (const std::vector<float>& each : got)
      expect_within(each, expected.dw.value, expected.dw.bound(), "dw");
  }
}

// Whether a value is finite, an infinity of either sign or NaN is what the definition says, whether padding
// is taken as a 0 (0 times infinity is NaN) or left out.
void expect_kinds(std::span<const float> got, const Sums& left_out, const Sums& as_zero,
                  const std::string& what) {
  const auto kind = [](double value) {
    return std::isnan(value) ? 2 : std::isinf(value) ? (value > 0 ? 1 : -1) : 0;
  };
  for (std::size_t i = 0; i < got.size(); ++i) {
    const int found = kind(static_cast<double>(got[i]));
    ASSERT_TRUE(found == kind(left_out.value[i]) || found == kind(as_zero.value[i]))
        << what << " at " << i << ": got " << got[i] << ", expected " << left_out.value[i] << " or "
        << as_zero.value[i];
  }
}

void expect_special_values(const Implementation& implementation, const ConvolutionCase& c) {
  SCOPED_TRACE(implementation.name);
  const NaiveConvolution left_out(c.size, c.n, c.x, c.w, c.b, c.dy, false);
  const NaiveConvolution as_zero(c.size, c.n, c.x, c.w, c.b, c.dy, true);
  const ConvolutionResult got = run(implementation, c, Edge::back);
  expect_kinds(got.y, left_out.y, as_zero.y, "y");
  expect_kinds(got.dx, left_out.dx, as_zero.dx, "dx");
  expect_kinds(got.dw, left_out.dw, as_zero.dw, "dw");
}

TEST(ConvolutionContract, BringsSpecialValuesExactlyWhereTheyBelong) {
  for (const ConvolutionSize& size : few_sizes()) {
    SCOPED_TRACE(text_of(size));
    for (const float special : {not_a_number, infinity, -infinity}) {
      for (int where = 0; where < 9; ++where) {
        ConvolutionCase c(size, 2, 7);
        std::vector<float>& victim = where % 3 == 0 ? c.x : where % 3 == 1 ? c.w : c.dy;
        const std::size_t places[] = {0, victim.size() / 2, victim.size() - 1};
        victim[places[where / 3]] = special;
        SCOPED_TRACE(fmt::format("{} in {} at {}", special,
                                 where % 3 == 0   ? "x"
                                 : where % 3 == 1 ? "w"
                                                  : "dy",
                                 places[where / 3]));
        expect_special_values(onednn, c);
        for_each_target([&] {
          for (const Implementation& own : own_implementations(size)) expect_special_values(own, c);
        });
      }
    }
  }
}

}  // namespace
}  // namespace halfwave::kernel
