#include "halfwave/inspect/unit_graph.h"

#include "halfwave/layer/average_pool.h"
#include "halfwave/layer/batch_norm.h"
#include "halfwave/layer/dropout.h"
#include "halfwave/layer/local_response_norm.h"
#include "halfwave/layer/max_pool.h"

namespace halfwave {

UnitGraph::UnitGraph(const Net& net) : nodes_(net.nodes()), consumers_(nodes_.size()) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    for (const std::size_t value : nodes_[i].inputs) {
      if (value > 0) consumers_[value - 1].push_back(i);
    }
  }
}

bool UnitGraph::keeps_units(std::size_t node) const {
  return is<BatchNorm>(node) || is<Dropout>(node) || is<MaxPool>(node) || is<AveragePool>(node) ||
         is<GlobalAveragePool>(node) || is<LocalResponseNorm>(node);
}

std::size_t UnitGraph::next(std::size_t node) const {
  return consumers_[node].size() == 1 ? consumers_[node][0] : none;
}

std::size_t UnitGraph::maker(std::size_t activation) const {
  std::size_t node = activation;
  do {
    if (nodes_[node].inputs[0] == 0) return activation;  // of the net's input
    node = nodes_[node].inputs[0] - 1;
  } while (keeps_units(node));
  return node;
}

}  // namespace halfwave
