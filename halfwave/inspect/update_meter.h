// How much a step of an optimiser changes the weights of each layer.
#pragma once

#include <span>
#include <vector>

#include "halfwave/net/net.h"
#include "halfwave/tensor/buffer.h"
#include "halfwave/train/optimiser.h"
#include "halfwave/train/options.h"

namespace halfwave {

// An optimiser that is begun anew takes one step after another, each from the weights of the net as they are:
// by gradients that differ from batch to batch its momentum and its means come near those of a training.
// Weight decay is left out.
class UpdateMeter {
 public:
  // The net must outlive it. options: optimiser, its constants, rate, and what is frozen.
  UpdateMeter(const Net& net, const TrainOptions& options);

  // Of the mean loss of a batch, laid out as net.parameters(). Used up: 0 afterwards.
  void add(std::span<float> gradients);

  // In the order of layer_gradients(): mean size of a step by mean size of the weights. 0 where all weights
  // are 0.
  std::vector<double> ratios() const;

 private:
  const Net& net_;
  Net moved_;  // from 0, by the step alone
  double rate_;
  Optimiser optimiser_;
  std::vector<double> sums_;  // of the steps' mean sizes
  std::uint64_t steps_ = 0;
};

}  // namespace halfwave
