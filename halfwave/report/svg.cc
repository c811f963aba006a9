#include "halfwave/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "halfwave/base/text.h"

namespace halfwave {

namespace {

void add_escaped(std::string& result, std::string_view line) {
  // What is not UTF-8, and control characters, no browser reads in an SVG file.
  for (const char c : printable(line)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (begin > 0) result += '\n';
    add_escaped(result, text.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

const char* series_colour(std::size_t series) {
  static constexpr std::array colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#000000", "#e69f00", "#56b4e9", "#7f7f7f"};
  return colours.at(series % colours.size());
}

const char* series_dash(std::size_t series) {
  static constexpr std::array dashes{"none", "10 5", "3 4", "12 4 2 4", "18 8", "6 6", "12 3 2 3 2 3", "8 3"};
  return dashes.at(series % dashes.size());
}

std::string svg_frame(double width, double height, std::string_view title) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"{2}\">\n"
      "<rect class=\"ground\" width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      width, height, escaped(title));
}

std::string svg_head(double width, double height, double left, std::string_view title) {
  return svg_frame(width, height, title) +
         fmt::format("<text x=\"{}\" y=\"26\" font-size=\"17\">{}</text>\n", left, escaped(title));
}

}  // namespace halfwave
