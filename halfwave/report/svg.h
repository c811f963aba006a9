// What the SVG pictures share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace halfwave {

// Text fit to stand between tags, and between the double quotes of an attribute: each line
// printable().
std::string escaped(std::string_view text);

// How lines or bars of this number, from 0, are drawn, eight in turn. Colours of Okabe and Ito 2008, "Color
// Universal Design", in an order that sets neighbours apart; grey for their yellow, which is too light for a
// line on white. One line is unbroken (stroke-dasharray), and to be drawn first: where lines run together it
// is seen through the gaps of the others.
const char* series_colour(std::size_t series);
const char* series_dash(std::size_t series);

// The opening of a picture: its size and a white ground; the title is for those who cannot see it.
std::string svg_frame(double width, double height, std::string_view title);
// The same with the title written above, from `left` on.
std::string svg_head(double width, double height, double left, std::string_view title);

}  // namespace halfwave
