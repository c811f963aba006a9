#include "halfwave/report/bar_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>

#include "halfwave/report/axis.h"
#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

constexpr double width = 720;
constexpr double left = 170;
constexpr double right = 64;  // room for the longest bar's figure
constexpr double top = 70;
constexpr double bar_height = 8;
constexpr double row_gap = 6;
constexpr double panel_gap = 62;

double row_height(const BarChart& chart) {
  return static_cast<double>(chart.series.size()) * bar_height + row_gap;
}

double height(const BarChart& chart, const BarPanel& panel) {
  return static_cast<double>(panel.rows.size()) * row_height(chart);
}

void draw(std::string& svg, const BarChart& chart, const BarPanel& panel, double y0) {
  const auto out = std::back_inserter(svg);
  const double bottom = y0 + height(chart, panel);
  double largest = 0;
  for (const BarRow& row : panel.rows) {
    for (const double value : row.values) largest = std::max(largest, value);
  }
  const double step = nice_step(largest, 6);
  const double high = std::max(std::ceil(largest / step), 1.0) * step;
  const auto x = [&](double value) { return left + value / high * (width - left - right); };

  fmt::format_to(out, "<text x=\"{}\" y=\"{:.1f}\" font-weight=\"bold\">{}</text>\n", left, y0 - 10,
                 escaped(panel.title));
  for (int tick = 0; tick * step <= high + step / 2; ++tick) {
    const double at = x(tick * step);
    fmt::format_to(out,
                   "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"#ddd\"/>\n",
                   at, y0, bottom);
    fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:.{}f}</text>\n", at,
                   bottom + 16, tick * step, decimals(step));
  }
  for (const BarRow& row : panel.rows) {
    if (!row.marked || row.values.empty()) continue;
    fmt::format_to(out,
                   "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"#444\" "
                   "stroke-dasharray=\"4 3\"/>\n",
                   x(row.values[0]), y0, bottom);
  }
  double y = y0 + row_gap / 2;
  for (const BarRow& row : panel.rows) {
    const double middle = y + (row_height(chart) - row_gap) / 2;
    fmt::format_to(out, "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\"{}>{}</text>\n", left - 8, middle + 4,
                   row.marked ? " font-weight=\"bold\"" : "", escaped(row.name));
    assert(row.values.size() <= chart.series.size());
    for (std::size_t i = 0; i < row.values.size(); ++i) {
      const double value = row.values[i];
      const double y1 = y + static_cast<double>(i) * bar_height;
      fmt::format_to(out, "<rect x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>\n", left,
                     y1, x(value) - left, bar_height - 1, series_colour(i));
      fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"8\">{:#.3g}</text>\n", x(value) + 3,
                     y1 + bar_height - 1.5, value);
    }
    y += row_height(chart);
  }
}

}  // namespace

std::string bar_chart_svg(const BarChart& chart) {
  double total = top;
  for (const BarPanel& panel : chart.panels) total += height(chart, panel) + panel_gap;
  std::string svg = svg_head(width, total, left, chart.title);
  double legend = left;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    svg += fmt::format(
        "<rect x=\"{0}\" y=\"34\" width=\"24\" height=\"8\" fill=\"{1}\"/><text x=\"{2}\" "
        "y=\"42\">{3}</text>\n",
        legend, series_colour(i), legend + 30, escaped(chart.series[i]));
    legend += 110;
  }
  double y = top;
  for (const BarPanel& panel : chart.panels) {
    draw(svg, chart, panel, y);
    y += height(chart, panel) + panel_gap;
  }
  return svg + "</svg>\n";
}

}  // namespace halfwave
