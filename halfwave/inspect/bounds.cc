#include "halfwave/inspect/bounds.h"

#include <algorithm>
#include <cmath>

#include "halfwave/layer/add.h"
#include "halfwave/layer/average_pool.h"
#include "halfwave/layer/batch_norm.h"
#include "halfwave/layer/dropout.h"
#include "halfwave/layer/flatten.h"
#include "halfwave/layer/max_pool.h"
#include "halfwave/layer/maxout.h"
#include "halfwave/net/plan.h"

namespace halfwave {
namespace {

constexpr float margin = 0x1p-16F;

// One layer of a net as a net of its own.
class SingleLayer {
 public:
  SingleLayer(const Net& net, std::size_t node) : net_(spec_of(net, node)) {
    const std::span<const Parameter> from = net.nodes()[node].layer->parameters();
    std::vector<Net::Tensor> own = net_.tensors();
    for (std::size_t i = 0; i < own.size(); ++i) {
      const float* values = (from[i].trained ? net.parameters() : net.state()).data() + from[i].offset;
      std::copy_n(values, own[i].values.size(), own[i].values.begin());
    }
  }

  std::vector<float> forward(const std::vector<float>& x) const {
    Plan plan(net_, {.batch = 1, .kernels = KernelChoice::dense});
    const float* y = plan.forward(x.data(), 1);
    return {y, y + net_.output().size()};
  }

  // The values of a tensor; none where the layer has none of that name.
  std::span<float> values(std::string_view name) {
    for (const Net::Tensor& tensor : net_.tensors()) {
      if (tensor.parameter->name == name) return tensor.values;
    }
    return {};
  }

 private:
  static NetSpec spec_of(const Net& net, std::size_t node) {
    NetSpec spec;
    spec.input = net.shape(net.nodes()[node].inputs[0]);
    spec.layers = {{net.nodes()[node].layer->type(), net.nodes()[node].layer->options(), {}, {}}};
    return spec;
  }

  Net net_;
};

bool is_finite(const Bounds& bounds) {
  const auto finite = [](float value) { return std::isfinite(value); };
  return std::all_of(bounds.low.begin(), bounds.low.end(), finite) &&
         std::all_of(bounds.high.begin(), bounds.high.end(), finite);
}

template <class Layers>
Bounds sum_of(const Layers& terms) {
  Bounds sum = *terms[0];
  for (std::size_t t = 1; t < terms.size(); ++t) {
    for (std::size_t i = 0; i < sum.low.size(); ++i) {
      const float magnitude = std::max({std::abs(sum.low[i]), std::abs(sum.high[i]),
                                        std::abs(terms[t]->low[i]), std::abs(terms[t]->high[i])});
      sum.low[i] += terms[t]->low[i] - margin * magnitude;
      sum.high[i] += terms[t]->high[i] + margin * magnitude;
    }
  }
  return sum;
}

// y = W x + b: about the middle of x, as far as |W| takes what x is away from it.
Bounds linear_bounds(const Net& net, std::size_t node, const Bounds& x) {
  SingleLayer layer(net, node);
  const std::size_t count = x.low.size();
  std::vector<float> middle(count);
  std::vector<float> radius(count);
  std::vector<float> magnitude(count);
  const std::span<float> mean = layer.values("running_mean");
  for (std::size_t i = 0; i < count; ++i) {
    middle[i] = x.low[i] / 2 + x.high[i] / 2;
    const float size = std::max(std::abs(x.low[i]), std::abs(x.high[i]));
    radius[i] = std::max(x.high[i] - middle[i], middle[i] - x.low[i]) + 0x1p-22F * size;
    magnitude[i] = size + (mean.empty() ? 0 : std::abs(mean[i % mean.size()]));
  }
  const std::vector<float> y = layer.forward(middle);
  const std::span<float> bias = layer.values("bias");
  const std::vector<float> offsets(bias.begin(), bias.end());
  for (float& weight : layer.values("weight")) weight = std::abs(weight);
  std::fill(bias.begin(), bias.end(), 0.0F);
  std::fill(mean.begin(), mean.end(), 0.0F);
  const std::vector<float> reach = layer.forward(radius);
  const std::vector<float> terms = layer.forward(magnitude);
  Bounds result{y, y};
  for (std::size_t i = 0; i < y.size(); ++i) {
    const float offset = offsets.empty() ? 0 : std::abs(offsets[i % offsets.size()]);
    const float away = reach[i] * (1 + margin) + margin * (terms[i] + offset);
    result.low[i] -= away;
    result.high[i] += away;
  }
  return result;
}

// Of what rises with each of its inputs. An exact 0 stays one.
Bounds rising_bounds(const Net& net, std::size_t node, const Bounds& x) {
  const SingleLayer layer(net, node);
  Bounds result{layer.forward(x.low), layer.forward(x.high)};
  for (std::size_t i = 0; i < result.low.size(); ++i) {
    const float magnitude = std::max(std::abs(result.low[i]), std::abs(result.high[i]));
    result.low[i] -= margin * magnitude;
    result.high[i] += margin * magnitude;
  }
  return result;
}

template <class LayerType>
bool is(const Layer& layer) {
  return dynamic_cast<const LayerType*>(&layer) != nullptr;
}

// Sums with fixed factors.
bool is_linear(const Layer& layer) {
  return layer.multiply_adds() > 0 || is<BatchNorm>(layer) || is<AveragePool>(layer) ||
         is<GlobalAveragePool>(layer);
}

bool rises(const Layer& layer) {
  if (const Activation* activation = layer.activation()) return activation->info().rises;
  return is<MaxPool>(layer) || is<Flatten>(layer) || is<Dropout>(layer) || is<Maxout>(layer);
}

}  // namespace

std::vector<std::optional<Bounds>> output_bounds(const Net& net, const Bounds& input) {
  std::vector<std::optional<Bounds>> result(net.nodes().size());
  for (std::size_t i = 0; i < net.nodes().size(); ++i) {
    const Net::Node& node = net.nodes()[i];
    std::vector<const Bounds*> x;
    for (const std::size_t value : node.inputs)
      x.push_back(value == 0 ? &input : result[value - 1] ? &*result[value - 1] : nullptr);
    if (std::find(x.begin(), x.end(), nullptr) != x.end()) continue;
    if (is<Add>(*node.layer)) {
      result[i] = sum_of(x);
    } else if (is_linear(*node.layer)) {
      result[i] = linear_bounds(net, i, *x[0]);
    } else if (rises(*node.layer)) {
      result[i] = rising_bounds(net, i, *x[0]);
    }
    if (result[i] && !is_finite(*result[i])) result[i].reset();
  }
  return result;
}

}  // namespace halfwave
