#include "halfwave/report/line_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>

#include "halfwave/report/axis.h"
#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

constexpr double panel_height = 230;
constexpr double left = 70;
constexpr double right = 24;
constexpr double legend_top = 46;
constexpr double legend_line = 18;
constexpr double gap = 46;
constexpr std::size_t most_marks = 60;  // of a line: with more points it has none
constexpr std::size_t most_tips = 1000;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

class Drawing {
 public:
  Drawing(const LineChart& chart, double width) : chart_(chart), width_(width) {
    for (const LinePanel& panel : chart.panels) {
      for (const auto& line : panel.lines) {
        for (const LinePoint& point : line) x_.take(point.x);
      }
    }
  }

  std::string draw() {
    std::string body;
    double y0 = legend(body) + gap - 18;
    for (const LinePanel& panel : chart_.panels) {
      draw(body, panel, y0);
      y0 += panel_height + gap;
    }
    const double height = y0 - gap + 50;
    return (chart_.title.empty() ? svg_frame(width_, height, chart_.panels.front().label)
                                 : svg_head(width_, height, left, chart_.title)) +
           body +
           fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n</svg>\n",
                       (left + width_ - right) / 2, height - 10, escaped(chart_.x_label));
  }

 private:
  static std::string stroke(std::size_t series) {
    return fmt::format("stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\"", series_colour(series),
                       series_dash(series));
  }

  double top() const { return chart_.title.empty() ? legend_top - 26 : legend_top; }

  // Returns the y of its last line.
  double legend(std::string& svg) const {
    double x = left;
    double y = top();
    for (std::size_t i = 0; i < chart_.series.size(); ++i) {
      // About the width of the text.
      const double wide = 60 + 6.5 * static_cast<double>(chart_.series[i].size());
      if (i > 0 && x + wide > width_ - right) {
        x = left;
        y += legend_line;
      }
      svg +=
          fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" {}/><text x=\"{}\" y=\"{}\">{}</text>\n",
                      x, x + 26, y - 4, y - 4, stroke(i), x + 32, y, escaped(chart_.series[i]));
      x += wide;
    }
    return y;
  }

  double x(double value) const {
    const double share = x_.high > x_.low ? (value - x_.low) / (x_.high - x_.low) : 0.5;
    return left + share * (width_ - left - right);
  }

  void draw(std::string& svg, const LinePanel& panel, double y0) const {
    Range y;
    for (const auto& line : panel.lines) {
      for (const LinePoint& point : line) {
        for (const double value : {point.y, point.low, point.high}) y.take(value);
      }
    }
    const auto out = std::back_inserter(svg);
    fmt::format_to(out, "<text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>\n", left, y0 - 10,
                   escaped(panel.label));
    if (y.empty()) return;
    const double step = nice_step(std::max(y.high - y.low, std::abs(y.high) * 1e-3), 4);
    const double low = std::floor(y.low / step) * step;
    const double high = std::max(std::ceil(y.high / step) * step, low + step);
    const auto at = [&](double value) { return y0 + (high - value) / (high - low) * panel_height; };
    const double unit = panel.percent ? 100 : 1;
    for (int tick = 0; low + tick * step <= high + step / 2; ++tick) {
      const double value = low + tick * step;
      fmt::format_to(out, "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>\n", left,
                     width_ - right, at(value), at(value));
      fmt::format_to(out, "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{:.{}f}{}</text>\n", left - 8,
                     at(value) + 4, value * unit, decimals(step * unit), panel.percent ? " %" : "");
    }
    const double every = std::max(1.0, nice_step(x_.high - x_.low + 1, 12));
    for (int i = static_cast<int>(std::ceil(x_.low / every)); i * every <= x_.high; ++i) {
      fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g}</text>\n", x(i * every),
                     y0 + panel_height + 18, i * every);
    }
    for (std::size_t i = 0; i < panel.lines.size(); ++i) band(svg, panel.lines[i], i, at);
    for (std::size_t i = 0; i < panel.lines.size(); ++i) line(svg, panel.lines[i], i, at);
    tips(svg, panel, y0);
  }

  // Over each x, as wide as it is to the middle of its neighbours.
  void tips(std::string& svg, const LinePanel& panel, double y0) const {
    std::map<double, std::string> texts;
    for (std::size_t i = 0; i < panel.lines.size(); ++i) {
      for (const LinePoint& point : panel.lines[i]) {
        if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
        std::string& text = texts[point.x];
        if (text.empty()) text = fmt::format("{} {:.4g}", chart_.x_label, point.x);
        text += fmt::format(
            "\n{}: {}", i < chart_.series.size() ? chart_.series[i] : panel.label,
            panel.percent ? fmt::format("{:.2f} %", point.y * 100) : fmt::format("{:.4g}", point.y));
        if (point.low != point.high)
          text += panel.percent ? fmt::format(" ({:.2f} to {:.2f})", point.low * 100, point.high * 100)
                                : fmt::format(" ({:.4g} to {:.4g})", point.low, point.high);
      }
    }
    if (texts.size() > most_tips) return;
    for (auto it = texts.begin(); it != texts.end(); ++it) {
      const double here = x(it->first);
      const double begin = it == texts.begin() ? left : (x(std::prev(it)->first) + here) / 2;
      const double end = std::next(it) == texts.end() ? width_ - right : (here + x(std::next(it)->first)) / 2;
      svg += fmt::format(
          "<g class=\"hit\"><title>{}</title><rect class=\"over\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" "
          "height=\"{}\" fill=\"white\" fill-opacity=\"0\"/></g>\n",
          escaped(it->second), begin, y0, end - begin, panel_height);
    }
  }

  template <class At>
  void band(std::string& svg, const std::vector<LinePoint>& points, std::size_t series, At&& at) const {
    const bool flat =
        std::all_of(points.begin(), points.end(), [](const LinePoint& p) { return p.low == p.high; });
    if (flat) return;
    const auto out = std::back_inserter(svg);
    fmt::format_to(out, "<polygon fill=\"{}\" fill-opacity=\"0.15\" points=\"", series_colour(series));
    const auto corner = [&](const LinePoint& point, double y) {
      if (std::isfinite(point.low) && std::isfinite(point.high))
        fmt::format_to(out, "{:.1f},{:.1f} ", x(point.x), at(y));
    };
    for (const LinePoint& point : points) corner(point, point.high);
    for (auto point = points.rbegin(); point != points.rend(); ++point) corner(*point, point->low);
    svg += "\"/>\n";
  }

  template <class At>
  void line(std::string& svg, const std::vector<LinePoint>& points, std::size_t series, At&& at) const {
    const auto out = std::back_inserter(svg);
    std::string marks;
    fmt::format_to(out, "<polyline fill=\"none\" {} points=\"", stroke(series));
    for (const LinePoint& point : points) {
      if (!std::isfinite(point.y)) continue;
      fmt::format_to(out, "{:.1f},{:.1f} ", x(point.x), at(point.y));
      marks += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", x(point.x),
                           at(point.y), series_colour(series));
    }
    svg += "\"/>\n";
    if (points.size() <= most_marks) svg += marks;
  }

  const LineChart& chart_;
  double width_;
  Range x_;
};

}  // namespace

std::vector<LinePoint> mean_line(std::span<const std::vector<double>> runs) {
  std::vector<LinePoint> line;
  std::vector<double> counts;
  for (const std::vector<double>& run : runs) {
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (i == line.size()) {
        line.push_back({static_cast<double>(i + 1), 0, run[i], run[i]});
        counts.push_back(0);
      }
      line[i].y += run[i];
      line[i].low = std::min(line[i].low, run[i]);
      line[i].high = std::max(line[i].high, run[i]);
      ++counts[i];
    }
  }
  for (std::size_t i = 0; i < line.size(); ++i) line[i].y /= counts[i];
  return line;
}

std::string line_chart_svg(const LineChart& chart, double width) { return Drawing(chart, width).draw(); }

}  // namespace halfwave
