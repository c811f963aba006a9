// One step of stochastic gradient descent: forward, loss, backward, update.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "halfwave/net/plan.h"
#include "halfwave/train/loss.h"
#include "halfwave/train/optimiser.h"
#include "halfwave/train/options.h"
#include "halfwave/train/step_observer.h"

namespace halfwave {

// Serves one thread at a time and uses the pool of threads itself.
class TrainingStep {
 public:
  // For batches of at most `batch` images. The net must outlive it.
  // class_weights: see LossOptions; rate_factors: see Optimiser.
  TrainingStep(Net& net, const TrainOptions& options, std::int64_t batch,
               std::vector<float> class_weights = {}, std::span<const float> rate_factors = {});

  // x: targets.labels.size() images, NHWC; step counts the updates before this one. Updates the net unless
  // the loss is not finite (running statistics have then seen the batch all the same). Allocates nothing once
  // it has met a batch size. Where the step is watched that changes no bit of it.
  LossSum run(const float* x, const Targets& targets, std::uint64_t step, double rate,
              const StepWatch* watch = nullptr);

  // After a loss that is not finite: the layer whose weights or output are the first that are not, in words.
  std::string first_not_finite(const float* x, std::int64_t n, std::uint64_t step);

  Optimiser& optimiser() { return optimiser_; }
  Plan& plan() { return plan_; }

 private:
  void clip_gradients();

  Net& net_;
  std::uint64_t seed_;
  Loss loss_;
  LossOptions loss_options_;
  double clip_norm_;
  std::vector<double> sums_;  // of squares, by thread
  Plan plan_;
  Optimiser optimiser_;
  Buffer gradients_;
};

}  // namespace halfwave
