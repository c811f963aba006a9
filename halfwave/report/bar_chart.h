// Horizontal bars as a picture: panels below one another, each with rows of one or more bars.
#pragma once

#include <string>
#include <vector>

namespace halfwave {

struct BarRow {
  std::string name;
  std::vector<double> values;  // 0 or more each, in the order of BarChart::series; there may be fewer
  bool marked = false;         // stands out, and its first value is drawn as a line across the panel
};

struct BarPanel {
  std::string title;
  std::vector<BarRow> rows;
};

struct BarChart {
  std::string title;
  std::vector<std::string> series;  // what the bars of a row are, four at most
  std::vector<BarPanel> panels;     // each has a scale of its own, from 0
};

// An SVG picture.
std::string bar_chart_svg(const BarChart& chart);

}  // namespace halfwave
