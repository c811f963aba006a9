// What faults are planted with.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>

#include "halfwave/net/net.h"

namespace halfwave {

// The values of "conv1.bias".
inline std::span<float> tensor(Net& net, const std::string& name) {
  for (const Net::Tensor& each : net.tensors()) {
    if (each.name == name) return each.values;
  }
  ADD_FAILURE() << name;
  return {};
}

// Twenty layers of 16 units, as text.
inline std::string stack(const std::string& activation) {
  std::string text = "input = [8, 8, 1]\nactivation = '" + activation + "'\nlayers = [\n";
  for (int i = 0; i < 20; ++i) text += "{ linear = 16 }, 'activation',\n";
  return text + "{ linear = 4 } ]";
}

}  // namespace halfwave
