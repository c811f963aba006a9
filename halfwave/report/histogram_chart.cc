#include "halfwave/report/histogram_chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <vector>

#include "halfwave/report/svg.h"

namespace halfwave {
namespace {

struct Bin {
  double share = 0;
  std::string range;
  int octave = 0;  // of either sign, from 1; 0 is what is near 0
};

std::string octave_text(int octave) {
  const double low = std::ldexp(Histogram::least, octave - 1);
  return octave == Histogram::octaves ? fmt::format("{:.4g} and more", low)
                                      : fmt::format("{:.4g} to {:.4g}", low, 2 * low);
}

// From the lowest to the highest, as far as there are values on either side.
std::vector<Bin> bins_of(const Histogram& histogram) {
  const double all = static_cast<double>(
      std::accumulate(histogram.negative.begin(), histogram.negative.end(), histogram.small) +
      std::accumulate(histogram.positive.begin(), histogram.positive.end(), std::int64_t{0}));
  int furthest = 1;
  for (int i = 0; i < Histogram::octaves; ++i) {
    if (histogram.negative[static_cast<std::size_t>(i)] + histogram.positive[static_cast<std::size_t>(i)] > 0)
      furthest = i + 1;
  }
  std::vector<Bin> bins;
  for (int octave = -furthest; octave <= furthest; ++octave) {
    const int size = std::abs(octave);
    const auto place = static_cast<std::size_t>(std::max(size - 1, 0));
    const std::int64_t count = octave == 0  ? histogram.small
                               : octave < 0 ? histogram.negative[place]
                                            : histogram.positive[place];
    bins.push_back({all > 0 ? static_cast<double>(count) / all : 0,
                    octave == 0 ? fmt::format("nearer to 0 than {:.4g}", Histogram::least)
                                : (octave < 0 ? "minus " : "") + octave_text(size),
                    octave});
  }
  return bins;
}

}  // namespace

std::string histogram_svg(const Histogram& histogram, std::string_view title) {
  constexpr double width = 320;
  constexpr double height = 170;
  constexpr double left = 12;
  constexpr double top = 34;
  constexpr double bottom = 138;
  const std::vector<Bin> bins = bins_of(histogram);
  const double each = (width - 2 * left) / static_cast<double>(bins.size());
  double most = 0;
  for (const Bin& bin : bins) most = std::max(most, bin.share);
  std::string svg = svg_frame(width, height, title);
  const auto out = std::back_inserter(svg);
  fmt::format_to(out, "<text x=\"{}\" y=\"20\" font-weight=\"bold\">{}</text>\n", left, escaped(title));
  fmt::format_to(out, "<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"#ddd\"/>\n", left, width - left,
                 bottom, bottom);
  double x = left;
  for (const Bin& bin : bins) {
    const double tall = most > 0 ? bin.share / most * (bottom - top) : 0;
    const char* colour = bin.octave == 0 ? series_colour(7) : series_colour(bin.octave < 0 ? 0 : 1);
    fmt::format_to(
        out,
        "<g class=\"hit\"><title>{}: {:.2f} %</title><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
        "height=\"{:.1f}\" fill=\"{}\"/><rect class=\"over\" x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" "
        "height=\"{}\" fill=\"white\" fill-opacity=\"0\"/></g>\n",
        bin.range, bin.share * 100, x, bottom - tall, each * 0.86, tall, colour, x, top, each, bottom - top);
    // Below 1/32, 1, 32, ... of either sign, and 0.
    if (bin.octave == 0) {
      fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{}\" font-size=\"11\" text-anchor=\"middle\">0</text>\n",
                     x + each / 2, bottom + 15);
    } else if (std::abs(bin.octave) % 5 == 1 && std::abs(bin.octave) > 1) {
      fmt::format_to(out,
                     "<text x=\"{:.1f}\" y=\"{}\" font-size=\"11\" text-anchor=\"middle\">{}{:.2g}</text>\n",
                     bin.octave > 0 ? x : x + each, bottom + 15, bin.octave < 0 ? "-" : "",
                     std::ldexp(Histogram::least, std::abs(bin.octave) - 1));
    }
    x += each;
  }
  fmt::format_to(out, "<text x=\"{}\" y=\"{}\" font-size=\"11\">highest bar: {:.1f} %</text>\n</svg>\n", left,
                 height - 4, most * 100);
  return svg;
}

std::string gradient_flow_svg(const std::vector<LayerGradient>& gradients) {
  constexpr double width = 400;
  constexpr double left = 110;
  constexpr double right = 70;
  constexpr double top = 16;
  constexpr double row = 22;
  double low = std::numeric_limits<double>::infinity();
  double high = 0;
  for (const LayerGradient& layer : gradients) {
    if (!(layer.norm > 0) || !std::isfinite(layer.norm)) continue;
    low = std::min(low, layer.norm);
    high = std::max(high, layer.norm);
  }
  if (high == 0) return {};
  const double first = std::floor(std::log10(low)) - (std::floor(std::log10(low)) == std::log10(low) ? 1 : 0);
  const double last = std::max(std::ceil(std::log10(high)), first + 1);
  const auto x = [&](double norm) {
    return left + (std::log10(norm) - first) / (last - first) * (width - left - right);
  };
  const double bottom = top + row * static_cast<double>(gradients.size());
  std::string svg = svg_frame(width, bottom + 26, "norm of the gradient by layer");
  const auto out = std::back_inserter(svg);
  const int every = static_cast<int>(std::ceil((last - first) / 6));
  for (int power = static_cast<int>(first); power <= static_cast<int>(last); power += every) {
    const double at = x(std::pow(10.0, power));
    fmt::format_to(out,
                   "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" stroke=\"#ddd\"/>"
                   "<text x=\"{0:.1f}\" y=\"{3}\" text-anchor=\"middle\">1e{4}</text>\n",
                   at, top, bottom, bottom + 17, power);
  }
  double y = top;
  for (const LayerGradient& layer : gradients) {
    const bool drawn = layer.norm > 0 && std::isfinite(layer.norm);
    fmt::format_to(out, "<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", left - 8, y + 15,
                   escaped(layer.name));
    const double end = drawn ? x(layer.norm) : left;
    fmt::format_to(
        out,
        "<g class=\"hit\"><title>{}: norm {:.3g}, {:.1f} % of its weights have none</title><rect "
        "x=\"{}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"12\" fill=\"{}\"/><rect class=\"over\" x=\"{}\" "
        "y=\"{:.1f}\" width=\"{}\" height=\"{}\" fill=\"white\" fill-opacity=\"0\"/></g>\n",
        escaped(layer.name), layer.norm, layer.zero_share * 100, left, y + 5, end - left, series_colour(0),
        left, y, width - left - right, row);
    fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"11\">{:.2g}</text>\n", end + 5, y + 15,
                   layer.norm);
    y += row;
  }
  return svg + "</svg>\n";
}

}  // namespace halfwave
