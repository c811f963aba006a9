// Bounds hold for whatever inputs are tried, and are not wider than they need be.
#include "halfwave/inspect/bounds.h"

#include <algorithm>

#include "../net/net_testing.h"

namespace halfwave {
namespace {

Bounds all_of(const Net& net, float low, float high) {
  return {std::vector<float>(net.input().size(), low), std::vector<float>(net.input().size(), high)};
}

// Inputs within the range, many of them at its ends.
std::vector<float> inputs_of(const Net& net, std::uint64_t seed, float low, float high) {
  RandomStream random(seed, RandomPurpose::test);
  std::vector<float> x(net.input().size());
  for (float& value : x) {
    const std::uint32_t kind = random.below(3);
    value = kind == 0 ? low : kind == 1 ? high : low + (high - low) * random.uniform();
  }
  return x;
}

void expect_within(const Net& net, float low, float high) {
  const std::vector<std::optional<Bounds>> bounds = output_bounds(net, all_of(net, low, high));
  for (std::size_t i = 0; i < bounds.size(); ++i) ASSERT_TRUE(bounds[i].has_value()) << net.nodes()[i].name;
  for (const KernelChoice kernels : {KernelChoice::automatic, KernelChoice::dense}) {
    Plan plan(net, {.batch = 1, .kernels = kernels, .shows_activations = true});
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      const std::vector<float> x = inputs_of(net, seed, low, high);
      plan.forward(x.data(), 1, {}, [&](const Plan::Made& made) {
        const Bounds& of = *bounds[made.node];
        for (std::size_t i = 0; i < made.values.size(); ++i) {
          ASSERT_GE(made.values[i], of.low[i]) << made.step;
          ASSERT_LE(made.values[i], of.high[i]) << made.step;
        }
      });
    }
  }
}

TEST(Bounds, HoldForAllThatIsTried) {
  const char* const nets[] = {
      "input = [7, 7, 3]\nlayers = [ { conv = 5, kernel = 3, pad = 1, stride = 2 }, 'relu', { linear = 6 }, "
      "'tanh', "
      "{ linear = 3 } ]",
      "input = [8, 8, 4]\nlayers = [ { conv = 8, kernel = 3, groups = 2, dilation = 2 }, 'batch_norm', "
      "'elu', { max_pool "
      "= 2 }, { conv = 6, kernel = 1, bias = false }, 'sigmoid', 'global_avg_pool', { dropout = 0.5 }, { "
      "linear = 2 } ]",
      "input = [6, 6, 2]\nlayers = [ { conv = 4, kernel = 3, pad = 1, name = 'a' }, 'relu', { conv = 4, "
      "kernel = 3, pad = "
      "1, name = 'b' }, { add = ['b', 'a'], name = 'c' }, 'relu', { avg_pool = 2 }, 'flatten', { linear = 8 "
      "}, { maxout = "
      "2 }, { linear = 2 } ]"};
  for (const char* const text : nets) {
    SCOPED_TRACE(text);
    Net net = net_of(text);
    for (const std::uint64_t seed : {1, 2, 3}) {
      shake(net, seed);
      expect_within(net, -1.5F, 2);
      expect_within(net, 0.5F, 0.5F);
    }
  }
}

// Of one layer the ends are reached, but for the room for rounding.
TEST(Bounds, AreReachedByALinearLayer) {
  Net net = net_of("input = [1, 1, 3]\nlayers = [ { linear = 1 } ]");
  const std::span<float> w = net.tensors()[0].values;
  w[0] = 2;
  w[1] = -3;
  w[2] = 0.5F;
  net.tensors()[1].values[0] = 1;
  const Bounds y = *output_bounds(net, all_of(net, -1, 2))[0];
  EXPECT_NEAR(y.low[0], -2 - 6 - 0.5 + 1, 1e-3);
  EXPECT_NEAR(y.high[0], 4 + 3 + 1 + 1, 1e-3);
  EXPECT_LE(y.low[0], -7.5F);
  EXPECT_GE(y.high[0], 9);
}

TEST(Bounds, AreNotGivenWhereThereIsNoRule) {
  Net net = net_of("input = [1, 1, 3]\nlayers = [ { linear = 2 }, 'gelu', { linear = 2 }, 'relu' ]");
  shake(net, 1);
  const auto bounds = output_bounds(net, all_of(net, 0, 1));
  EXPECT_TRUE(bounds[0].has_value());
  for (const std::size_t node : {1, 2, 3}) EXPECT_FALSE(bounds[node].has_value()) << node;
  Net broken = net_of("input = [1, 1, 3]\nlayers = [ { linear = 2 }, 'relu' ]");
  broken.tensors()[0].values[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(output_bounds(broken, all_of(broken, 0, 1))[1].has_value());
}

}  // namespace
}  // namespace halfwave
