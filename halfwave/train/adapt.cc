#include "halfwave/train/adapt.h"

#include "halfwave/layer/linear.h"

namespace halfwave {

NetSpec adapted(NetSpec spec, const Dataset& data) {
  spec.input = data.shape();
  if (data.is_regression() && spec.loss != "huber") spec.loss = "mean_squared_error";
  if (spec.layers.empty() || spec.layers.back().type != LinearOptions::type) return spec;
  for (auto& [key, value] : spec.layers.back().options)
    if (key == LinearOptions::type) value = static_cast<std::int64_t>(data.classes().size());
  return spec;
}

}  // namespace halfwave
