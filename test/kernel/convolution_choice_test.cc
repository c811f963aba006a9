// Which kernels are chosen, and by what.
#include <gtest/gtest.h>

#include "convolution_testing.h"
#include "halfwave/kernel/convolution_cost.h"

namespace halfwave::kernel {
namespace {

ConvolutionSize square(std::int64_t side, std::int64_t in, std::int64_t out, std::int64_t kernel,
                       std::int64_t stride = 1) {
  ConvolutionSize s{};
  s.input_height = s.input_width = side;
  s.input_channels = in;
  s.output_channels = out;
  s.kernel_height = s.kernel_width = kernel;
  s.stride_height = s.stride_width = stride;
  s.pad_height = s.pad_width = kernel / 2;
  EXPECT_TRUE(fit(s));
  return s;
}

// The kernels' names after a run over values with such shares of zeros.
struct Names {
  Names(const ConvolutionSize& size, KernelChoice kernels, double x_zeros, double dy_zeros)
      : Names(size, {.batch = n, .training = true, .kernels = kernels}, x_zeros, dy_zeros) {}

  Names(const ConvolutionSize& size, const ConvolutionUse& use, double x_zeros, double dy_zeros) {
    RandomStream random = random_of(1);
    std::vector<float> x = normal_values(random, n * size.input_size());
    std::vector<float> dy = normal_values(random, n * size.output_size());
    make_zeros(random, x_zeros, x);
    make_zeros(random, dy_zeros, dy);
    const std::vector<float> w = normal_values(random, size.weight_count());
    std::vector<float> dw(w.size());
    Workspace workspace;
    const auto first = make_convolution_forward(size, use);
    first->load(w.data(), nullptr);
    std::vector<float> y(dy.size());
    first->run(n, x.data(), y.data(), {}, workspace);
    const auto second = make_convolution_backward_data(size, use);
    second->load(w.data());
    std::vector<float> dx(x.size());
    second->run(n, dy.data(), dx.data(), workspace);
    const auto third = make_convolution_backward_weights(size, use);
    third->run(n, x.data(), dy.data(), dw.data(), workspace);
    forward = first->name();
    backward_data = second->name();
    backward_weights = third->name();
    x_share = first->zeros();
    dy_share = second->zeros();
  }

