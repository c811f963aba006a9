// The axes of a picture: steps and labels that people find round.
#pragma once

#include <string>
#include <vector>

namespace halfwave {

// A step of 1, 2 or 5 times a power of ten that divides the span into about `count` parts.
double nice_step(double span, double count);

// The digits behind the point that multiples of the step need.
int decimals(double step);

struct Tick {
  double value;
  std::string label;
};

// The multiples of a nice step from low to high, about `count` of them.
std::vector<Tick> ticks(double low, double high, double count);

}  // namespace halfwave
