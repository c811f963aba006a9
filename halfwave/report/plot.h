// Pictures of activations: the functions in one panel, their derivatives in another, over one range of x.
// Curves have a gap where they jump. A curve far steeper than the others leaves its panel.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "halfwave/activation/activation.h"

namespace halfwave {

inline constexpr std::size_t max_plotted_activations = 8;

// Of x: both ends within +-limit, and at least `shortest` apart.
struct PlotRange {
  static constexpr double limit = 1e5;
  static constexpr double shortest = 0.01;
  double low = -5;
  double high = 5;
};

// An SVG picture of 1 to max_plotted_activations different activations.
std::string activation_plot_svg(std::span<const Activation> activations, PlotRange range);

// The same in braille characters, for a terminal of `width` columns; from 60 to 140 of them are used. Each of
// several curves carries its letter.
std::string activation_plot_text(std::span<const Activation> activations, PlotRange range, std::size_t width);

}  // namespace halfwave
