// Activations as an SVG picture: two panels, a line style and a colour for each, and a legend.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "halfwave/report/axis.h"
#include "halfwave/report/plot_panel.h"
#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

// Pixels.
constexpr double width = 976;
constexpr double left = 70;  // of the first panel
constexpr double panel_width = 390;
constexpr double panel_distance = 474;  // from left edge to left edge
constexpr double panel_top = 82;
constexpr double panel_height = 330;
constexpr double legend_top = 480;
constexpr double legend_row = 26;
constexpr double legend_sample = 44;

std::string stroke(std::size_t curve) {
  return fmt::format("fill=\"none\" stroke=\"{}\" stroke-width=\"2.5\" stroke-dasharray=\"{}\"",
                     series_colour(curve), series_dash(curve));
}

// A panel and its place in the picture.
struct Frame {
  const PlotPanel& panel;
  double x0;  // of its left edge

  double x(double value) const {
    return x0 + (value - panel.x.low) / (panel.x.high - panel.x.low) * panel_width;
  }
  double y(double value) const {
    const double pixel = panel_top + (panel.high - value) / (panel.high - panel.low) * panel_height;
    // What is cut off all the same need not be far away.
    return std::clamp(pixel, panel_top - 10 * panel_height, panel_top + 11 * panel_height);
  }

  void draw(std::string& svg, const char* name, const char* title) const {
    grid(svg);
    const auto out = std::back_inserter(svg);
    fmt::format_to(
        out,
        "<clipPath id=\"{0}\"><rect x=\"{1}\" y=\"{2}\" width=\"{3}\" height=\"{4}\"/></clipPath>\n"
        "<g clip-path=\"url(#{0})\" stroke-linejoin=\"round\">\n",
        name, x0, panel_top, panel_width, panel_height);
    for (std::size_t i = 0; i < panel.curves.size(); ++i) curve(svg, i);
    fmt::format_to(
        out,
        "</g>\n<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#444\"/>\n"
        "<text x=\"{}\" y=\"{}\" font-size=\"15\" font-weight=\"bold\">{}</text>\n"
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-style=\"italic\">x</text>\n",
        x0, panel_top, panel_width, panel_height, x0, panel_top - 12, title, x0 + panel_width / 2,
        panel_top + panel_height + 40);
  }

  void curve(std::string& svg, std::size_t i) const {
    const auto out = std::back_inserter(svg);
    for (const PlotLine& line : panel.curves[i]) {
      fmt::format_to(out, "<polyline {} points=\"", stroke(i));
      for (const PlotPoint& point : line) fmt::format_to(out, "{:.2f},{:.2f} ", x(point.x), y(point.y));
      svg += "\"/>\n";
    }
  }

  void grid(std::string& svg) const {
    const auto out = std::back_inserter(svg);
    const auto line = [&](double x1, double y1, double x2, double y2, bool zero) {
      fmt::format_to(out, "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"/>\n",
                     x1, y1, x2, y2, zero ? "#888" : "#ddd");
    };
    for (const Tick& tick : ticks(panel.x.low, panel.x.high, 6)) {
      const double at = x(tick.value);
      line(at, panel_top, at, panel_top + panel_height, tick.value == 0);
      fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", at,
                     panel_top + panel_height + 19, tick.label);
    }
    for (const Tick& tick : ticks(panel.low, panel.high, 6)) {
      const double at = y(tick.value);
      line(x0, at, x0 + panel_width, at, tick.value == 0);
      fmt::format_to(out, "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", x0 - 8, at + 4.5,
                     tick.label);
    }
  }
};

// In as many columns as the longest text leaves room for.
struct Legend {
  std::vector<std::string> texts;
  std::size_t columns = 1;

  explicit Legend(std::span<const Activation> activations) {
    std::size_t longest = 0;
    for (const Activation& activation : activations) {
      texts.push_back(activation.text());
      longest = std::max(longest, texts.back().size());
    }
    constexpr double letter = 8;  // about the widest mean of a letter
    const double cell = legend_sample + 34 + letter * static_cast<double>(longest);
    columns = std::clamp<std::size_t>(static_cast<std::size_t>((width - left) / cell), 1, 4);
  }
  double height() const {
    const std::size_t rows = (texts.size() + columns - 1) / columns;
    return legend_row * static_cast<double>(rows);
  }

  void draw(std::string& svg) const {
    const double cell = (width - left) / static_cast<double>(columns);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const double x = left + cell * static_cast<double>(i % columns);
      const std::size_t row = i / columns;
      const double y = legend_top + legend_row * static_cast<double>(row);
      fmt::format_to(
          std::back_inserter(svg),
          "<path {} d=\"M{:.1f} {} h{}\"/><text x=\"{:.1f}\" y=\"{}\" font-size=\"14\">{}</text>\n",
          stroke(i), x, y, legend_sample, x + legend_sample + 8, y + 5, escaped(texts[i]));
    }
  }
};

}  // namespace

std::string activation_plot_svg(std::span<const Activation> activations, PlotRange range) {
  const PlotPanels panels = plot_panels(activations, range);
  const Legend legend(activations);
  const double height = legend_top + legend.height();
  const std::string title = activations.size() == 1 ? activations.front().text() + " and its derivative"
                                                    : "Activation functions and their derivatives";
  std::string svg = svg_head(width, height, left, title);
  Frame{panels.function, left}.draw(svg, "function", "f(x)");
  Frame{panels.derivative, left + panel_distance}.draw(svg, "derivative", "f\u2032(x)");
  legend.draw(svg);
  return svg + "</svg>\n";
}

}  // namespace halfwave
