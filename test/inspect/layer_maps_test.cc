// Maps before and after the activation, against sums of their own.
#include "halfwave/inspect/layer_maps.h"

#include <cmath>

#include "../net/net_testing.h"
#include "halfwave/base/random.h"

namespace halfwave {
namespace {

std::vector<float> random_values(std::size_t count) {
  RandomStream random(3, RandomPurpose::test);
  std::vector<float> values(count);
  for (float& value : values) value = random.normal();
  return values;
}

Net started(const char* text) {
  Net net = net_of(text);
  net.initialise(1);
  for (float& value : net.parameters()) value += 0.01F;  // biases too
  return net;
}

// What a convolution gives at a place, from its input, filter and bias as the maps name them.
double product(const LayerMaps& maps, std::int64_t unit, std::int64_t y, std::int64_t x) {
  const ConvolutionOptions& c = maps.convolution;
  const Shape& in = maps.input.shape;
  double sum = maps.bias.empty() ? 0 : static_cast<double>(maps.bias[static_cast<std::size_t>(unit)]);
  for (std::int64_t ky = 0; ky < maps.filter.height; ++ky) {
    for (std::int64_t kx = 0; kx < maps.filter.width; ++kx) {
      const std::int64_t iy = y * c.stride.height - c.pad.height + ky * c.dilation.height;
      const std::int64_t ix = x * c.stride.width - c.pad.width + kx * c.dilation.width;
      if (iy < 0 || ix < 0 || iy >= in.height || ix >= in.width) continue;
      for (std::int64_t k = 0; k < maps.filter.channels; ++k) {
        const auto from = static_cast<std::size_t>((iy * in.width + ix) * in.channels + k);
        const auto weight = static_cast<std::size_t>(
            ((unit * maps.filter.height + ky) * maps.filter.width + kx) * maps.filter.channels + k);
        sum += static_cast<double>(maps.input.values[from]) * static_cast<double>(maps.filters[weight]);
      }
    }
  }
  return sum;
}

TEST(LayerMaps, AreWhatFiltersAndActivationsGive) {
  const Net net = started(R"(
input = [9, 12, 2]
activation = "tanh"
layers = [ { conv = 6, kernel = [3, 5], pad = 1, stride = 2 }, "activation", { max_pool = 2 },
           { conv = 4, kernel = 2, bias = false }, "relu", { linear = 3 } ])");
  const std::vector<float> x = random_values(net.input().size());
  const std::vector<LayerMaps> layers = layer_maps(net, x);
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[0].name, "conv1");
  EXPECT_EQ(layers[0].activation, "tanh");
  EXPECT_EQ(layers[0].input.values, x);
  EXPECT_EQ(layers[0].filter, (Shape{3, 5, 2}));
  EXPECT_EQ(layers[0].convolution.stride, (Size2{2, 2}));
  EXPECT_EQ(layers[1].filter, (Shape{2, 2, 6}));
  EXPECT_TRUE(layers[1].bias.empty());
  EXPECT_EQ(layers[1].activation, "relu");
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const LayerMaps& maps = layers[layer];
    const Shape& shape = maps.after.shape;
    ASSERT_EQ(maps.before.shape, shape);
    std::size_t i = 0;
    for (std::int64_t y = 0; y < shape.height; ++y) {
      for (std::int64_t w = 0; w < shape.width; ++w) {
        for (std::int64_t unit = 0; unit < shape.channels; ++unit, ++i) {
          const double before = product(maps, unit, y, w);
          // 30 products at most, each rounded to 6e-8 of values below 4.
          EXPECT_NEAR(static_cast<double>(maps.before.values[i]), before, 1e-5);
          const double after = layer == 0 ? std::tanh(before) : std::max(before, 0.0);
          EXPECT_NEAR(static_cast<double>(maps.after.values[i]), after, 1e-5);
        }
      }
    }
  }
  EXPECT_EQ(layers[2].activation, "linear");
  EXPECT_TRUE(layers[2].before.values.empty());
  EXPECT_TRUE(layers[2].filters.empty());
  EXPECT_EQ(layers[2].after.values.size(), 3U);
}

TEST(LayerMaps, BatchNormLiesBetweenFilterAndActivation) {
  const Net net = started(R"(
input = [6, 6, 1]
layers = [ { conv = 8, kernel = 3 }, "batch_norm", "relu", { linear = 2 } ])");
  const std::vector<LayerMaps> layers = layer_maps(net, random_values(net.input().size()));
  ASSERT_EQ(layers.size(), 2U);
  const LayerMaps& maps = layers[0];
  std::size_t cut = 0;
  for (std::size_t i = 0; i < maps.before.values.size(); ++i) {
    EXPECT_EQ(maps.after.values[i], std::max(maps.before.values[i], 0.0F));
    cut += maps.before.values[i] < 0 ? 1 : 0;
  }
  EXPECT_GT(cut, 0U);
  EXPECT_EQ(maps.filter, (Shape{3, 3, 1}));
  EXPECT_TRUE(maps.changed);
  EXPECT_FALSE(layers[1].changed);
}

// What a filter gives by itself, at each of its places, though what is shown before the activation is pooled.
TEST(LayerMaps, APoolLiesBetweenFilterAndActivation) {
  const Net net = started(R"(
input = [8, 8, 2]
layers = [ { conv = 3, kernel = 3, pad = 1 }, { max_pool = 2 }, "relu", { conv = 2, kernel = 1 }, "batch_norm" ])");
  const std::vector<LayerMaps> layers = layer_maps(net, random_values(net.input().size()));
  ASSERT_EQ(layers.size(), 2U);
  const LayerMaps& maps = layers[0];
  EXPECT_TRUE(maps.changed);
  EXPECT_EQ(maps.after.shape, (Shape{4, 4, 3}));
  ASSERT_EQ(maps.own.shape, (Shape{8, 8, 3}));
  for (std::int64_t y = 0; y < 8; ++y) {
    for (std::int64_t x = 0; x < 8; ++x)
      EXPECT_NEAR(static_cast<double>(maps.own.values[static_cast<std::size_t>((y * 8 + x) * 3 + 1)]),
                  product(maps, 1, y, x), 1e-5);
  }
  EXPECT_TRUE(layers[1].changed) << "by the batch norm, with no activation behind it";
  EXPECT_EQ(layers[1].own.shape, (Shape{4, 4, 2}));
}

TEST(LayerMaps, WithSeveralFiltersAUnitOnlyWhatItGivesIsShown) {
  const Net net = started(R"(
input = [6, 6, 1]
layers = [ { conv = 8, kernel = 3 }, { maxout = 2 }, { linear = 2 } ])");
  const std::vector<LayerMaps> layers = layer_maps(net, random_values(net.input().size()));
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].after.shape.channels, 4);
  EXPECT_TRUE(layers[0].before.values.empty());
  EXPECT_TRUE(layers[0].filters.empty());
}

TEST(LayerMaps, AMapIsOneChannel) {
  const Maps maps{{1, 2, 3}, {1, 2, 3, 4, 5, 6}};
  EXPECT_EQ(map_of(maps, 1), (std::vector<float>{2, 5}));
}

}  // namespace
}  // namespace halfwave
