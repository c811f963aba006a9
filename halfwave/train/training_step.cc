#include "halfwave/train/training_step.h"

#include <algorithm>
#include <cmath>

namespace halfwave {
namespace {

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace

TrainingStep::TrainingStep(Net& net, const TrainOptions& options, std::int64_t batch)
    : net_(net),
      seed_(options.seed),
      loss_(loss_by_name(net.spec().loss)),
      plan_(net, {.batch = batch, .training = true}),
      optimiser_(net, options),
      gradients_(net.parameters().size()) {}

LossSum TrainingStep::run(const float* x, std::span<const int> labels, std::uint64_t step, double rate) {
  plan_.load();
  const float* scores = plan_.forward(x, static_cast<std::int64_t>(labels.size()),
                                      {.running = net_.state(), .seed = seed_, .step = step});
  const LossSum sum = evaluate_loss(loss_, scores, net_.output().size(), labels, plan_.output_gradient());
  if (!std::isfinite(sum.loss)) return sum;
  plan_.backward(gradients_.data());
  optimiser_.update(gradients_.span(), rate, step + 1);
  return sum;
}

std::string TrainingStep::first_not_finite(const float* x, std::int64_t n, std::uint64_t step) {
  for (const Net::Tensor& tensor : net_.tensors()) {
    if (tensor.parameter->trained && !all_finite(tensor.values)) {
      return "the weights of layer '" + net_.nodes()[tensor.node].name + "'";
    }
  }
  std::string where;
  plan_.forward(x, n, {.running = {}, .seed = seed_, .step = step},
                [&](std::string_view name, const float* values, std::size_t count) {
                  if (where.empty() && !all_finite({values, count}))
                    where = "the output of layer '" + std::string(name) + "'";
                });
  return where.empty() ? "the loss itself" : where;
}

}  // namespace halfwave
