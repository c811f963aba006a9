// Values around zero as colours: white is 0, red above, blue below.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace halfwave {

// Red, green, blue of 0, 1/4, ... 1, and of 0, -1/4, ... -1. After RdBu of Brewer 2002 (ColorBrewer), which
// people who are blind to red or green can tell apart.
using ColourStops = std::array<std::array<std::uint8_t, 3>, 5>;
inline constexpr ColourStops colours_above{
    {{255, 255, 255}, {253, 219, 199}, {239, 138, 98}, {178, 24, 43}, {103, 0, 31}}};
inline constexpr ColourStops colours_below{
    {{255, 255, 255}, {209, 229, 240}, {103, 169, 207}, {33, 102, 172}, {5, 48, 97}}};

// That of a value from -1 to 1, between two of them by a straight line; beyond them that of the end. Black
// where it is not a number.
std::array<std::uint8_t, 3> signed_colour(double value);

// Black or white: that which stands out from a ground of this colour, at least 4.5 to 1 (WCAG 2.1, 1.4.3).
const char* text_colour_on(const std::array<std::uint8_t, 3>& ground);

// "#1a2b3c".
std::string colour_text(const std::array<std::uint8_t, 3>& colour);

// The largest magnitude, of finite values; 0 where there are none.
double largest_magnitude(std::span<const float> values);

// An SVG group: a bar of these colours at x, y, with -largest, 0 and largest below it. 150 x 26.
std::string signed_scale_svg(double x, double y, double largest);

}  // namespace halfwave
