#include "halfwave/inspect/observed_layer.h"

#include "halfwave/layer/add.h"
#include "halfwave/layer/average_pool.h"
#include "halfwave/layer/batch_norm.h"
#include "halfwave/layer/dropout.h"
#include "halfwave/layer/local_response_norm.h"
#include "halfwave/layer/max_pool.h"

namespace halfwave {
namespace {

constexpr std::size_t no_node = static_cast<std::size_t>(-1);

class Graph {
 public:
  explicit Graph(const Net& net)
      : nodes_(net.nodes()), consumer_(nodes_.size(), no_node), consumers_(nodes_.size()) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      for (const std::size_t value : nodes_[i].inputs) {
        if (value == 0) continue;
        consumer_[value - 1] = i;
        ++consumers_[value - 1];
      }
    }
  }

  template <class LayerType>
  bool is(std::size_t node) const {
    return dynamic_cast<const LayerType*>(nodes_[node].layer.get()) != nullptr;
  }
  bool is_activation(std::size_t node) const { return nodes_[node].layer->kind().has_value(); }

  // Whether the units stay what they are.
  bool keeps_units(std::size_t node) const {
    return is<BatchNorm>(node) || is<Dropout>(node) || is<MaxPool>(node) || is<AveragePool>(node) ||
           is<GlobalAveragePool>(node) || is<LocalResponseNorm>(node);
  }

  // The node that alone takes what this one makes.
  std::size_t next(std::size_t node) const { return consumers_[node] == 1 ? consumer_[node] : no_node; }

  // Whose units an activation takes.
  std::size_t maker(std::size_t activation) const {
    std::size_t node = activation;
    do {
      if (nodes_[node].inputs[0] == 0) return activation;  // of the net's input
      node = nodes_[node].inputs[0] - 1;
    } while (keeps_units(node));
    return node;
  }

 private:
  std::span<const Net::Node> nodes_;
  std::vector<std::size_t> consumer_;
  std::vector<int> consumers_;
};

}  // namespace

bool ObservedLayer::saturates() const { return activation != nullptr && activation->info().saturates; }

bool ObservedLayer::can_rest() const {
  return activation_text != "linear" && (!saturates() || activation->value(-100.0) == 0);
}

std::vector<ObservedLayer> observed_layers(const Net& net) {
  const Graph graph(net);
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
    for (; next != no_node && graph.keeps_units(next); next = graph.next(next)) {
      if (graph.is<BatchNorm>(next) && net.nodes()[next].inputs[0] == end + 1) end = next;
    }
    if (next == no_node || !(graph.is_activation(next) || graph.is<Add>(next)))
      result.push_back({.maker = i, .output = end});
  }
  return result;
}

}  // namespace halfwave
