#include "halfwave/inspect/revival.h"

#include <algorithm>

#include "halfwave/base/random.h"
#include "halfwave/inspect/unit_graph.h"
#include "halfwave/layer/flatten.h"
#include "halfwave/train/fine_tune.h"

namespace halfwave {
namespace {

const Parameter* weight_of(const Net::Node& node) {
  for (const Parameter& parameter : node.layer->parameters()) {
    if (parameter.name == "weight") return &parameter;
  }
  return nullptr;
}

}  // namespace

Revival::Revival(const Net& net, const TrainOptions& options)
    : net_(net), seed_(options.seed), rate_factors_(rate_factors(net, options)) {}

Revival::Way Revival::way_of(const ObservedLayer& layer) const {
  const UnitGraph graph(net_);
  const std::span<const Net::Node> nodes = net_.nodes();
  const std::int64_t units = nodes[layer.output].shape.channels;
  const auto is_trained = [&](std::size_t node) { return rate_factors_.empty() || rate_factors_[node] > 0; };
  Way way;
  const Parameter* into =
      nodes[layer.maker].layer->multiply_adds() > 0 ? weight_of(nodes[layer.maker]) : nullptr;
  if (into == nullptr || into->dims[0] != units || !is_trained(layer.maker)) return {};
  for (std::size_t node = layer.maker; node != layer.output; node = graph.next(node)) {
    if (node != layer.maker && !graph.keeps_units(node)) return {};
    way.before.push_back(node);
    if (graph.next(node) == UnitGraph::none) return {};
  }
  std::vector<std::size_t> open{layer.output};
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (graph.consumers(node).empty()) return {};  // the net's output
    for (const std::size_t next : graph.consumers(node)) {
      if (graph.keeps_units(next) || graph.is<Flatten>(next)) {
        open.push_back(next);
        continue;
      }
      // Channels are the last of a weight's dimensions, or the last of what is flattened into it.
      const Parameter* out = nodes[next].layer->multiply_adds() > 0 ? weight_of(nodes[next]) : nullptr;
      if (out == nullptr || out->dims.back() % units != 0 || !is_trained(next)) return {};
      way.after.push_back(next);
    }
  }
  return way;
}

bool Revival::possible(const ObservedLayer& layer) const { return !way_of(layer).after.empty(); }

void Revival::revive(Net& net, Optimiser& optimiser, const ObservedLayer& layer,
                     std::span<const std::size_t> units, std::int64_t epoch) const {
  const Way way = way_of(layer);
  const auto count = static_cast<std::size_t>(net.nodes()[layer.output].shape.channels);
  RandomStream random(seed_, RandomPurpose::revival, static_cast<std::uint64_t>(epoch),
                      static_cast<std::uint32_t>(layer.maker));
  const std::vector<Optimiser::State> memory = optimiser.state();
  const auto set = [&](const Net::Tensor& tensor, std::size_t at, float value) {
    tensor.values[at] = value;
    if (!tensor.parameter->trained) return;
    for (const Optimiser::State& state : memory) state.values[tensor.parameter->offset + at] = 0;
  };
  for (const Net::Tensor& tensor : net.tensors()) {
    const bool before = std::find(way.before.begin(), way.before.end(), tensor.node) != way.before.end();
    const bool after = std::find(way.after.begin(), way.after.end(), tensor.node) != way.after.end();
    const std::size_t each = tensor.values.size() / count;  // weights into a unit
    for (const std::size_t unit : units) {
      if (before) {
        const float deviation = net.start_deviation(tensor);
        for (std::size_t i = unit * each; i < (unit + 1) * each; ++i)
          set(tensor, i, deviation > 0 ? deviation * random.normal() : tensor.parameter->constant);
      } else if (after && tensor.parameter->name == "weight") {
        for (std::size_t i = unit; i < tensor.values.size(); i += count) set(tensor, i, 0);
      }
    }
  }
}

}  // namespace halfwave
