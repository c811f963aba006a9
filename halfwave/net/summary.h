// A net as a table for people.
#pragma once

#include <string>

#include "halfwave/net/net.h"

namespace halfwave {

// A line a layer: name, type with options, output shape, parameters, multiply-adds, memory of its output for
// one image, and how its weights start; then the sums.
std::string summary(const Net& net);

}  // namespace halfwave
