#include "halfwave/train/optimiser.h"

#include <cmath>

#include "halfwave/kernel/elementwise.h"

namespace halfwave {

Optimiser::Optimiser(Net& net, const TrainOptions& options)
    : net_(net),
      options_(options),
      first_(net.parameters().size()),
      second_(options.optimiser == OptimiserKind::adam ? net.parameters().size() : 0) {
  for (const Net::Tensor& tensor : net.tensors()) {
    const Parameter& parameter = *tensor.parameter;
    if (!parameter.trained) continue;
    parts_.push_back({parameter.offset, parameter.size(),
                      parameter.decays ? static_cast<float>(options.weight_decay) : 0.0F});
  }
}

void Optimiser::update(std::span<float> gradients, double rate, std::uint64_t count) {
  const auto lr = static_cast<float>(rate);
  if (options_.optimiser == OptimiserKind::sgd) {
    const auto momentum = static_cast<float>(options_.momentum);
    const float ahead = options_.nesterov ? momentum : 1.0F;  // of the velocity
    const float own = options_.nesterov ? 1.0F : 0.0F;        // of the gradient itself
    for (const Part& part : parts_) {
      float* w = net_.parameters().data() + part.begin;
      float* g = gradients.data() + part.begin;
      float* v = first_.data() + part.begin;
      kernel::over_blocks(part.size, [&](std::size_t begin, std::size_t size) {
        for (std::size_t i = begin; i < begin + size; ++i) {
          const float gradient = g[i] + part.decay * w[i];
          v[i] = momentum * v[i] + gradient;
          w[i] -= lr * (own * gradient + ahead * v[i]);
          g[i] = 0;
        }
      });
    }
    return;
  }
  const auto beta1 = static_cast<float>(options_.beta1);
  const auto beta2 = static_cast<float>(options_.beta2);
  const auto epsilon = static_cast<float>(options_.epsilon);
  const auto n = static_cast<double>(count);
  const auto step = static_cast<float>(rate / (1 - std::pow(options_.beta1, n)));
  const auto scale = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, n)));
  for (const Part& part : parts_) {
    float* w = net_.parameters().data() + part.begin;
    float* g = gradients.data() + part.begin;
    float* m = first_.data() + part.begin;
    float* s = second_.data() + part.begin;
    kernel::over_blocks(part.size, [&](std::size_t begin, std::size_t size) {
      for (std::size_t i = begin; i < begin + size; ++i) {
        const float gradient = g[i] + part.decay * w[i];
        m[i] = beta1 * m[i] + (1 - beta1) * gradient;
        s[i] = beta2 * s[i] + (1 - beta2) * gradient * gradient;
        w[i] -= step * m[i] / (std::sqrt(s[i]) * scale + epsilon);
        g[i] = 0;
      }
    });
  }
}

std::vector<Optimiser::State> Optimiser::state() {
  if (options_.optimiser == OptimiserKind::sgd) return {{"optimiser.momentum", first_.span()}};
  return {{"optimiser.mean", first_.span()}, {"optimiser.square", second_.span()}};
}

}  // namespace halfwave
