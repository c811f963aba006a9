#include "halfwave/report/curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "halfwave/base/table.h"
#include "halfwave/report/axis.h"
#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

constexpr double width = 720;
constexpr double panel_height = 230;
constexpr double left = 70;
constexpr double right = 24;
constexpr double top = 56;
constexpr double gap = 46;
constexpr const char* train_colour = "#1f6fb4";
constexpr const char* test_colour = "#d1661b";

using Value = double EpochResult::*;

struct Panel {
  std::span<const EpochResult> history;
  double y0;  // upper edge
  std::string label;
  Value train;
  Value test;
  bool percent;

  double low = 0, high = 0, step = 0;

  void scale() {
    low = std::numeric_limits<double>::infinity();
    high = -low;
    for (const EpochResult& result : history) {
      for (const double value : {result.*train, result.*test}) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
    step = nice_step(std::max(high - low, std::abs(high) * 1e-3), 4);
    low = std::floor(low / step) * step;
    high = std::max(std::ceil(high / step) * step, low + step);
  }
  double x(std::size_t i) const {
    const auto count = static_cast<double>(history.size());
    const double share = history.size() > 1 ? static_cast<double>(i) / (count - 1) : 0.5;
    return left + share * (width - left - right);
  }
  double y(double value) const { return y0 + (high - value) / (high - low) * panel_height; }

  void draw(std::string& svg) {
    scale();
    const auto out = std::back_inserter(svg);
    const int digits = decimals(step * (percent ? 100 : 1));
    for (int tick = 0; low + tick * step <= high + step / 2; ++tick) {
      const double value = low + tick * step;
      fmt::format_to(out, "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>\n", left,
                     width - right, y(value), y(value));
      fmt::format_to(out, "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.{}f}{}</text>\n", left - 8,
                     y(value) + 4, percent ? value * 100 : value, digits, percent ? " %" : "");
    }
    const auto every =
        static_cast<std::size_t>(std::max(1.0, nice_step(static_cast<double>(history.size()), 12)));
    for (std::size_t i = 0; i < history.size(); ++i) {
      if ((i + 1) % every != 0 && history.size() > 1) continue;
      fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", x(i),
                     y0 + panel_height + 18, history[i].epoch);
    }
    fmt::format_to(out, "<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>\n", left, y0 - 10, label);
    line(svg, train, train_colour, "");
    line(svg, test, test_colour, " stroke-dasharray=\"6 3\"");
  }

  void line(std::string& svg, Value value, const char* colour, const char* dash) const {
    const auto out = std::back_inserter(svg);
    fmt::format_to(out, "<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\"{} points=\"", colour, dash);
    for (std::size_t i = 0; i < history.size(); ++i)
      fmt::format_to(out, "{:.1f},{:.1f} ", x(i), y(history[i].*value));
    svg += "\"/>\n";
    if (history.size() > 60) return;
    for (std::size_t i = 0; i < history.size(); ++i) {
      fmt::format_to(out, "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", x(i),
                     y(history[i].*value), colour);
    }
  }
};

}  // namespace

std::string learning_curve_svg(std::span<const EpochResult> history, const std::string& title,
                               bool regression) {
  const double height = top + 2 * panel_height + gap + 50;
  std::string svg = svg_head(width, height, left, title);
  const double legend = width - right - 170;
  svg += fmt::format(
      "<line x1=\"{0}\" x2=\"{1}\" y1=\"42\" y2=\"42\" stroke=\"{2}\" stroke-width=\"2\"/><text x=\"{3}\" "
      "y=\"46\">training</text>\n",
      legend, legend + 24, train_colour, legend + 30);
  svg += fmt::format(
      "<line x1=\"{0}\" x2=\"{1}\" y1=\"42\" y2=\"42\" stroke=\"{2}\" stroke-width=\"2\" "
      "stroke-dasharray=\"6 3\"/>"
      "<text x=\"{3}\" y=\"46\">test</text>\n",
      legend + 100, legend + 124, test_colour, legend + 130);
  Panel{history, top, "loss", &EpochResult::train_loss, &EpochResult::test_loss, false}.draw(svg);
  Panel{history,
        top + panel_height + gap,
        regression ? "R2" : "accuracy",
        &EpochResult::train_accuracy,
        &EpochResult::test_accuracy,
        !regression}
      .draw(svg);
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">epoch</text>\n</svg>\n",
                     (left + width - right) / 2, height - 10);
  return svg;
}

std::string results_csv(std::span<const EpochResult> history) {
  std::string csv = "epoch,train_loss,train_accuracy,test_loss,test_accuracy,rate,seconds";
  const auto out = std::back_inserter(csv);
  EpochHealth none;  // as many as are watched, without a value
  for (const EpochResult& r : history) {
    if (!r.health.layers.empty()) none = r.health;
  }
  for (const LayerWatch& layer : none.layers) {
    for (const char* figure : {".zeros", ".dead", ".dying", ".saturated", ".revived"})
      fmt::format_to(out, ",{}", csv_cell(layer.name + figure));
  }
  for (const GradientWatch& layer : none.gradients)
    fmt::format_to(out, ",{}", csv_cell(layer.name + ".gradient"));
  csv += '\n';
  for (const EpochResult& r : history) {
    fmt::format_to(out, "{},{:.6f},{:.6f},{:.6f},{:.6f},{:.6g},{:.3f}", r.epoch, r.train_loss,
                   r.train_accuracy, r.test_loss, r.test_accuracy, r.rate, r.seconds);
    for (const LayerWatch& layer : r.health.layers) {
      fmt::format_to(out, ",{:.6f},{},{},{},{}", layer.zero_share, layer.dead, layer.dying, layer.saturated,
                     layer.revived);
    }
    for (const GradientWatch& layer : r.health.gradients) fmt::format_to(out, ",{:.6g}", layer.norm);
    if (r.health.layers.empty()) csv.append(5 * none.layers.size() + none.gradients.size(), ',');
    csv += '\n';
  }
  return csv;
}

}  // namespace halfwave
