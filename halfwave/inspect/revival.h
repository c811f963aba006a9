// Starts dead units anew (ReDo: Sokar et al. 2023, section 4): the weights into a unit are drawn as at the
// start of a training, those out of it are set to 0, so that the net gives what it gave before, and the
// optimiser forgets both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "halfwave/inspect/observed_layer.h"
#include "halfwave/train/optimiser.h"
#include "halfwave/train/options.h"

namespace halfwave {

class Revival {
 public:
  // The net must outlive it. Layers that options.freeze names, and those whose units go into such, stay as
  // they are.
  Revival(const Net& net, const TrainOptions& options);

  // Whether the units of a layer can be started anew: those of convolutions and linear layers whose outputs
  // go into convolutions (of one group) and linear layers only, past pooling, normalisation, dropout and
  // flatten.
  bool possible(const ObservedLayer& layer) const;

  // A layer for which it is possible; epoch, from 1, names the random numbers.
  void revive(Net& net, Optimiser& optimiser, const ObservedLayer& layer, std::span<const std::size_t> units,
              std::int64_t epoch) const;

 private:
  struct Way {
    std::vector<std::size_t> before;  // nodes that make the unit: the layer with the weights, batch norm
    std::vector<std::size_t> after;   // that take it
  };
  // Nothing in `after` where it is not possible.
  Way way_of(const ObservedLayer& layer) const;

  const Net& net_;
  std::uint64_t seed_;
  std::vector<float> rate_factors_;  // by node; empty: all are trained
};

}  // namespace halfwave
