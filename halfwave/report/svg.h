// What the SVG pictures share.
#pragma once

#include <string>
#include <string_view>

namespace halfwave {

// Text fit to stand between tags.
std::string escaped(std::string_view text);

// The opening of a picture: its size, a white ground, and the title that begins at `left`.
std::string svg_head(double width, double height, double left, std::string_view title);

}  // namespace halfwave
