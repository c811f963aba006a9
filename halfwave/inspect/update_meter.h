// How much a step of an optimiser changes the weights of each layer.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "halfwave/net/net.h"
#include "halfwave/tensor/buffer.h"
#include "halfwave/train/optimiser.h"
#include "halfwave/train/options.h"

namespace halfwave {

// An optimiser that is begun anew takes one step after another, each from the weights of the net as they are:
// by gradients that differ from batch to batch its momentum and its means come near those of a training (but
// those of RMSprop, which are not corrected for beginning at 0: its first steps are up to ten times as
// large). Weight decay and the clipping of gradients are left out.
class UpdateMeter {
 public:
  // The net must outlive it. options: optimiser, its constants, rate, and what is frozen.
  UpdateMeter(const Net& net, const TrainOptions& options);

  // Of the mean loss of a batch, laid out as net.parameters(). Used up: 0 afterwards.
  void add(std::span<float> gradients);

  // In the order of layer_gradients(): mean size of a step by mean size of the weights. Nothing for layers
  // that are frozen, or whose weights are 0 or not finite.
  std::vector<std::optional<double>> ratios() const;

 private:
  const Net& net_;
  Net moved_;  // from 0, by the step alone
  double rate_;
  std::vector<float> rate_factors_;  // by node; empty where all are 1
  Optimiser optimiser_;
  std::vector<double> sums_;  // of the steps' mean sizes
  std::uint64_t steps_ = 0;
};

}  // namespace halfwave
