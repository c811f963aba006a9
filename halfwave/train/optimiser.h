// Optimisers, on the one buffer of parameters, one of gradients, and the optimiser's own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "halfwave/net/net.h"
#include "halfwave/tensor/buffer.h"
#include "halfwave/train/options.h"

namespace halfwave {

// As PyTorch writes them: SGD with momentum and Nesterov's form (Sutskever et al. 2013); Adam (Kingma and Ba
// 2015) and RMSprop (Tieleman and Hinton 2012) with L2 decay added to the gradient; AdamW (Loshchilov and
// Hutter 2019), whose decay leaves the gradient alone. Serves one thread at a time.
class Optimiser {
 public:
  // rate_factors, one a node of the net, multiply its rate: 0 leaves a layer as it is. Empty: all are 1.
  Optimiser(Net& net, const TrainOptions& options, std::span<const float> rate_factors = {});

  // One update with this rate; `count` is the number of updates so far, this one included. The gradients are
  // used up: 0 afterwards.
  void update(std::span<float> gradients, double rate, std::uint64_t count);

  // Its memory between updates, by name, each as long as the net's parameters; to be saved and restored.
  struct State {
    std::string name;
    std::span<float> values;
  };
  std::vector<State> state();

 private:
  struct Part {
    std::size_t begin, size;
    float decay;
    float rate;
  };

  Net& net_;
  TrainOptions options_;
  std::vector<Part> parts_;  // one a tensor
  Buffer first_;             // momentum; Adam's mean of gradients
  Buffer second_;            // mean of squared gradients, but for sgd
};

}  // namespace halfwave
