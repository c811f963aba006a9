// Against the formulas of PyTorch's documentation, in double.
#include "halfwave/train/optimiser.h"

#include <gtest/gtest.h>

#include <cmath>

namespace halfwave {
namespace {

Net small_net() {
  Net net(parse_net("input = [1, 1, 3]\nlayers = [{ linear = 2 }]", "test"));
  net.initialise(5);
  return net;
}

// Two values: a weight, which decays, and a bias, which does not.
struct Reference {
  double weight, bias;
  double m[2] = {0, 0}, s[2] = {0, 0};
};

void run(TrainOptions options, auto&& update) {
  options.resolve();
  Net net = small_net();
  Optimiser optimiser(net, options);
  const auto tensors = net.tensors();
  Reference r{static_cast<double>(tensors[0].values[0]), static_cast<double>(tensors[1].values[0])};
  Buffer gradients(net.parameters().size());
  for (std::uint64_t count = 1; count <= 5; ++count) {
    const auto gradient = static_cast<float>(count) * 0.25F - 1;
    gradients[tensors[0].parameter->offset] = gradient;
    gradients[tensors[1].parameter->offset] = gradient;
    optimiser.update(gradients.span(), options.rate, count);
    update(options, r.weight, static_cast<double>(gradient) + options.weight_decay * r.weight, r.m[0], r.s[0],
           count);
    update(options, r.bias, static_cast<double>(gradient), r.m[1], r.s[1], count);
    // A few float roundings of values near 1.
    EXPECT_NEAR(tensors[0].values[0], r.weight, 2e-6) << count;
    EXPECT_NEAR(tensors[1].values[0], r.bias, 2e-6) << count;
    EXPECT_EQ(gradients[tensors[0].parameter->offset], 0) << "gradients are used up";
  }
}

void sgd(const TrainOptions& o, double& w, double g, double& m, double&, std::uint64_t) {
  m = o.momentum * m + g;
  w -= o.rate * (o.nesterov ? g + o.momentum * m : m);
}

void adam(const TrainOptions& o, double& w, double g, double& m, double& s, std::uint64_t count) {
  m = o.beta1 * m + (1 - o.beta1) * g;
  s = o.beta2 * s + (1 - o.beta2) * g * g;
  const auto n = static_cast<double>(count);
  w -= o.rate * m / (1 - std::pow(o.beta1, n)) / (std::sqrt(s / (1 - std::pow(o.beta2, n))) + o.epsilon);
}

TEST(Optimiser, Sgd) { run({.rate = 0.1, .momentum = 0, .nesterov = false, .weight_decay = 0.01}, sgd); }
TEST(Optimiser, SgdWithMomentum) { run({.rate = 0.1, .nesterov = false, .weight_decay = 0.01}, sgd); }
TEST(Optimiser, SgdWithNesterov) { run({.rate = 0.1, .nesterov = true, .weight_decay = 0.01}, sgd); }
TEST(Optimiser, Adam) { run({.optimiser = OptimiserKind::adam, .rate = 0.01, .weight_decay = 0.01}, adam); }

void rmsprop(const TrainOptions& o, double& w, double g, double& m, double& s, std::uint64_t) {
  s = o.alpha * s + (1 - o.alpha) * g * g;
  m = o.momentum * m + g / (std::sqrt(s) + o.epsilon);
  w -= o.rate * m;
}

TEST(Optimiser, RmsProp) {
  run({.optimiser = OptimiserKind::rmsprop, .rate = 0.01, .weight_decay = 0.01}, rmsprop);
  run({.optimiser = OptimiserKind::rmsprop, .rate = 0.01, .momentum = 0.5, .weight_decay = 0.01}, rmsprop);
}

// Its decay leaves the gradient alone and shrinks the weight, not the bias.
TEST(Optimiser, AdamWithDecoupledDecay) {
  TrainOptions options{.optimiser = OptimiserKind::adamw, .rate = 0.01, .weight_decay = 0.1};
  options.resolve();
  Net net = small_net();
  Optimiser optimiser(net, options);
  const auto tensors = net.tensors();
  Reference r{static_cast<double>(tensors[0].values[0]), static_cast<double>(tensors[1].values[0])};
  Buffer gradients(net.parameters().size());
  for (std::uint64_t count = 1; count <= 5; ++count) {
    const auto gradient = static_cast<float>(count) * 0.25F - 1;
    for (const std::size_t i : {0, 1}) gradients[tensors[i].parameter->offset] = gradient;
    optimiser.update(gradients.span(), options.rate, count);
    r.weight -= options.rate * options.weight_decay * r.weight;
    adam(options, r.weight, static_cast<double>(gradient), r.m[0], r.s[0], count);
    adam(options, r.bias, static_cast<double>(gradient), r.m[1], r.s[1], count);
    EXPECT_NEAR(tensors[0].values[0], r.weight, 2e-6) << count;
    EXPECT_NEAR(tensors[1].values[0], r.bias, 2e-6) << count;
  }
}

TEST(Optimiser, RateFactorsSlowDownAndFreezeLayers) {
  const auto change = [](float factor) {
    TrainOptions options{.rate = 0.1, .momentum = 0, .nesterov = false, .weight_decay = 0};
    options.resolve();
    Net net = small_net();
    const std::vector<float> factors{factor};
    Optimiser optimiser(net, options, factors);
    Buffer gradients(net.parameters().size());
    gradients[0] = 1;
    const float before = net.parameters()[0];
    optimiser.update(gradients.span(), options.rate, 1);
    EXPECT_EQ(gradients[0], 0) << "gradients are used up";
    return before - net.parameters()[0];
  };
  EXPECT_EQ(change(0), 0);
  EXPECT_NEAR(change(1), 0.1, 1e-6);
  EXPECT_NEAR(change(0.1F), 0.01, 1e-6);
}

}  // namespace
}  // namespace halfwave
