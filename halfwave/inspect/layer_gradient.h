// How large the gradient is that arrives at the weights of each layer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "halfwave/net/net.h"

namespace halfwave {

// The gradient of the mean loss by the weights of a layer.
struct LayerGradient {
  std::string name;
  double norm = 0;  // root of the sum of squares
  double mean_magnitude = 0;
  double zero_share = 0;  // of the weights: whose gradient is exactly 0
  std::int64_t not_finite = 0;
  double weight_magnitude = 0;  // mean |w|
  // Mean |rate * gradient| by mean |w|: what a step of plain SGD would change. Where a rate is given.
  std::optional<double> update_ratio{};
};

// Of the layers that have weights, from first to last. gradients: the sum over so many batches of those of
// the mean loss, laid out as net.parameters(). rate: learning rate; 0: unknown.
std::vector<LayerGradient> layer_gradients(const Net& net, const float* gradients, double batches,
                                           double rate);

}  // namespace halfwave