  static constexpr std::int64_t n = 4;
  std::string forward, backward_data, backward_weights;
  double x_share, dy_share;
};

TEST(ConvolutionChoice, FollowsTheZeros) {
  const ConvolutionSize size = square(16, 64, 64, 3);
  const Names none(size, KernelChoice::automatic, 0, 0);
  EXPECT_EQ(none.forward, "winograd");
  EXPECT_EQ(none.backward_data, "winograd");
  EXPECT_EQ(none.backward_weights, "winograd");
  const Names many(size, KernelChoice::automatic, 0, 0.98);
  EXPECT_EQ(many.forward, "winograd");
  EXPECT_EQ(many.backward_data, "sparse");
  EXPECT_EQ(many.backward_weights, "sparse dy");
  EXPECT_EQ(many.x_share, 0);
  EXPECT_NEAR(many.dy_share, 0.98, 0.02);
  const Names in_x(size, KernelChoice::automatic, 0.98, 0);
  EXPECT_EQ(in_x.forward, "sparse");
  EXPECT_EQ(in_x.backward_data, "winograd");
  EXPECT_EQ(in_x.backward_weights, "sparse x");
}

TEST(ConvolutionChoice, IsForced) {
  for (const ConvolutionSize& size : {square(16, 64, 64, 3), square(9, 3, 5, 5), square(9, 16, 16, 3, 2)}) {
    SCOPED_TRACE(text_of(size));
    const bool tiles = size.stride_height == 1;
    for (const double zeros : {0.0, 0.98}) {
      const auto is = [](const Names& names, std::string_view word) {
        return names.forward.starts_with(word) && names.backward_data.starts_with(word) &&
               names.backward_weights.starts_with(word);
      };
      EXPECT_TRUE(is(Names(size, KernelChoice::sparse, zeros, zeros), "sparse"));
      EXPECT_EQ(is(Names(size, KernelChoice::winograd, zeros, zeros), "winograd"), tiles);
      for (const KernelChoice kernels : {KernelChoice::dense, KernelChoice::exact}) {
        const Names names(size, kernels, zeros, zeros);
        EXPECT_NE(names.forward, "winograd");
        EXPECT_NE(names.backward_data, "winograd");
        EXPECT_NE(names.backward_weights, "winograd");
        if (kernels == KernelChoice::exact) continue;
        EXPECT_FALSE(names.forward.starts_with("sparse"));
        EXPECT_FALSE(names.backward_data.starts_with("sparse"));
        EXPECT_FALSE(names.backward_weights.starts_with("sparse"));
      }
    }
  }
  EXPECT_EQ(Names(square(16, 64, 64, 3), KernelChoice::exact, 0.98, 0).forward, "sparse");
}

TEST(ConvolutionChoice, LeavesGroupsAndDilationToTheDefinition) {
  ConvolutionSize size = square(9, 8, 8, 3);
  size.groups = 2;
  EXPECT_EQ(Names(size, KernelChoice::sparse, 0.98, 0.98).forward, "onednn");
  size.groups = 1;
  size.dilation_height = size.dilation_width = 2;
  size.pad_height = size.pad_width = 2;
  EXPECT_EQ(Names(size, KernelChoice::sparse, 0.98, 0.98).backward_data, "onednn");
}

// What came before has no say, or a resumed training would decide otherwise than an unbroken one.
TEST(ConvolutionChoice, DependsOnTheRunAlone) {
  const ConvolutionSize size = square(16, 32, 32, 3);
  const ConvolutionUse use{.batch = 2, .training = true};
  RandomStream random = random_of(2);
  const std::vector<float> dense = normal_values(random, 2 * size.input_size());
  std::vector<float> sparse = dense;
  make_zeros(random, 0.97, sparse);
  const std::vector<float> w = normal_values(random, size.weight_count());
  const std::vector<float> dy = normal_values(random, 2 * size.output_size());
  Workspace workspace;
  const auto forward = make_convolution_forward(size, use);
  const auto weights = make_convolution_backward_weights(size, use);
  std::vector<std::vector<std::uint32_t>> seen;
  std::vector<std::string> names;
  for (const bool has_zeros : {false, true, false, true}) {
    const std::vector<float>& x = has_zeros ? sparse : dense;
    forward->load(w.data(), nullptr);
    std::vector<float> y(dy.size());
    forward->run(2, x.data(), y.data(), {}, workspace);
    std::vector<float> dw(w.size());
    weights->run(2, x.data(), dy.data(), dw.data(), workspace);
    y.insert(y.end(), dw.begin(), dw.end());
    seen.push_back(bits(y));
    names.push_back(std::string(forward->name()) + ", " + weights->name());
  }
  EXPECT_EQ(names[0], "winograd, winograd");
  EXPECT_EQ(names[1], "sparse, sparse x");
  EXPECT_EQ(seen[0], seen[2]);
  EXPECT_EQ(seen[1], seen[3]);
}

TEST(ConvolutionCost, FallsWithZerosAndRisesWithWork) {
  const ConvolutionSize small = square(16, 32, 32, 3);
  const ConvolutionSize large = square(16, 64, 32, 3);
  for (const std::size_t lanes : {4U, 8U, 16U}) {
    for (const bool flag : {false, true}) {
      const SparseCost scatter = scatter_cost(small, flag, {}, lanes);
      EXPECT_GT(scatter.at(0), scatter.at(0.5));
      EXPECT_GT(scatter.at(1), 0);
      EXPECT_GT(scatter_cost(large, flag, {}, lanes).at(0), scatter.at(0));
      const SparseCost walk = walk_cost(small, flag, lanes);
      EXPECT_GT(walk.at(0), walk.at(0.5));
      EXPECT_GT(walk.at(1), 0);
      EXPECT_GT(walk_cost(large, flag, lanes).at(0), walk.at(0));
    }
  }
}

// In inference: for one image they cost most where they come from memory, for many next to nothing.
TEST(ConvolutionCost, HoldsTheWeightsThatAreFetched) {
  const ConvolutionSize size = square(7, 256, 256, 3);
  const ConvolutionUse near{.batch = 1};
  const ConvolutionUse far{.batch = 1, .net_weights = cached_weight_bytes};
  const ConvolutionUse many{.batch = 256, .net_weights = cached_weight_bytes};
  const auto direct = [&](const ConvolutionUse& use) {
    return direct_cost(size, ConvolutionPass::forward, use, 16);
  };
  const auto winograd = [&](const ConvolutionUse& use) {
    return winograd_cost(size, WinogradTile::f4x4_3x3, ConvolutionPass::forward, use, 16);
  };
  const auto scatter = [&](const ConvolutionUse& use) { return scatter_cost(size, true, use, 16).at(0.5); };
  const auto expect_order = [&](const auto& cost) {
    EXPECT_GT(cost(far), cost(near));
    EXPECT_GT(cost(near), 0.99 * cost(many));
    EXPECT_LT(cost(many), 1.02 * cost({.batch = 256}));
  };
  expect_order(direct);
  expect_order(winograd);
  expect_order(scatter);
  // So that with half zeros it does not pay to skip in a large net's small maps, but does in a small net's.
  EXPECT_GT(scatter(far), direct(far));
  EXPECT_LT(scatter(near), direct(near));
}

}  // namespace
}  // namespace halfwave::kernel
