// Batch norm's running statistics: how they move, when they do not, and that inference uses them.
#include <gtest/gtest.h>

#include <cmath>

#include "halfwave/base/random.h"
#include "halfwave/net/plan.h"

namespace halfwave {
namespace {

constexpr std::int64_t batch = 6;
constexpr std::size_t channels = 3;
constexpr std::size_t rows = 6 * 4;

std::vector<float> images(std::uint64_t seed) {
  RandomStream random(seed, RandomPurpose::test);
  std::vector<float> x(rows * channels);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.normal() * 2 + static_cast<float>(i % channels);
  return x;
}

Net net_of(const std::string& layer) {
  return Net(parse_net("input = [2, 2, 3]\nlayers = [" + layer + "]", "test"));
}

struct Moments {
  double mean = 0;
  double variance = 0;  // unbiased
};

Moments moments(const std::vector<float>& x, std::size_t channel) {
  Moments m;
  for (std::size_t i = channel; i < x.size(); i += channels) m.mean += static_cast<double>(x[i]) / rows;
  for (std::size_t i = channel; i < x.size(); i += channels) {
    m.variance += std::pow(static_cast<double>(x[i]) - m.mean, 2) / (rows - 1);
  }
  return m;
}

// A few roundings of values below 10.
constexpr double tolerance = 10 * 8 * 0x1p-24;

TEST(BatchNormLayer, MovesItsRunningStatistics) {
  Net net = net_of("{ batch_norm = 1e-5, momentum = 0.3 }");
  Plan plan(net, {.batch = batch, .training = true});
  std::vector<double> mean(channels, 0.0);
  std::vector<double> variance(channels, 1.0);
  for (std::uint64_t step = 0; step < 4; ++step) {
    const std::vector<float> x = images(step);
    plan.forward(x.data(), batch, {.running = net.state()});
    for (std::size_t c = 0; c < channels; ++c) {
      const Moments m = moments(x, c);
      mean[c] = 0.7 * mean[c] + 0.3 * m.mean;
      variance[c] = 0.7 * variance[c] + 0.3 * m.variance;
      EXPECT_NEAR(net.tensors()[2].values[c], mean[c], tolerance);
      EXPECT_NEAR(net.tensors()[3].values[c], variance[c], tolerance);
    }
  }
}

TEST(BatchNormLayer, LeavesThemWhereTheyAreNotGiven) {
  Net net = net_of("'batch_norm'");
  Plan plan(net, {.batch = batch, .training = true});
  plan.forward(images(1).data(), batch);
  for (std::size_t c = 0; c < channels; ++c) {
    EXPECT_EQ(net.tensors()[2].values[c], 0);
    EXPECT_EQ(net.tensors()[3].values[c], 1);
  }
}

// One pixel has no unbiased variance; PyTorch refuses it, here it counts as 0 and nothing becomes NaN.
TEST(BatchNormLayer, StaysFiniteWithOnePixel) {
  Net net(parse_net("input = [1, 1, 3]\nlayers = ['batch_norm']", "test"));
  Plan plan(net, {.batch = 1, .training = true, .input_gradient = true});
  const std::vector<float> x{1, -2, 3};
  const float* y = plan.forward(x.data(), 1, {.running = net.state()});
  // x scale + shift with a scale of 1 / sqrt(eps): what is left of the two is at most a rounding of each.
  const double scale = 1 / std::sqrt(1e-5);
  for (std::size_t c = 0; c < channels; ++c) {
    EXPECT_LE(std::abs(static_cast<double>(y[c])), 2 * 0x1p-24 * scale * std::abs(static_cast<double>(x[c])));
  }
  std::fill_n(plan.output_gradient(), channels, 1.0F);
  Buffer gradients(net.parameters().size());
  plan.backward(gradients.data());
  for (std::size_t c = 0; c < channels; ++c) {
    EXPECT_EQ(plan.input_gradient()[c], 0);
    EXPECT_TRUE(std::isfinite(net.tensors()[2].values[c]));
    EXPECT_NEAR(net.tensors()[3].values[c], 0.9, 1e-6);
  }
}

// Training normalises each channel of the batch; inference by the running statistics.
TEST(BatchNormLayer, NormalisesByTheRightStatistics) {
  Net net = net_of("'batch_norm'");
  const auto tensors = net.tensors();
  for (std::size_t c = 0; c < channels; ++c) {
    tensors[0].values[c] = 1.5F;
    tensors[1].values[c] = -0.5F;
    tensors[2].values[c] = 0.25F;
    tensors[3].values[c] = 4;
  }
  const std::vector<float> x = images(7);
  Plan inference(net, {.batch = batch});
  const float* y = inference.forward(x.data(), batch);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(y[i], 1.5 * (static_cast<double>(x[i]) - 0.25) / std::sqrt(4 + 1e-5) - 0.5, tolerance);
  }
  Plan training(net, {.batch = batch, .training = true});
  const float* normal = training.forward(x.data(), batch);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Moments m = moments(x, i % channels);
    const double biased = m.variance * (rows - 1) / rows;
    EXPECT_NEAR(normal[i], 1.5 * (static_cast<double>(x[i]) - m.mean) / std::sqrt(biased + 1e-5) - 0.5,
                tolerance);
  }
}

}  // namespace
}  // namespace halfwave
