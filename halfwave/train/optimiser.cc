#include "halfwave/train/optimiser.h"

#include <algorithm>
#include <cmath>

#include "halfwave/kernel/elementwise.h"

namespace halfwave {
namespace {

bool has_second(OptimiserKind kind) { return kind != OptimiserKind::sgd; }

}  // namespace

Optimiser::Optimiser(Net& net, const TrainOptions& options, std::span<const float> rate_factors)
    : net_(net),
      options_(options),
      first_(net.parameters().size()),
      second_(has_second(options.optimiser) ? net.parameters().size() : 0) {
  for (const Net::Tensor& tensor : net.tensors()) {
    const Parameter& parameter = *tensor.parameter;
    if (!parameter.trained) continue;
    parts_.push_back({.begin = parameter.offset,
                      .size = parameter.size(),
                      .decay = parameter.decays ? static_cast<float>(options.weight_decay) : 0.0F,
                      .rate = rate_factors.empty() ? 1.0F : rate_factors[tensor.node]});
  }
}

// Calls step(weight, gradient, first, second, decay, rate) for each parameter; the gradient is used up.
template <class Step>
void Optimiser::for_each(std::span<float> gradients, double rate, const Step& step) {
  for (const Part& part : parts_) {
    float* w = net_.parameters().data() + part.begin;
    float* g = gradients.data() + part.begin;
    if (part.rate == 0) {
      std::fill_n(g, part.size, 0.0F);
      continue;
    }
    float* first = first_.data() + part.begin;
    float* second = second_.span().empty() ? first : second_.data() + part.begin;
    const float lr = static_cast<float>(rate) * part.rate;
    kernel::over_blocks(part.size, [&](std::size_t begin, std::size_t size) {
      for (std::size_t i = begin; i < begin + size; ++i) {
        step(w[i], g[i], first[i], second[i], part.decay, lr);
        g[i] = 0;
      }
    });
  }
}

void Optimiser::update(std::span<float> gradients, double rate, std::uint64_t count) {
  const auto momentum = static_cast<float>(options_.momentum);
  const auto beta1 = static_cast<float>(options_.beta1);
  const auto beta2 = static_cast<float>(options_.beta2);
  const auto alpha = static_cast<float>(options_.alpha);
  const auto epsilon = static_cast<float>(options_.epsilon);
  const auto n = static_cast<double>(count);
  // Adam's corrections of the first steps.
  const auto scale1 = static_cast<float>(1 / (1 - std::pow(options_.beta1, n)));
  const auto scale2 = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, n)));
  switch (options_.optimiser) {
    case OptimiserKind::sgd: {
      const float ahead = options_.nesterov ? momentum : 1.0F;  // of the velocity
      const float own = options_.nesterov ? 1.0F : 0.0F;        // of the gradient itself
      for_each(gradients, rate, [=](float& w, float g, float& v, float&, float decay, float lr) {
        const float gradient = g + decay * w;
        v = momentum * v + gradient;
        w -= lr * (own * gradient + ahead * v);
      });
      break;
    }
    case OptimiserKind::adam:
      for_each(gradients, rate, [=](float& w, float g, float& m, float& s, float decay, float lr) {
        const float gradient = g + decay * w;
        m = beta1 * m + (1 - beta1) * gradient;
        s = beta2 * s + (1 - beta2) * gradient * gradient;
        w -= lr * scale1 * m / (std::sqrt(s) * scale2 + epsilon);
      });
      break;
    case OptimiserKind::adamw:
      for_each(gradients, rate, [=](float& w, float g, float& m, float& s, float decay, float lr) {
        m = beta1 * m + (1 - beta1) * g;
        s = beta2 * s + (1 - beta2) * g * g;
        w -= lr * (decay * w + scale1 * m / (std::sqrt(s) * scale2 + epsilon));
      });
      break;
    case OptimiserKind::rmsprop:
      for_each(gradients, rate, [=](float& w, float g, float& v, float& s, float decay, float lr) {
        const float gradient = g + decay * w;
        s = alpha * s + (1 - alpha) * gradient * gradient;
        v = momentum * v + gradient / (std::sqrt(s) + epsilon);
        w -= lr * v;
      });
      break;
  }
}

std::vector<Optimiser::State> Optimiser::state() {
  switch (options_.optimiser) {
    case OptimiserKind::sgd:
      return {{"optimiser.momentum", first_.span()}};
    case OptimiserKind::rmsprop:
      return {{"optimiser.momentum", first_.span()}, {"optimiser.square", second_.span()}};
    case OptimiserKind::adam:
    case OptimiserKind::adamw:
      break;
  }
  return {{"optimiser.mean", first_.span()}, {"optimiser.square", second_.span()}};
}

}  // namespace halfwave
