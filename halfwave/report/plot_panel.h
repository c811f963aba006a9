// What every picture of activations draws, in the units of x and y: the sampled curves, and how much of the y
// axis to show.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "halfwave/report/plot.h"

namespace halfwave {

struct PlotPoint {
  double x;
  double y;
};

using PlotLine = std::vector<PlotPoint>;  // points to be joined
using PlotCurve = std::vector<PlotLine>;  // with a gap at each jump

struct PlotPanel {
  PlotRange x;
  double low = 0;  // of y
  double high = 0;
  std::vector<PlotCurve> curves = {};  // one for each activation
};

struct PlotPanels {
  PlotPanel function;
  PlotPanel derivative;
};

PlotPanels plot_panels(std::span<const Activation> activations, PlotRange range);

}  // namespace halfwave
