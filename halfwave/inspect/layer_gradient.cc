#include "halfwave/inspect/layer_gradient.h"

#include <algorithm>
#include <cmath>

namespace halfwave {
namespace {

// Of finite values; the others are counted apart.
struct Sums {
  double squares = 0, magnitudes = 0;
  std::int64_t zeros = 0, not_finite = 0;

  void add(double value) {
    if (!std::isfinite(value)) {
      ++not_finite;
      return;
    }
    squares += value * value;
    magnitudes += std::abs(value);
    zeros += value == 0 ? 1 : 0;
  }
};

// Eight sums side by side, which compilers turn into vectors: a watched step of training waits for this.
Sums sums_of(std::span<const float> values) {
  constexpr std::size_t lanes = 8;
  double squares[lanes] = {};
  double magnitudes[lanes] = {};
  std::int64_t zeros[lanes] = {};
  const std::size_t whole = values.size() / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      const auto value = static_cast<double>(values[i + lane]);
      squares[lane] += value * value;
      magnitudes[lane] += std::abs(value);
      zeros[lane] += value == 0 ? 1 : 0;
    }
  }
  Sums sums;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    sums.squares += squares[lane];
    sums.magnitudes += magnitudes[lane];
    sums.zeros += zeros[lane];
  }
  // One value that is not finite spoils them.
  if (!std::isfinite(sums.squares)) {
    sums = {};
    for (const float value : values) sums.add(static_cast<double>(value));
    return sums;
  }
  for (const float value : values.subspan(whole)) sums.add(static_cast<double>(value));
  return sums;
}

}  // namespace

std::vector<WeightTensor> weight_tensors(const Net& net) {
  std::vector<WeightTensor> result;
  for (std::size_t i = 0; i < net.nodes().size(); ++i) {
    const Net::Node& node = net.nodes()[i];
    for (const Parameter& parameter : node.layer->parameters()) {
      if (parameter.trained && parameter.name == "weight" && node.layer->multiply_adds() > 0)
        result.push_back(
            {node.name, i, parameter.offset, net.parameters().subspan(parameter.offset, parameter.size())});
    }
  }
  return result;
}

double mean_magnitude(std::span<const float> values) {
  return sums_of(values).magnitudes / static_cast<double>(values.size());
}

std::vector<LayerGradient> layer_gradients(const Net& net, const float* gradients, double batches) {
  std::vector<LayerGradient> result;
  for (const WeightTensor& weight : weight_tensors(net)) {
    LayerGradient& layer = result.emplace_back();
    layer.name = weight.name;
    const Sums sums = sums_of({gradients + weight.begin, weight.values.size()});
    const auto count = static_cast<double>(weight.values.size());
    layer.norm = std::sqrt(sums.squares) / batches;
    layer.mean_magnitude = sums.magnitudes / count / batches;
    layer.zero_share = static_cast<double>(sums.zeros) / count;
    layer.not_finite = sums.not_finite;
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
