#include "halfwave/report/rate_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "halfwave/report/axis.h"
#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

constexpr double width = 720;
constexpr double height = 400;
constexpr double left = 70;
constexpr double right = 24;
constexpr double top = 56;
constexpr double bottom = 60;

}  // namespace

std::string rate_curve_svg(const RateTest& test, const std::string& title) {
  const double first = std::floor(std::log10(test.points.front().rate));
  const double last = std::ceil(std::log10(test.points.back().rate));
  double low = test.points.front().loss;
  double high = low;
  for (const RatePoint& point : test.points) low = std::min(low, point.loss);
  // What lies far above the beginning only says that it is too much.
  const double most = high + 0.1 * (high - low);
  for (const RatePoint& point : test.points) high = std::max(high, std::min(point.loss, most));
  const auto x = [&](double rate) {
    return left + (std::log10(rate) - first) / (last - first) * (width - left - right);
  };
  const auto y = [&](double loss) {
    return top + (high - std::min(loss, high)) / std::max(high - low, 1e-12) * (height - top - bottom);
  };
  std::string svg = svg_head(width, height, left, title);
  const auto out = std::back_inserter(svg);
  for (const Tick& tick : ticks(low, high, 5)) {
    fmt::format_to(out, "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>\n", left,
                   width - right, y(tick.value), y(tick.value));
    fmt::format_to(out, "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", left - 8,
                   y(tick.value) + 4, tick.label);
  }
  for (int power = static_cast<int>(first); power <= static_cast<int>(last); ++power) {
    const double rate = std::pow(10, power);
    const double at = x(rate);
    fmt::format_to(out, "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#ddd\"/>\n", at,
                   top, height - bottom);
    fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{:g}</text>\n", at,
                   height - bottom + 18, rate);
  }
  fmt::format_to(out, "<polyline fill=\"none\" stroke=\"#1f6fb4\" stroke-width=\"2\" points=\"");
  for (const RatePoint& point : test.points)
    fmt::format_to(out, "{:.1f},{:.1f} ", x(point.rate), y(point.loss));
  svg += "\"/>\n";
  const auto mark = [&](double rate, double line, const char* what, const char* colour) {
    fmt::format_to(out,
                   "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"{3}\" "
                   "stroke-dasharray=\"6 3\"/>\n",
                   x(rate), top, height - bottom, colour);
    fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"end\" fill=\"{}\">{}: {:.2g}</text>\n",
                   x(rate) - 6, top + line, colour, what, rate);
  };
  mark(test.good, 14, "good", "#2a8a3e");
  mark(test.highest, 32, "least loss", "#d1661b");
  fmt::format_to(out, "<text x=\"{}\" y=\"{}\" font-weight=\"bold\">loss</text>\n", left, top - 10);
  fmt::format_to(out, "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">learning rate</text>\n</svg>\n",
                 (left + width - right) / 2, height - 14);
  return svg;
}

}  // namespace halfwave
