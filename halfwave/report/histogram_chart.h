// Small charts of what a layer's values are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "halfwave/inspect/health.h"

namespace halfwave {

// Shares of values by octave: negative ones to the left, those near 0 in the middle. SVG, 320 x 170.
std::string histogram_svg(const Histogram& histogram, std::string_view title);

// The norm of the gradient at the weights of each layer, from first to last, on a scale of powers of ten.
// SVG, 400 wide; empty where no gradient is above 0.
std::string gradient_flow_svg(const std::vector<LayerGradient>& gradients);

}  // namespace halfwave
