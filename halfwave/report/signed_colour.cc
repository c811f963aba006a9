#include "halfwave/report/signed_colour.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace halfwave {

std::array<std::uint8_t, 3> signed_colour(double value) {
  if (std::isnan(value)) return {0, 0, 0};
  const ColourStops& side = value < 0 ? colours_below : colours_above;
  const double place = std::min(std::abs(value), 1.0) * static_cast<double>(side.size() - 1);
  const auto first = std::min(static_cast<std::size_t>(place), side.size() - 2);
  std::array<std::uint8_t, 3> colour{};
  for (std::size_t c = 0; c < 3; ++c) {
    const double from = side[first][c];
    const double to = side[first + 1][c];
    colour[c] =
        static_cast<std::uint8_t>(std::lround(from + (to - from) * (place - static_cast<double>(first))));
  }
  return colour;
}

const char* text_colour_on(const std::array<std::uint8_t, 3>& ground) {
  // Relative luminance, as WCAG 2.1 defines it.
  constexpr double weights[] = {0.2126, 0.7152, 0.0722};
  double luminance = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    const double share = ground[c] / 255.0;
    luminance += weights[c] * (share <= 0.03928 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4));
  }
  // Where both stand out alike: (1 + 0.05) / (l + 0.05) = (l + 0.05) / 0.05.
  return luminance > 0.179 ? "#000000" : "#ffffff";
}

std::string colour_text(const std::array<std::uint8_t, 3>& colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour[0], colour[1], colour[2]);
}

double largest_magnitude(std::span<const float> values) {
  double largest = 0;
  for (const float value : values) {
    if (std::isfinite(value)) largest = std::max(largest, std::abs(static_cast<double>(value)));
  }
  return largest;
}

std::string signed_scale_svg(double x, double y, double largest) {
  constexpr double width = 150;
  constexpr int steps = 30;
  std::string svg = "<g font-size=\"10\">";
  for (int i = 0; i < steps; ++i) {
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"10\" fill=\"{}\"/>",
                       x + i * width / steps, y, width / steps + 0.3,
                       colour_text(signed_colour((i + 0.5) / steps * 2 - 1)));
  }
  svg += fmt::format("<text x=\"{}\" y=\"{}\">{:.2g}</text>", x, y + 22, -largest);
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">0</text>", x + width / 2, y + 22);
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{:.2g}</text></g>\n", x + width, y + 22,
                     largest);
  return svg;
}

}  // namespace halfwave
