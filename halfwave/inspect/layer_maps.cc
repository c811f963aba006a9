#include "halfwave/inspect/layer_maps.h"

#include <cassert>

#include "halfwave/inspect/observed_layer.h"
#include "halfwave/net/plan.h"

namespace halfwave {
namespace {

// Where each unit of the layer has one filter.
void add_filters(const Net& net, const Net::Node& maker, LayerMaps& maps) {
  const auto* convolution = dynamic_cast<const Convolution*>(maker.layer.get());
  if (convolution == nullptr || maker.shape.channels != maps.after.shape.channels) return;
  const OptionList options = convolution->options();
  OptionReader reader(ConvolutionOptions::type, options);
  ConvolutionOptions::visit(reader, maps.convolution);
  for (const Parameter& parameter : maker.layer->parameters()) {
    const std::span<const float> values = net.parameters().subspan(parameter.offset, parameter.size());
    if (parameter.name == "bias") {
      maps.bias = values;
    } else {
      maps.filters = values;
      maps.filter = {parameter.dims[1], parameter.dims[2], parameter.dims[3]};
    }
  }
}

}  // namespace

std::vector<LayerMaps> layer_maps(const Net& net, std::span<const float> x) {
  assert(x.size() == net.input().size());
  std::vector<Maps> made(net.nodes().size() + 1);
  made[0] = {net.input(), {x.begin(), x.end()}};
  Plan plan(net, {.shows_layers = true});
  plan.forward(x.data(), 1, {}, [&](const Plan::Made& step) {
    made[step.node + 1] = {net.shape(step.node + 1), {step.values.begin(), step.values.end()}};
  });
  std::vector<LayerMaps> result;
  for (const ObservedLayer& layer : observed_layers(net)) {
    const Net::Node& maker = net.nodes()[layer.maker];
    const Net::Node& output = net.nodes()[layer.output];
    LayerMaps& maps = result.emplace_back();
    maps.name = maker.name;
    maps.activation = layer.activation_text;
    maps.input = made[maker.inputs[0]];
    maps.after = made[layer.output + 1];
    const bool is_activation = output.layer->kind().has_value();
    const std::size_t entering = is_activation ? output.inputs[0] : layer.output + 1;
    if (is_activation && net.shape(entering).channels == output.shape.channels) maps.before = made[entering];
    maps.changed = entering != layer.maker + 1;
    add_filters(net, maker, maps);
    if (!maps.filters.empty()) maps.own = made[layer.maker + 1];
  }
  return result;
}

std::vector<float> map_of(const Maps& maps, std::size_t unit) {
  const auto channels = static_cast<std::size_t>(maps.shape.channels);
  std::vector<float> map;
  map.reserve(maps.shape.pixels());
  for (std::size_t i = unit; i < maps.values.size(); i += channels) map.push_back(maps.values[i]);
  return map;
}

}  // namespace halfwave
