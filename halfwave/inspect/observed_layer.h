// Which values of a net show the health of its units.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "halfwave/net/net.h"

namespace halfwave {

struct ObservedLayer {
  std::size_t maker = 0;   // node that has the units: a convolution, a linear layer, a sum
  std::size_t output = 0;  // node whose output is observed: the activation, or the end without one
  const Activation* activation = nullptr;  // element-wise, if there is one
  std::string activation_text = "linear";

  bool saturates() const;  // its slope tends to 0 on both sides
  bool can_rest() const;   // it gives exact zeros, and not by rounding, as sigmoid does
};

// From first to last: each activation, and each layer with weights that none follows. What is only added to
// something else counts with the sum.
std::vector<ObservedLayer> observed_layers(const Net& net);

}  // namespace halfwave
