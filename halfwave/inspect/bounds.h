// What the values of a net can be for every input within a range, layer by layer: intervals (Moore 1966;
// through nets as Gowal et al. 2018, section 3), rounded outward. Bounds, not ranges: the values of a layer
// are taken as if each could be anything within its own interval whatever the others are.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "halfwave/net/net.h"

namespace halfwave {

// Of the values of one image, NHWC: low[i] <= value i <= high[i].
struct Bounds {
  std::vector<float> low, high;
};

// Of the net in inference: the outputs of all nodes, for inputs within `input`. Nothing where a node is of a
// kind for which there is no rule (an activation that rises and falls, response normalisation, softmax), or
// follows such a node, or where a weight or bound is not finite. They hold for what is computed, not only for
// the exact sums: they are wider by 2^-16 of the sum of all terms' magnitudes, which is more than any of our
// kernels errs by (doc/kernels.md).
std::vector<std::optional<Bounds>> output_bounds(const Net& net, const Bounds& input);

}  // namespace halfwave
