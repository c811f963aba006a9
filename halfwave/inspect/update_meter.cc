#include "halfwave/inspect/update_meter.h"

#include <algorithm>
#include <cmath>

#include "halfwave/inspect/layer_gradient.h"
#include "halfwave/train/fine_tune.h"

namespace halfwave {

UpdateMeter::UpdateMeter(const Net& net, const TrainOptions& options)
    : net_(net),
      moved_(net.spec()),
      rate_(options.rate),
      rate_factors_(rate_factors(net, options)),
      optimiser_(moved_, options, rate_factors_),
      sums_(weight_tensors(net).size()) {}

void UpdateMeter::add(std::span<float> gradients) {
  std::fill(moved_.parameters().begin(), moved_.parameters().end(), 0.0F);
  optimiser_.update(gradients, rate_, ++steps_);
  const std::vector<WeightTensor> weights = weight_tensors(moved_);
  for (std::size_t i = 0; i < weights.size(); ++i) sums_[i] += mean_magnitude(weights[i].values);
}

std::vector<std::optional<double>> UpdateMeter::ratios() const {
  std::vector<std::optional<double>> ratios;
  for (const WeightTensor& weight : weight_tensors(net_)) {
    const double size = mean_magnitude(weight.values) * static_cast<double>(steps_);
    const double ratio = sums_[ratios.size()] / size;
    const bool frozen = !rate_factors_.empty() && rate_factors_[weight.node] == 0;
    ratios.push_back(frozen || !std::isfinite(ratio) ? std::nullopt : std::optional(ratio));
  }
  return ratios;
}

}  // namespace halfwave
