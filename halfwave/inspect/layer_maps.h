// What a net makes of one example, layer by layer: the maps of its units before and after the activation, and
// the filters that made them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "halfwave/layer/convolution.h"
#include "halfwave/net/net.h"

namespace halfwave {

struct Maps {
  Shape shape{};
  std::vector<float> values{};  // height x width x channels, a channel a unit
};

struct LayerMaps {
  std::string name{};        // of the layer that has the units, as "conv1"
  std::string activation{};  // its text; "linear" where none follows
  Maps input{};              // of the layer that has the units
  // What goes into the activation; without values where none follows, or one that changes the number of
  // units (maxout).
  Maps before{};
  Maps after{};  // what comes out of it, or of the layer
  // Of a convolution, where a unit is one of its filters: channels of `after` x filter.height x filter.width
  // x filter.channels. Valid as long as the net. Else empty.
  Shape filter{};
  std::span<const float> filters{};
  std::span<const float> bias{};  // one a unit, or empty
  // What the filters give by themselves, with the bias; empty as these are; and whether something lies
  // between that and the activation (or, without one, what comes out): a pool, a batch norm, a sum.
  Maps own{};
  bool changed = false;
  ConvolutionOptions convolution{};
};

// From first to last, the layers that inspect() looks at. x: one example as the net sees it (normalised).
std::vector<LayerMaps> layer_maps(const Net& net, std::span<const float> x);

// Values of a unit, row after row.
std::vector<float> map_of(const Maps& maps, std::size_t unit);

}  // namespace halfwave
