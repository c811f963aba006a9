#include "halfwave/inspect/update_meter.h"

#include <algorithm>

#include "halfwave/inspect/layer_gradient.h"
#include "halfwave/train/fine_tune.h"

namespace halfwave {

UpdateMeter::UpdateMeter(const Net& net, const TrainOptions& options)
    : net_(net),
      moved_(net.spec()),
      rate_(options.rate),
      optimiser_(moved_, options, rate_factors(moved_, options)),
      sums_(weight_tensors(net).size()) {}

void UpdateMeter::add(std::span<float> gradients) {
  std::fill(moved_.parameters().begin(), moved_.parameters().end(), 0.0F);
  optimiser_.update(gradients, rate_, ++steps_);
  const std::vector<WeightTensor> weights = weight_tensors(moved_);
  for (std::size_t i = 0; i < weights.size(); ++i) sums_[i] += mean_magnitude(weights[i].values);
}

std::vector<double> UpdateMeter::ratios() const {
  std::vector<double> ratios;
  for (const WeightTensor& weight : weight_tensors(net_)) {
    const double size =
        mean_magnitude(weight.values) * static_cast<double>(std::max<std::uint64_t>(steps_, 1));
    ratios.push_back(size > 0 ? sums_[ratios.size()] / size : 0);
  }
  return ratios;
}

}  // namespace halfwave
