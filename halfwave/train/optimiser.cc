#include "halfwave/train/optimiser.h"

#include <algorithm>
#include <cmath>

#include "halfwave/kernel/parameter_update.h"

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

void Optimiser::update(std::span<float> gradients, double rate, std::uint64_t count) {
  const auto narrow = [](double value) { return static_cast<float>(value); };
  const auto n = static_cast<double>(count);
  for (const Part& part : parts_) {
    float* w = net_.parameters().data() + part.begin;
    float* g = gradients.data() + part.begin;
    float* first = first_.data() + part.begin;
    const float lr = narrow(rate) * part.rate;
    if (part.rate == 0) {
      std::fill_n(g, part.size, 0.0F);
      continue;
    }
    switch (options_.optimiser) {
      case OptimiserKind::sgd:
        kernel::SgdUpdate{.rate = lr,
                          .decay = part.decay,
                          .momentum = narrow(options_.momentum),
                          .nesterov = options_.nesterov}
            .run(part.size, w, g, first);
        break;
      case OptimiserKind::rmsprop:
        kernel::RmspropUpdate{.rate = lr,
                              .decay = part.decay,
                              .alpha = narrow(options_.alpha),
                              .momentum = narrow(options_.momentum),
                              .epsilon = narrow(options_.epsilon)}
            .run(part.size, w, g, first, second_.data() + part.begin);
        break;
      case OptimiserKind::adam:
      case OptimiserKind::adamw:
        kernel::AdamUpdate{.rate = lr,
                           .decay = part.decay,
                           .beta1 = narrow(options_.beta1),
                           .beta2 = narrow(options_.beta2),
                           .epsilon = narrow(options_.epsilon),
                           .scale1 = narrow(1 / (1 - std::pow(options_.beta1, n))),
                           .scale2 = narrow(1 / std::sqrt(1 - std::pow(options_.beta2, n))),
                           .decoupled = options_.optimiser == OptimiserKind::adamw}
            .run(part.size, w, g, first, second_.data() + part.begin);
        break;
    }
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
