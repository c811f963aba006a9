// Where the units of a net's layers come from and go to.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "halfwave/net/net.h"

namespace halfwave {

// Nodes by their numbers in the net, which must outlive it.
class UnitGraph {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  explicit UnitGraph(const Net& net);

  template <class LayerType>
  bool is(std::size_t node) const {
    return dynamic_cast<const LayerType*>(nodes_[node].layer.get()) != nullptr;
  }
  bool is_activation(std::size_t node) const { return nodes_[node].layer->kind().has_value(); }
  // Whether the units stay what they are.
  bool keeps_units(std::size_t node) const;

  // Those that take what a node makes, and the only one.
  const std::vector<std::size_t>& consumers(std::size_t node) const { return consumers_[node]; }
  std::size_t next(std::size_t node) const;
  // Whose units an activation takes.
  std::size_t maker(std::size_t activation) const;

 private:
  std::span<const Net::Node> nodes_;
  std::vector<std::vector<std::size_t>> consumers_;
};

}  // namespace halfwave
