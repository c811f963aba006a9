// One gradient checker for any layer or chain of layers: the gradient of dot(y, dy), by every input and every
// parameter, against central differences of the forward pass.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "halfwave/base/random.h"
#include "halfwave/net/plan.h"

namespace halfwave {

struct GradientCheck {
  std::string layers;  // TOML: the inside of `layers = [ ... ]`
  Shape input;
  std::int64_t batch = 2;
  bool distinct = false;  // all inputs differ, for layers that pick the largest
  std::string activation = "relu";
};

// The inputs are odd multiples of 1/4 (distinct ones, or random ones within +-2): no kink of the catalogue,
// and no other distinct input, is nearer than 1/4, and no input is moved by more than 2 h = 1/8.
inline std::vector<float> gradient_check_input(const GradientCheck& check, RandomStream& random) {
  std::vector<float> x(check.input.size() * static_cast<std::size_t>(check.batch));
  std::vector<int> order(x.size());
  std::iota(order.begin(), order.end(), -static_cast<int>(x.size() / 2));
  for (std::size_t i = x.size(); i > 1; --i)
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const int k = check.distinct ? order[i] : static_cast<int>(random.below(8)) - 4;
    x[i] = 0.25F + 0.5F * static_cast<float>(k);
  }
  return x;
}

inline void check_gradient(const GradientCheck& check) {
  SCOPED_TRACE(check.layers + " on " + to_string(check.input) + ", batch " + std::to_string(check.batch));
  NetSpec spec = parse_net("input = [1, 1, 1]\nlayers = [" + check.layers + "]", "check");
  spec.input = check.input;
  spec.activation = check.activation;
  Net net(spec);
  net.initialise(11);
  RandomStream random(12, RandomPurpose::test);
  for (const Net::Tensor& tensor : net.tensors()) {
    if (!tensor.parameter->trained) continue;
    for (float& value : tensor.values) value += 0.5F * random.uniform();
  }
  std::vector<float> x = gradient_check_input(check, random);
  std::vector<float> dy(net.output().size() * static_cast<std::size_t>(check.batch));
  for (float& value : dy) value = random.normal();

  const StepContext context{.running = {}, .seed = 5, .step = 6};
  Plan plan(net, {.batch = check.batch, .training = true, .input_gradient = true});
  Buffer gradients(net.parameters().size());
  // A first step of NaN fills everything that the plan owns, so that what the second does not write shows.
  const std::vector<float> poison(std::max(x.size(), dy.size()), std::numeric_limits<float>::quiet_NaN());
  plan.forward(poison.data(), check.batch, context);
  std::copy_n(poison.begin(), dy.size(), plan.output_gradient());
  plan.backward(gradients.data());
  // Gradients of parameters are added to what is there.
  constexpr float start = 0.5F;
  std::fill(gradients.span().begin(), gradients.span().end(), start);
  plan.load();
  const float* y = plan.forward(x.data(), check.batch, context);
  double largest_y = 0;
  double norm = 0;
  for (std::size_t i = 0; i < dy.size(); ++i) {
    largest_y = std::max(largest_y, std::abs(static_cast<double>(y[i])));
    norm += std::pow(static_cast<double>(dy[i]), 2);
  }
  std::copy(dy.begin(), dy.end(), plan.output_gradient());
  plan.backward(gradients.data());
  const std::vector<float> dx(plan.input_gradient(), plan.input_gradient() + x.size());

  const auto dot = [&] {
    plan.load();
    const float* out = plan.forward(x.data(), check.batch, context);
    double sum = 0;
    for (std::size_t i = 0; i < dy.size(); ++i)
      sum += static_cast<double>(out[i]) * static_cast<double>(dy[i]);
    return sum;
  };
  // (8 (f(+h) - f(-h)) - (f(+2h) - f(-2h))) / 12 h is right up to h^4 / 30 times the fifth derivative: 5e-7
  // of it.
  constexpr float h = 1.0F / 16;
  const auto difference = [&](float& value) {
    const float before = value;
    const auto at = [&](float step) {
      value = before + step;
      return dot();
    };
    const double result = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * static_cast<double>(h));
    value = before;
    return result;
  };
  // Each output carries some 16 independent roundings of 2^-24 of the largest; 18 / 12 h of them come
  // together.
  const double noise = 1.5 / static_cast<double>(h) * 16 * 0x1p-24 * largest_y * std::sqrt(norm);
  const auto expect = [&](std::vector<float> got, std::span<float> moved, const std::string& what) {
    double largest = 0;
    for (const float value : got) largest = std::max(largest, std::abs(static_cast<double>(value)));
    // The rest: the fifth derivative, and the rounding of the gradient itself.
    const double tolerance = noise + 1e-4 * largest;
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], difference(moved[i]), tolerance) << what << " at " << i;
    }
  };
  expect(dx, x, "dx");
  for (const Net::Tensor& tensor : net.tensors()) {
    if (!tensor.parameter->trained) continue;
    std::vector<float> got;
    for (std::size_t i = 0; i < tensor.values.size(); ++i)
      got.push_back(gradients[tensor.parameter->offset + i] - start);
    expect(got, tensor.values, tensor.name);
  }
}

}  // namespace halfwave
