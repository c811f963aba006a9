// The picture of a learning-rate range test.
#pragma once

#include <string>

#include "halfwave/train/rate_test.h"

namespace halfwave {

// Loss by rate, the rate on a scale of powers of ten, with marks at the good and the highest one. SVG.
std::string rate_curve_svg(const RateTest& test, const std::string& title);

}  // namespace halfwave
