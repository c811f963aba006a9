// One step of stochastic gradient descent: forward, loss, backward, update.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "halfwave/net/plan.h"
#include "halfwave/train/loss.h"
#include "halfwave/train/optimiser.h"
#include "halfwave/train/options.h"

namespace halfwave {

// Serves one thread at a time and uses the pool of threads itself.
class TrainingStep {
 public:
  // For batches of at most `batch` images. The net must outlive it.
  TrainingStep(Net& net, const TrainOptions& options, std::int64_t batch);

  // x: labels.size() images, NHWC; step counts the updates before this one. Updates the net unless the loss
  // is not finite (running statistics have then seen the batch all the same). Allocates nothing once it has
  // met a batch size.
  LossSum run(const float* x, std::span<const int> labels, std::uint64_t step, double rate);

  // After a loss that is not finite: the layer whose weights or output are the first that are not, in words.
  std::string first_not_finite(const float* x, std::int64_t n, std::uint64_t step);

  Optimiser& optimiser() { return optimiser_; }
  Plan& plan() { return plan_; }

 private:
  Net& net_;
  std::uint64_t seed_;
  Loss loss_;
  Plan plan_;
  Optimiser optimiser_;
  Buffer gradients_;
};

}  // namespace halfwave
