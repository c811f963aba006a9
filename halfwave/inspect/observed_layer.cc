#include "halfwave/inspect/observed_layer.h"

#include "halfwave/inspect/unit_graph.h"
#include "halfwave/layer/add.h"
#include "halfwave/layer/batch_norm.h"

namespace halfwave {

bool ObservedLayer::saturates() const { return activation != nullptr && activation->info().saturates; }

bool ObservedLayer::can_rest() const {
  return activation_text != "linear" && (!saturates() || activation->value(-100.0) == 0);
}

std::vector<ObservedLayer> observed_layers(const Net& net) {
  const UnitGraph graph(net);
  std::vector<ObservedLayer> result;
  for (std::size_t i = 0; i < net.nodes().size(); ++i) {
    const Layer& layer = *net.nodes()[i].layer;
    if (graph.is_activation(i)) {
      result.push_back({graph.maker(i), i, layer.activation(), layer.type()});
      continue;
    }
    if (layer.multiply_adds() == 0) continue;
    // Inference makes no output of a layer before a batch norm.
    std::size_t end = i;
    std::size_t next = graph.next(i);
    for (; next != UnitGraph::none && graph.keeps_units(next); next = graph.next(next)) {
      if (graph.is<BatchNorm>(next) && net.nodes()[next].inputs[0] == end + 1) end = next;
    }
    if (next == UnitGraph::none || !(graph.is_activation(next) || graph.is<Add>(next)))
      result.push_back({.maker = i, .output = end});
  }
  return result;
}

}  // namespace halfwave
