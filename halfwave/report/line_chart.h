// Lines over a common x axis as a picture: panels below one another, each with a line a series.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace halfwave {

struct LinePoint {
  double x, y;
  double low = y, high = y;  // the spread of y, drawn as a band
};

struct LinePanel {
  std::string label;
  bool percent = false;                         // y is a share from 0 to 1, written in per cent
  std::vector<std::vector<LinePoint>> lines{};  // in the order of LineChart::series; each by rising x
};

struct LineChart {
  std::string title;
  std::string x_label;
  std::vector<std::string> series;
  std::vector<LinePanel> panels;  // each has a y axis of its own
};

// Of several runs the means, with the least and the largest as the band: x is 1, 2, ...; a shorter run counts
// as far as it goes.
std::vector<LinePoint> mean_line(std::span<const std::vector<double>> runs);

// An SVG picture, so many pixels wide. Points that are not finite are left out; x is marked at whole numbers.
// Each x carries its values as a text that a browser shows.
std::string line_chart_svg(const LineChart& chart, double width = 720);

}  // namespace halfwave
