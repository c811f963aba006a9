#include "halfwave/train/training_step.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "halfwave/base/parallel.h"
#include "halfwave/kernel/elementwise.h"

namespace halfwave {
namespace {

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace

TrainingStep::TrainingStep(Net& net, const TrainOptions& options, std::int64_t batch,
                           std::vector<float> class_weights, std::span<const float> rate_factors)
    : net_(net),
      seed_(options.seed),
      loss_(loss_by_name(net.spec().loss)),
      loss_options_{.label_smoothing = options.label_smoothing,
                    .huber_delta = options.huber_delta,
                    .class_weights = std::move(class_weights)},
      clip_norm_(options.clip_norm),
      plan_(net, {.batch = batch, .training = true, .kernels = options.kernels}),
      optimiser_(net, options, rate_factors),
      gradients_(net.parameters().size()) {}

LossSum TrainingStep::run(const float* x, const Targets& targets, std::uint64_t step, double rate,
                          const StepWatch* watch) {
  plan_.load();
  Plan::Look look;
  if (watch != nullptr) look = [watch](const Plan::Made& made) { watch->observer.look(made); };
  const float* scores = plan_.forward(x, static_cast<std::int64_t>(targets.labels.size()),
                                      {.running = net_.state(), .seed = seed_, .step = step}, look,
                                      Plan::Show::what_is_written);
  const LossSum sum =
      evaluate_loss(loss_, scores, net_.output().size(), targets, plan_.output_gradient(), loss_options_);
  if (!std::isfinite(sum.loss)) return sum;
  plan_.backward(gradients_.data());
  if (watch != nullptr) watch->observer.end_step(gradients_.data(), watch->epoch, watch->tally);
  clip_gradients();
  optimiser_.update(gradients_.span(), rate, step + 1);
  return sum;
}

// As PyTorch's clip_grad_norm_.
void TrainingStep::clip_gradients() {
  if (clip_norm_ == 0) return;
  sums_.assign(static_cast<std::size_t>(thread_count()), 0);
  const std::span<float> gradients = gradients_.span();
  parallel_for(gradients.size(), parallel_grain, [&](std::size_t begin, std::size_t end, int thread) {
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i)
      sum += static_cast<double>(gradients[i]) * static_cast<double>(gradients[i]);
    sums_[static_cast<std::size_t>(thread)] = sum;
  });
  const double norm = std::sqrt(std::accumulate(sums_.begin(), sums_.end(), 0.0));
  if (!(norm > clip_norm_)) return;
  const auto factor = static_cast<float>(clip_norm_ / norm);
  kernel::over_blocks(gradients.size(), [&](std::size_t begin, std::size_t size) {
    for (std::size_t i = begin; i < begin + size; ++i) gradients[i] *= factor;
  });
}

std::string TrainingStep::first_not_finite(const float* x, std::int64_t n, std::uint64_t step) {
  for (const Net::Tensor& tensor : net_.tensors()) {
    if (tensor.parameter->trained && !all_finite(tensor.values)) {
      return "the weights of layer '" + net_.nodes()[tensor.node].name + "'";
    }
  }
  std::string where;
  plan_.forward(x, n, {.running = {}, .seed = seed_, .step = step}, [&](const Plan::Made& made) {
    if (where.empty() && !all_finite(made.values))
      where = "the output of layer '" + std::string(made.step) + "'";
  });
  return where.empty() ? "the loss itself" : where;
}

}  // namespace halfwave
