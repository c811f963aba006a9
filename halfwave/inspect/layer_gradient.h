// How large the gradient is that arrives at the weights of each layer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
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
  std::optional<double> weight_magnitude{};  // mean |w|
  // The distance between the 5th and the 95th percentile of its values.
  std::optional<double> spread{};
  // Mean size of a step of the optimiser by mean |w|: update_meter.h. Where it is known how the net was
  // trained.
  std::optional<double> update_ratio{};
};

// The weights of the layers that multiply by some, from first to last; not those of a batch norm.
struct WeightTensor {
  std::string name;       // of the layer
  std::size_t node = 0;   // of it
  std::size_t begin = 0;  // in net.parameters()
  std::span<const float> values{};
};
std::vector<WeightTensor> weight_tensors(const Net& net);

double mean_magnitude(std::span<const float> values);  // those that are not finite count as 0

// One a weight tensor. gradients: the sum over so many batches of those of the mean loss, laid out as
// net.parameters(). Without what is optional, for which inspect() is there.
std::vector<LayerGradient> layer_gradients(const Net& net, const float* gradients, double batches);

// See LayerGradient::spread; of many values it is that of 100,000, taken evenly. Those that are not finite
// are left out.
double percentile_spread(std::span<const float> gradients, double batches);

}  // namespace halfwave
