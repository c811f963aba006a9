#include "halfwave/inspect/layer_gradient.h"

#include <cmath>

namespace halfwave {
namespace {

LayerGradient gradient_of(const Net::Node& node, const Parameter& weight, const float* gradients,
                          const float* weights, double batches, double rate) {
  LayerGradient result{.name = node.name};
  double squares = 0;
  double magnitudes = 0;
  std::int64_t zeros = 0;
  for (std::size_t i = weight.offset; i < weight.offset + weight.size(); ++i) {
    const double gradient = static_cast<double>(gradients[i]) / batches;
    result.weight_magnitude += std::abs(static_cast<double>(weights[i]));
    if (!std::isfinite(gradient)) {
      ++result.not_finite;
      continue;
    }
    squares += gradient * gradient;
    magnitudes += std::abs(gradient);
    zeros += gradient == 0 ? 1 : 0;
  }
  const auto count = static_cast<double>(weight.size());
  result.norm = std::sqrt(squares);
  result.mean_magnitude = magnitudes / count;
  result.zero_share = static_cast<double>(zeros) / count;
  result.weight_magnitude /= count;
  if (rate > 0 && result.weight_magnitude > 0)
    result.update_ratio = rate * result.mean_magnitude / result.weight_magnitude;
  return result;
}

}  // namespace

std::vector<LayerGradient> layer_gradients(const Net& net, const float* gradients, double batches,
                                           double rate) {
  std::vector<LayerGradient> result;
  for (const Net::Node& node : net.nodes()) {
    for (const Parameter& parameter : node.layer->parameters()) {
      if (parameter.trained && parameter.name == "weight" && node.layer->multiply_adds() > 0)
        result.push_back(gradient_of(node, parameter, gradients, net.parameters().data(), batches, rate));
    }
  }
  return result;
}

}  // namespace halfwave
