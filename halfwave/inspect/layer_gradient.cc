#include "halfwave/inspect/layer_gradient.h"

#include <algorithm>
#include <cmath>

namespace halfwave {

std::vector<WeightTensor> weight_tensors(const Net& net) {
  std::vector<WeightTensor> result;
  for (const Net::Node& node : net.nodes()) {
    for (const Parameter& parameter : node.layer->parameters()) {
      if (parameter.trained && parameter.name == "weight" && node.layer->multiply_adds() > 0)
        result.push_back(
            {node.name, parameter.offset, net.parameters().subspan(parameter.offset, parameter.size())});
    }
  }
  return result;
}

double mean_magnitude(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += std::abs(static_cast<double>(value));
  return sum / static_cast<double>(values.size());
}

std::vector<LayerGradient> layer_gradients(const Net& net, const float* gradients, double batches) {
  std::vector<LayerGradient> result;
  for (const WeightTensor& weight : weight_tensors(net)) {
    LayerGradient& layer = result.emplace_back();
    layer.name = weight.name;
    layer.weight_magnitude = mean_magnitude(weight.values);
    double squares = 0;
    double magnitudes = 0;
    std::int64_t zeros = 0;
    for (std::size_t i = 0; i < weight.values.size(); ++i) {
      const double gradient = static_cast<double>(gradients[weight.begin + i]) / batches;
      if (!std::isfinite(gradient)) {
        ++layer.not_finite;
        continue;
      }
      squares += gradient * gradient;
      magnitudes += std::abs(gradient);
      zeros += gradient == 0 ? 1 : 0;
    }
    const auto count = static_cast<double>(weight.values.size());
    layer.norm = std::sqrt(squares);
    layer.mean_magnitude = magnitudes / count;
    layer.zero_share = static_cast<double>(zeros) / count;
  }
  return result;
}

double percentile_spread(std::span<const float> gradients, double batches) {
  constexpr std::size_t most = 100'000;
  const std::size_t step = (gradients.size() + most - 1) / most;
  std::vector<float> some;
  for (std::size_t i = 0; i < gradients.size(); i += step) {
    if (std::isfinite(gradients[i])) some.push_back(gradients[i]);
  }
  if (some.empty()) return 0;
  const auto percentile = [&](double share) {
    const auto place = some.begin() + std::lround(share * static_cast<double>(some.size() - 1));
    std::nth_element(some.begin(), place, some.end());
    return static_cast<double>(*place);
  };
  return (percentile(0.95) - percentile(0.05)) / batches;
}

}  // namespace halfwave
